import { isRecord } from '../json.ts';

/** `overlay` merged over `base`: maps deep, everything else replaced. */
export function mergeOver(base: unknown, overlay: unknown): unknown {
  if (!isRecord(base) || !isRecord(overlay)) return overlay;
  const merged = new Map(Object.entries(base));
  for (const [key, value] of Object.entries(overlay))
    merged.set(key, merged.has(key) ? mergeOver(merged.get(key), value) : value);
  return Object.fromEntries(merged);
}
