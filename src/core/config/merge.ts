/** Whether a parsed value is a map. */
export function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `overlay` merged over `base`: maps deep, everything else replaced. */
export function mergeOver(base: unknown, overlay: unknown): unknown {
  if (!isMap(base) || !isMap(overlay)) return overlay;
  const merged = new Map(Object.entries(base));
  for (const [key, value] of Object.entries(overlay))
    merged.set(key, merged.has(key) ? mergeOver(merged.get(key), value) : value);
  return Object.fromEntries(merged);
}
