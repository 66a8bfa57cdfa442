/** The languages whose declarations are read here. */
export type Language = 'csharp' | 'java';

/** One token of C# or Java; comments, blanks and preprocessor lines give none. */
export interface Token {
  /** `text` is a string literal, whose `text` is decoded; `template` one with holes, in `parts`. */
  readonly kind: 'word' | 'text' | 'template' | 'number' | 'char' | 'mark';
  readonly text: string;
  readonly offset: number;
  /** Texts and holes of an interpolated string, in order. */
  readonly parts?: readonly (string | readonly Token[])[];
}

/** What cannot be read, and where. */
export interface Unreadable {
  readonly reason: string;
  readonly offset: number;
}

/** Whether the token is this mark or word. */
export function is(token: Token | undefined, text: string): boolean {
  return token?.text === text && (token.kind === 'mark' || token.kind === 'word');
}

const closers: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' };

/** The index of the closing bracket for each opening one, and the first bracket without its other half. */
export function matchBrackets(tokens: readonly Token[]): {
  readonly ends: ReadonlyMap<number, number>;
  readonly unmatched: Unreadable | undefined;
} {
  const ends = new Map<number, number>();
  const open: number[] = [];
  for (const [index, { kind, text, offset }] of tokens.entries()) {
    if (kind !== 'mark') continue;
    if (text in closers) open.push(index);
    if (text !== ')' && text !== ']' && text !== '}') continue;
    const start = open.pop();
    if (start === undefined || closers[tokens[start]?.text ?? ''] !== text)
      return { ends, unmatched: { reason: `the bracket "${text}" here closes none`, offset } };
    ends.set(start, index);
  }
  const first = tokens[open.at(-1) ?? -1];
  return { ends, unmatched: first && { reason: `the bracket "${first.text}" here has no end`, offset: first.offset } };
}

/** The tokens between commas outside of brackets and, for types, of `<…>`; no groups for no tokens. */
export function splitAtCommas(tokens: readonly Token[], generics = false): readonly (readonly Token[])[] {
  const groups: Token[][] = [];
  let depth = 0;
  for (const token of tokens) {
    if (groups.length === 0) groups.push([]);
    if (token.kind === 'mark' && /^[([{]$/.test(token.text)) depth++;
    if (token.kind === 'mark' && /^[)\]}]$/.test(token.text)) depth--;
    if (generics && depth >= 0 && is(token, '<')) depth++;
    if (generics && depth > 0 && is(token, '>')) depth--;
    if (depth === 0 && is(token, ',')) groups.push([]);
    else groups.at(-1)?.push(token);
  }
  return groups.filter(group => group.length > 0);
}
