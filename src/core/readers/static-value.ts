import { type Place, UserError } from '../../errors.ts';
import type { Unresolved } from '../project.ts';

/** What the source alone tells about a value. */
export type StaticValue =
  | { readonly kind: 'known'; readonly value: string | number | boolean | null }
  | { readonly kind: 'absent' }
  /** An environment variable, else the text `otherwise` where the code has one. */
  | { readonly kind: 'setting'; readonly name: string; readonly otherwise?: string; readonly place: Place }
  | { readonly kind: 'list'; readonly items: readonly StaticValue[] }
  /** `open` has the places of spreads that may add or replace entries. */
  | { readonly kind: 'record'; readonly entries: ReadonlyMap<string, StaticValue>; readonly open: readonly Place[] }
  /** A member of an enum of a library, which a binding has by its name. */
  | { readonly kind: 'enum'; readonly name: string }
  /** A member of a library or of the language's own environment: `['@azure/functions', 'app']`. */
  | { readonly kind: 'reference'; readonly path: readonly string[] }
  | { readonly kind: 'function' }
  | { readonly kind: 'unknown'; readonly place: Place };

/** A record without entries. */
export const emptyRecord: Extract<StaticValue, { kind: 'record' }> = { kind: 'record', entries: new Map(), open: [] };

/** The known value. */
export function known(value: string | number | boolean | null): StaticValue {
  return { kind: 'known', value };
}

/** The text of a value as a binding has it, an environment variable as `%NAME%`; undefined when it is not known. */
export function textOf(value: StaticValue): string | undefined {
  if (value.kind === 'known') return value.value === null ? undefined : String(value.value);
  return value.kind === 'setting' && value.otherwise === undefined ? `%${value.name}%` : undefined;
}

/** Whether the value is certainly nothing. */
export function isNullish(value: StaticValue): boolean {
  return value.kind === 'absent' || (value.kind === 'known' && value.value === null);
}

/** Whether the value is certainly taken for false. */
export function isFalsy(value: StaticValue): boolean {
  return value.kind === 'absent' || (value.kind === 'known' && !value.value);
}

/** Longest text that joining may make: a few lines of constants can double each other without end. */
const textLimit = 100_000;

/** The parts joined to one text, or unknown at `place`. */
export function joined(parts: readonly StaticValue[], place: Place): StaticValue {
  const texts = parts.map(textOf).filter(text => text !== undefined);
  const length = texts.reduce((sum, text) => sum + text.length, 0);
  return texts.length < parts.length || length > textLimit ? { kind: 'unknown', place } : known(texts.join(''));
}

/** `value`, or `fallback` when it is nothing; for a setting the fallback is kept beside it. */
export function orElse(
  value: StaticValue,
  fallback: StaticValue,
  place: Place,
  isNothing: (value: StaticValue) => boolean,
): StaticValue {
  if (isNothing(value)) return fallback;
  if (value.kind !== 'setting') return value.kind === 'unknown' ? { kind: 'unknown', place } : value;
  if (isNullish(fallback)) return value;
  const otherwise = textOf(fallback);
  return otherwise === undefined || value.otherwise !== undefined
    ? { kind: 'unknown', place }
    : { ...value, otherwise, place };
}

/** Most values of one function: lists may hold each other without end. */
const valueLimit = 10_000;

/** Converts static values to the JSON of bindings and notes what stays unknown. */
export class BindingWriter {
  readonly #functionName: string;
  readonly #place: Place;
  readonly #unresolved: Unresolved[] = [];
  #values = 0;

  /** `place` is that of the function, for what has none of its own. */
  constructor(functionName: string, place: Place) {
    this.#functionName = functionName;
    this.#place = place;
  }

  get unresolved(): readonly Unresolved[] {
    return this.#unresolved;
  }

  /** The record as JSON; unknown entries are left out and noted under `what`. */
  record(record: Extract<StaticValue, { kind: 'record' }>, what: string): Readonly<Record<string, unknown>> {
    for (const place of record.open) this.note(what, place);
    const entries = [...record.entries].map(([key, value]) => [key, this.#json(value, `${what}.${key}`)] as const);
    return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
  }

  /** Notes a value that only running the code could tell. */
  note(what: string, place: Place, settingOr?: Unresolved['settingOr']): void {
    const advice = settingOr
      ? `It is the setting "${settingOr.setting}", else "${settingOr.otherwise}".`
      : `Write it as a constant, or set "functions.${this.#functionName}.trigger" in aks-functions.yml.`;
    this.#unresolved.push({ what, place, advice, ...(settingOr ? { settingOr } : {}) });
  }

  #json(value: StaticValue, what: string): unknown {
    this.#values++;
    if (this.#values > valueLimit)
      throw new UserError(
        `The bindings of function "${this.#functionName}" have more than ${valueLimit} values. Shorten their lists.`,
      );
    if (value.kind === 'known') return value.value ?? undefined;
    if (value.kind === 'list')
      return value.items.map((item, index) => this.#json(item, `${what}[${index}]`)).filter(item => item !== undefined);
    if (value.kind === 'record') return this.record(value, what);
    if (value.kind === 'enum') return value.name;
    // What a package holds stands in none of the files.
    if (value.kind === 'reference') this.note(what, this.#place);
    if (value.kind === 'setting') return this.#setting(value, what);
    if (value.kind === 'unknown') this.note(what, value.place);
    return undefined;
  }

  #setting(value: Extract<StaticValue, { kind: 'setting' }>, what: string): string | undefined {
    if (value.otherwise === undefined) return `%${value.name}%`;
    this.note(what, value.place, { setting: value.name, otherwise: value.otherwise });
    return undefined;
  }
}

/** A registration that only running the code could tell. */
export function unknownFunctions(place: Place, reason: string): Unresolved {
  return {
    what: 'functions',
    place,
    advice: `${reason} Register each function by a statement of its own at the top level of a file, so that it can be found.`,
  };
}
