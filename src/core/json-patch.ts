import { isRecord } from './json.ts';

/** One operation of a JSON Patch (RFC 6902) as it is given, not yet checked. */
export type PatchOperation = Readonly<Record<string, unknown>>;

/** Why a patch cannot be applied: what to say after the name of its operation. */
export class PatchFault extends Error {}

/** `value` with a merge patch (RFC 7396) applied: maps are merged, `null` removes, everything else replaces. */
export function mergePatch(value: unknown, patch: unknown): unknown {
  if (!isPlain(patch)) return patch;
  const merged = new Map(isPlain(value) ? Object.entries(value) : []);
  for (const [key, part] of Object.entries(patch)) {
    if (part === null) merged.delete(key);
    else merged.set(key, mergePatch(merged.get(key), part));
  }
  return Object.fromEntries(merged);
}

/** `value` with all operations of a JSON Patch (RFC 6902) applied in order; throws PatchFault at the first that does not fit. */
export function jsonPatch(value: unknown, operations: readonly PatchOperation[]): unknown {
  return operations.reduce<unknown>((result, operation) => applyOne(result, operation), value);
}

type Apply = (value: unknown, path: readonly string[], operation: PatchOperation) => unknown;

const operationsByName: ReadonlyMap<unknown, Apply> = new Map<unknown, Apply>([
  ['add', (value, path, operation) => put(value, path, () => givenValue(operation), 'add')],
  ['remove', (value, path) => removed(value, path)],
  ['replace', (value, path, operation) => put(value, path, () => givenValue(operation), 'replace')],
  ['move', (value, path, operation) => moved(value, path, pointerOf(operation, 'from'))],
  ['copy', (value, path, operation) => put(value, path, () => at(value, pointerOf(operation, 'from')), 'add')],
  ['test', (value, path, operation) => tested(value, path, operation)],
]);

function applyOne(value: unknown, operation: PatchOperation): unknown {
  const apply = operationsByName.get(operation.op);
  if (!apply)
    throw new PatchFault(
      `has the operation ${JSON.stringify(operation.op)}. Use add, remove, replace, move, copy or test`,
    );
  return apply(value, pointerOf(operation, 'path'), operation);
}

function givenValue(operation: PatchOperation): unknown {
  if (!Object.hasOwn(operation, 'value'))
    throw new PatchFault(`has no "value". Add it beside "op: ${String(operation.op)}"`);
  return operation.value;
}

/** Parts of a JSON Pointer (RFC 6901). */
function pointerOf(operation: PatchOperation, key: 'path' | 'from'): readonly string[] {
  const text = operation[key];
  if (typeof text !== 'string' || !/^(\/([^~]|~[01])*)?$/.test(text))
    throw new PatchFault(`needs "${key}" as a JSON pointer such as "/spec/replicas"`);
  return text
    .split('/')
    .slice(1)
    .map(part => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function at(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((inner, part, depth) => child(inner, part, path.slice(0, depth + 1)), value);
}

function child(value: unknown, part: string, path: readonly string[]): unknown {
  if (Array.isArray(value)) return value[indexIn(value, part, value.length - 1, path)];
  if (isPlain(value) && Object.hasOwn(value, part)) return value[part];
  throw missing(path);
}

/** The value with another at `path`; only `add` may make something that was not there. */
function put(value: unknown, path: readonly string[], made: () => unknown, mode: 'add' | 'replace'): unknown {
  if (path.length === 0) return made();
  return within(value, path, (parent, part) => {
    if (Array.isArray(parent)) {
      if (mode === 'replace') return parent.with(indexIn(parent, part, parent.length - 1, path), made());
      return parent.toSpliced(part === '-' ? parent.length : indexIn(parent, part, parent.length, path), 0, made());
    }
    if (!isPlain(parent) || (mode === 'replace' && !Object.hasOwn(parent, part))) throw missing(path);
    return Object.fromEntries([...new Map(Object.entries(parent)).set(part, made())]);
  });
}

function removed(value: unknown, path: readonly string[]): unknown {
  if (path.length === 0) throw new PatchFault('removes the whole object. Name a part of it');
  return within(value, path, (parent, part) => {
    if (Array.isArray(parent)) return parent.toSpliced(indexIn(parent, part, parent.length - 1, path), 1);
    if (!isPlain(parent) || !Object.hasOwn(parent, part)) throw missing(path);
    return Object.fromEntries(Object.entries(parent).filter(([key]) => key !== part));
  });
}

function moved(value: unknown, path: readonly string[], from: readonly string[]): unknown {
  const same = from.every((part, depth) => path[depth] === part);
  const part = at(value, from);
  if (same && path.length > from.length) throw new PatchFault('moves a part into itself. Choose another "path"');
  return same ? value : put(removed(value, from), path, () => part, 'add');
}

function tested(value: unknown, path: readonly string[], operation: PatchOperation): unknown {
  if (isEqual(at(value, path), givenValue(operation))) return value;
  throw new PatchFault(`finds another value at "/${path.join('/')}" than it tests for. Correct "value"`);
}

/** Rebuilds the containers from the root down to the last but one part, and the last by `change`. */
function within(
  value: unknown,
  path: readonly string[],
  change: (parent: unknown, part: string) => unknown,
  depth = 0,
): unknown {
  const part = path[depth] ?? '';
  if (depth === path.length - 1) return change(value, part);
  const inner = within(child(value, part, path.slice(0, depth + 1)), path, change, depth + 1);
  if (Array.isArray(value)) return value.with(Number(part), inner);
  return Object.fromEntries([...new Map(Object.entries(isPlain(value) ? value : {})).set(part, inner)]);
}

function indexIn(list: readonly unknown[], part: string, greatest: number, path: readonly string[]): number {
  const index = /^(0|[1-9]\d{0,6})$/.test(part) ? Number(part) : -1;
  if (index < 0 || index > greatest)
    throw new PatchFault(`names "/${path.join('/')}", but the list there has ${list.length} items. Correct the index`);
  return index;
}

function missing(path: readonly string[]): PatchFault {
  return new PatchFault(`names "/${path.join('/')}", which the object does not have. Correct the path`);
}

function isEqual(one: unknown, other: unknown): boolean {
  if (Array.isArray(one))
    return (
      Array.isArray(other) && one.length === other.length && one.every((item, index) => isEqual(item, other[index]))
    );
  if (!isPlain(one) || !isPlain(other)) return one === other;
  const keys = Object.keys(one);
  return (
    keys.length === Object.keys(other).length &&
    keys.every(key => Object.hasOwn(other, key) && isEqual(one[key], other[key]))
  );
}

/** Whether a value is a map of data, and no instance such as a `Secret`. */
function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  return isRecord(value) && Object.getPrototypeOf(value) === Object.prototype;
}
