import { describePlace, type Fault, UsageError, UserError } from '../errors.ts';
import type { AppFunction, Binding, Project } from './project.ts';

/** Keys that say nothing of what a function listens to, or that builds and readers write in their own ways. */
const incidental: ReadonlySet<string> = new Set(['name', 'type', 'direction', 'datatype', 'properties', 'methods']);

/**
 * What the source of an app and its image tell differently about its functions, each as a fault with what to do; what
 * one of them leaves open is no difference.
 */
export function imageDifferences(source: Project, given: Project, image: string): readonly Fault[] {
  const others = new Map(given.functions.map(fn => [keyOf(fn), fn]));
  const names = new Set(source.functions.map(keyOf));
  const onlySource = given.unresolved.length > 0 ? [] : source.functions.filter(fn => !others.has(keyOf(fn)));
  const onlyImage = source.unresolved.length > 0 ? [] : given.functions.filter(fn => !names.has(keyOf(fn)));
  const cure = `Deploy the image that was built from this source, or check out the source that image "${image}" was built from.`;
  return [
    ...onlySource.map(fn => ({
      message: `Function "${fn.name}" is in the source, but not in image "${image}". ${cure}`,
      place: fn.place,
    })),
    ...onlyImage.map(fn => ({
      message: `Function "${fn.name}" is in image "${image}" (${describePlace(fn.place)}), but not in the source. ${cure}`,
    })),
    ...source.functions.flatMap(fn => {
      const other = others.get(keyOf(fn));
      const difference = other && differenceOf(fn, other, source.model === given.model);
      if (difference === undefined) return [];
      return [{ message: `Function "${fn.name}" has ${difference} in image "${image}". ${cure}`, place: fn.place }];
    }),
  ];
}

/** The host takes names that differ in case alone for the same. */
function keyOf({ name }: AppFunction): string {
  return name.toLowerCase();
}

/** The first difference, as `queueName "orders" in the source, but "sales"`. */
function differenceOf(source: AppFunction, image: AppFunction, sameModel: boolean): string | undefined {
  const [trigger] = source.bindings;
  const [other] = image.bindings;
  if (!isSame(trigger.type, other.type)) return texts('the trigger', trigger.type, other.type);
  const open = [...source.unresolved, ...image.unresolved].map(({ what }) => what);
  const key = comparableKeys(trigger, other).find(
    name => !open.some(what => what.endsWith(name)) && !isSame(trigger[name], other[name]),
  );
  if (key !== undefined) return texts(key, String(trigger[key]), String(other[key]));
  // A build writes further bindings down in another way than the source does.
  const [own, others] = [typesOf(source), typesOf(image)];
  if (sameModel && open.length === 0 && !isSame(own, others)) return texts('the bindings', own, others);
  return undefined;
}

function comparableKeys(trigger: Binding, other: Binding): readonly string[] {
  return Object.keys(trigger).filter(
    key => !incidental.has(key.toLowerCase()) && isText(trigger[key]) && isText(other[key]),
  );
}

function isText(value: unknown): boolean {
  return ['string', 'number', 'boolean'].includes(typeof value);
}

function isSame(one: unknown, other: unknown): boolean {
  return String(one).toLowerCase() === String(other).toLowerCase();
}

function typesOf({ bindings }: AppFunction): string {
  return bindings
    .map(({ type }) => type)
    .toSorted()
    .join(', ');
}

function texts(what: string, source: string, image: string): string {
  return `${what} "${source}" in the source, but "${image}"`;
}

/** The same error with its places in the `files` of an image named as such, since this checkout does not have them. */
export function asImageError(error: unknown, image: string, files: ReadonlySet<string>): unknown {
  if (!(error instanceof UserError)) return error;
  const faults = error.faults.map(fault => {
    const { message, place } = fault;
    if (!place || !files.has(place.file)) return fault;
    return { message: `${describePlace(place)} in image "${image}": ${message}` };
  });
  const options = { cause: error };
  return error instanceof UsageError ? new UsageError(faults, options) : new UserError(faults, options);
}
