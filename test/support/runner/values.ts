/** A value as expressions and YAML know it. */
export type Value = null | boolean | number | string | readonly Value[] | ValueMap;

/** A mapping of values by name. */
export interface ValueMap {
  readonly [name: string]: Value;
}

/** Whether a value is a mapping. */
export function isMap(value: Value | undefined): value is ValueMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The mapping, or an empty one for what is absent or something else. */
export function mapOf(value: Value | undefined): ValueMap {
  return isMap(value) ? value : {};
}

/** The list, or an empty one; a single value is a list of one, as in `needs: build`. */
export function listOf(value: Value | undefined): readonly Value[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value : [value];
}

/** Text as the runner makes it of a value in an environment, an input or an output. */
export function textOf(value: Value | undefined): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
