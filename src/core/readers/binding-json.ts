import { type Place, UserError } from '../../errors.ts';
import type { Binding } from '../project.ts';
import type { JsonDocument } from './json.ts';

/** Own value of an object under a key; undefined for anything else. */
export function field(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    ? Object.entries(value).find(([name]) => name === key)?.[1]
    : undefined;
}

/** The bindings of a function under `keys` of a document; throws UserError with the place of the first that is none. */
export function bindingsAt(document: JsonDocument, given: unknown, ...keys: readonly (string | number)[]) {
  if (!Array.isArray(given)) {
    throw new UserError({
      message: 'Key "bindings" must be a list with a trigger. Add it.',
      place: document.placeOf(...keys.slice(0, -1)),
    });
  }
  return given.map((binding: unknown, index) => bindingFrom(binding, document.placeOf(...keys, index)));
}

/** A binding in the shape of `function.json`; throws UserError at `place` when it has no type or a wrong direction. */
export function bindingFrom(given: unknown, place: Place): Binding {
  const type = field(given, 'type');
  if (typeof given !== 'object' || given === null || typeof type !== 'string' || type === '') {
    throw new UserError({ message: 'The binding has no "type". Add one such as "httpTrigger".', place });
  }
  const direction = String(field(given, 'direction') ?? 'in').toLowerCase();
  if (direction !== 'in' && direction !== 'out' && direction !== 'inout') {
    throw new UserError({
      message: `Key "direction" of the binding must be "in", "out" or "inout", got "${direction}".`,
      place,
    });
  }
  const name = field(given, 'name');
  return { ...given, type, direction, name: typeof name === 'string' ? name : '' };
}

/** Place of the trigger among bindings under `keys`, else of what is around them. */
export function triggerPlace(
  document: JsonDocument,
  bindings: readonly Binding[],
  ...keys: readonly (string | number)[]
): Place {
  const index = bindings.findIndex(({ type }) => type.toLowerCase().endsWith('trigger'));
  return index === -1 ? document.placeOf(...keys.slice(0, -1)) : document.placeOf(...keys, index);
}
