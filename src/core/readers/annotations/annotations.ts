import { is, type Language, splitAtCommas, type Token } from './tokens.ts';

/** A C# attribute or Java annotation. */
export interface Annotation {
  /** Its last name, without `Attribute`. */
  readonly name: string;
  readonly arguments: readonly Argument[];
  readonly offset: number;
}

/** An argument of an annotation. */
export interface Argument {
  /** Undefined for one by position. */
  readonly name: string | undefined;
  readonly value: readonly Token[];
}

/** Annotations that were found, and the index after them. */
export interface Found {
  readonly annotations: readonly Annotation[];
  readonly next: number;
}

/** The annotations that start at a token; undefined when none do. C# has them only at the start of a declaration. */
export function annotationsAt(
  tokens: readonly Token[],
  at: number,
  ends: ReadonlyMap<number, number>,
  language: Language,
  atStart: boolean,
): Found | undefined {
  if (language === 'java') return javaAnnotation(tokens, at, ends);
  const end = ends.get(at);
  if (!atStart || !is(tokens[at], '[') || end === undefined) return undefined;
  const inside = tokens.slice(at + 1, end);
  const target = is(inside[1], ':') ? inside[0]?.text : undefined;
  // Attributes of the assembly or module belong to no declaration.
  const own = target === undefined || target === 'method' || target === 'param' || target === 'return';
  const groups = own ? splitAtCommas(target === undefined ? inside : inside.slice(2), true) : [];
  return { annotations: groups.flatMap(group => annotationOf(group) ?? []), next: end + 1 };
}

function javaAnnotation(tokens: readonly Token[], at: number, ends: ReadonlyMap<number, number>): Found | undefined {
  if (!is(tokens[at], '@') || tokens[at + 1]?.kind !== 'word' || is(tokens[at + 1], 'interface')) return undefined;
  let next = at + 2;
  while (is(tokens[next], '.') && tokens[next + 1]?.kind === 'word') next += 2;
  const close = is(tokens[next], '(') ? ends.get(next) : undefined;
  if (close !== undefined) next = close + 1;
  return { annotations: [annotationOf(tokens.slice(at + 1, next)) ?? []].flat(), next };
}

/** `Some.Name<T>(arguments)`, without brackets around it. */
function annotationOf(tokens: readonly Token[]): Annotation | undefined {
  const open = tokens.findIndex(token => is(token, '('));
  const name = open === -1 ? tokens : tokens.slice(0, open);
  const generic = name.findIndex(token => is(token, '<'));
  const words = (generic === -1 ? name : name.slice(0, generic)).filter(({ kind }) => kind === 'word');
  const [first, last] = [words[0], words.at(-1)];
  if (!first || !last) return undefined;
  const groups = open === -1 ? [] : splitAtCommas(tokens.slice(open + 1, -1));
  return { name: last.text.replace(/(?<=.)Attribute$/, ''), offset: first.offset, arguments: groups.map(argumentOf) };
}

function argumentOf(tokens: readonly Token[]): Argument {
  const [name, sign] = tokens;
  const isNamed = name?.kind === 'word' && (is(sign, '=') || is(sign, ':'));
  return isNamed ? { name: name.text, value: tokens.slice(2) } : { name: undefined, value: tokens };
}
