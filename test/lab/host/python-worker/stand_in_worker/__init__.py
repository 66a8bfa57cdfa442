"""Python side of the stand-in Functions host of the lab."""
