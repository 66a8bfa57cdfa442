import type * as ast from '@babel/types';
import type { Place } from '../../../errors.ts';
import { joined, known, type StaticValue } from '../static-value.ts';
import type { Module } from './modules.ts';
import { placeOfNode } from './syntax.ts';

type RecordValue = Extract<StaticValue, { kind: 'record' }>;

const lists: Readonly<Record<string, (record: RecordValue) => readonly StaticValue[]>> = {
  keys: ({ entries }) => [...entries.keys()].map(known),
  values: ({ entries }) => [...entries.values()],
  entries: ({ entries }) => [...entries].map(([key, value]) => ({ kind: 'list', items: [known(key), value] })),
};

/** What `Object.freeze`, `keys`, `values` and `entries` give; undefined for other methods and what is not known. */
export function objectList(method: string | undefined, value: StaticValue): StaticValue | undefined {
  if (method === 'freeze') return value;
  const list = method === undefined || !Object.hasOwn(lists, method) ? undefined : lists[method];
  if (list === undefined || value.kind !== 'record' || value.open.length > 0) return undefined;
  return { kind: 'list', items: list(value) };
}

const textMethods: Readonly<Record<string, (text: string) => string>> = {
  toLowerCase: text => text.toLowerCase(),
  toUpperCase: text => text.toUpperCase(),
  trim: text => text.trim(),
  toString: (text: string) => text,
};

/** What a method of a text or list gives; undefined for other methods and what is not known. */
export function methodResult(
  object: StaticValue,
  method: string,
  given: readonly StaticValue[],
  place: Place,
): StaticValue | undefined {
  const [first] = given;
  if (object.kind === 'list' && method === 'join') {
    const separator = first ?? known(',');
    return joined(
      object.items.flatMap((item, index) => (index === 0 ? [item] : [separator, item])),
      place,
    );
  }
  if (object.kind !== 'known' || typeof object.value !== 'string') return undefined;
  if (method === 'concat') return joined([object, ...given], place);
  const change = Object.hasOwn(textMethods, method) ? textMethods[method] : undefined;
  return change && known(change(object.value));
}

/** An unknown value at a node. */
export function unknownAt(node: ast.Node, module: Module): StaticValue & { readonly kind: 'unknown' } {
  return { kind: 'unknown', place: placeOfNode(module.path, node) };
}
