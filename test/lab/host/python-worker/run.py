"""Starts the worker; its folder leaves the search path, so that no name of ours hides a module of the app."""
import sys

from stand_in_worker import worker

sys.path.pop(0)
worker.main()
