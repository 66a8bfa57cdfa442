import { type Fault, type Place, UserError } from '../errors.ts';
import type { Config } from './config/config.ts';
import { placeInFile } from './config/places.ts';
import { bindingFrom } from './readers/binding-json.ts';
import type { FoundFunction, ModelReading } from './readers/reading.ts';

/** Bindings by function that `aks-functions.yml` declares, for code that nobody can read: Go and other native workers. */
export type DeclaredFunctions = ReadonlyMap<string, Declared>;

/** The bindings of a function as the file has them, and where. */
export interface Declared {
  readonly bindings: readonly unknown[];
  readonly place?: Place;
}

/** Every function with `bindings` of its own in the file. */
export function declaredFunctions(config: Config): DeclaredFunctions {
  return new Map(
    Object.entries(config.functions ?? {}).flatMap(([name, { bindings }]) =>
      bindings === undefined
        ? []
        : [[name, { bindings, ...placeInFile(config, 'functions', name, 'bindings') }] as const],
    ),
  );
}

/** What was read, with the declared functions in the place of those of their names; nothing read is no fault then. */
export function withDeclared(
  reading: ModelReading | undefined,
  declared: DeclaredFunctions,
  file: string,
): ModelReading {
  const faults: Fault[] = [];
  const functions = [...declared].flatMap(([name, one]) => functionOf(name, one, file, faults));
  const names = new Set([...declared.keys()].map(name => name.toLowerCase()));
  const others = (reading?.functions ?? []).filter(({ name }) => !names.has(name.toLowerCase()));
  return {
    runtime: reading?.runtime ?? 'custom',
    model: reading === undefined || others.length === 0 ? 'aks-functions.yml' : reading.model,
    functions: [...others, ...functions],
    unresolved: reading?.unresolved ?? [],
    faults: [...(reading?.faults ?? []), ...faults],
    lookedAt: file,
  };
}

function functionOf(name: string, given: Declared, file: string, faults: Fault[]): readonly FoundFunction[] {
  const place = given.place ?? { file };
  try {
    const bindings = given.bindings.map(binding => bindingFrom(binding, place));
    return [{ name, place, bindings, disabled: false, unresolved: [] }];
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const key = `Key "functions.${name}.bindings": `;
    faults.push(...error.faults.map(fault => ({ ...fault, message: key + fault.message })));
    return [];
  }
}
