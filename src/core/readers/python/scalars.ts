import type { SyntaxNode } from '@lezer/common';
import type { Place } from '../../../errors.ts';
import { joined, known, orElse, type StaticValue, textOf } from '../static-value.ts';
import { decodeBody, splitLiteral } from './literals.ts';
import type { Module } from './modules.ts';
import { childrenOf, textOfNode } from './syntax.ts';

/** The text of a string literal; unknown for bytes. */
export function stringValue(node: SyntaxNode, module: Module): StaticValue {
  const literal = splitLiteral(textOfNode(module.text, node));
  if (literal === undefined || literal.prefix.includes('b')) return unknownAt(node, module);
  return known(decodeBody(literal.body, literal.prefix.includes('r')));
}

/** The text of an f-string whose replacements `evaluate` can tell and that formats none of them. */
export function formattedValue(
  node: SyntaxNode,
  module: Module,
  evaluate: (node: SyntaxNode) => StaticValue,
): StaticValue {
  const literal = splitLiteral(textOfNode(module.text, node));
  if (literal === undefined) return unknownAt(node, module);
  const raw = literal.prefix.includes('r');
  const textBetween = (from: number, to: number) =>
    known(decodeBody(module.text.slice(from, to), raw).replaceAll('{{', '{').replaceAll('}}', '}'));
  const parts: StaticValue[] = [];
  let at = node.from + literal.start;
  for (const hole of node.getChildren('FormatReplacement')) {
    const [, expression, end] = childrenOf(hole);
    const simple = expression && end?.name === '}';
    parts.push(textBetween(at, hole.from), simple ? evaluate(expression) : unknownAt(hole, module));
    at = hole.to;
  }
  const end = node.from + literal.start + literal.body.length;
  return joined([...parts, textBetween(at, end)], module.placeAt(node.from));
}

const changes: Readonly<Record<string, (text: string) => string>> = {
  lower: text => text.toLowerCase(),
  upper: text => text.toUpperCase(),
  strip: text => text.trim(),
};

/** What a method of a text gives; undefined for other methods and what is not known. */
export function textMethod(
  object: StaticValue,
  method: string,
  given: readonly StaticValue[],
  place: Place,
): StaticValue | undefined {
  if (object.kind !== 'known' || typeof object.value !== 'string') return undefined;
  const [first] = given;
  if (method === 'join' && first?.kind === 'list')
    return joined(
      first.items.flatMap((item, index) => (index === 0 ? [item] : [object, item])),
      place,
    );
  if (method === 'format') return formatted(object.value, given, place);
  const change = Object.hasOwn(changes, method) ? changes[method] : undefined;
  return change && given.length === 0 ? known(change(object.value)) : undefined;
}

/** `'{}-{}'.format(…)` with as many values as places, and nothing between the braces. */
function formatted(text: string, given: readonly StaticValue[], place: Place): StaticValue | undefined {
  const parts = text.split('{}');
  if (parts.length !== given.length + 1 || /[{}]/.test(parts.join(''))) return undefined;
  return joined(
    parts.flatMap((part, index) => [known(part), ...given.slice(index, index + 1)]),
    place,
  );
}

/** An unknown value at a node. */
export function unknownAt(node: SyntaxNode, module: Module): StaticValue & { readonly kind: 'unknown' } {
  return { kind: 'unknown', place: module.placeAt(node.from) };
}

/** The number that a literal stands for; undefined for complex numbers. */
export function numberOf(source: string): StaticValue | undefined {
  const number = Number(source.replaceAll('_', ''));
  return Number.isNaN(number) ? undefined : known(number);
}

/** The environment variable with the name in `key`, else `otherwise`. */
export function environment(
  key: StaticValue,
  otherwise: StaticValue | undefined,
  node: SyntaxNode,
  module: Module,
): StaticValue {
  const name = textOf(key);
  const place = module.placeAt(node.from);
  if (name === undefined) return { kind: 'unknown', place };
  const value: StaticValue = { kind: 'setting', name, place };
  return otherwise === undefined ? value : orElse(value, otherwise, place, () => false);
}

/** A member of a library; those of its enums are their text in `function.json`. */
export function referenceMember(path: readonly string[]): StaticValue {
  const [first, second, kind = '', member] = path;
  if (first !== 'azure' || second !== 'functions' || member === undefined || path.length !== 4)
    return { kind: 'reference', path };
  if (kind === 'HttpMethod') return known(member);
  if (kind !== 'BlobSource') return known(member.toLowerCase());
  return known(
    member
      .split('_')
      .map(word => word.charAt(0) + word.slice(1).toLowerCase())
      .join(''),
  );
}
