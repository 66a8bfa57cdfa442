import { UserError } from '../../../errors.ts';
import type { PlaceAt } from '../places.ts';
import { type Annotation, type Argument, annotationsAt } from './annotations.ts';
import { is, type Language, matchBrackets, splitAtCommas, type Token } from './tokens.ts';

export type { Annotation, Argument };

/** A class or the like. */
export interface TypeDeclaration {
  /** Names of the types around it, and its own last. */
  readonly path: readonly string[];
  readonly annotations: readonly Annotation[];
  /** Last names of what stands after its own name: base classes and interfaces. */
  readonly bases: readonly string[];
}

/** A method, or a property when it has no parameters. */
export interface Member {
  readonly name: string;
  readonly type: TypeDeclaration;
  readonly annotations: readonly Annotation[];
  /** Words of the declared type. */
  readonly returns: readonly string[];
  readonly parameters: readonly Parameter[] | undefined;
}

/** A parameter of a method. */
export interface Parameter {
  readonly name: string;
  readonly annotations: readonly Annotation[];
}

/** A constant text or number of a type. */
export interface Constant {
  readonly path: readonly string[];
  readonly value: readonly Token[];
  readonly file: SourceFile;
}

/** What a file declares. */
export interface SourceFile {
  readonly placeAt: PlaceAt;
  readonly members: readonly Member[];
  readonly types: readonly TypeDeclaration[];
  readonly constants: readonly Constant[];
  /** `using Name = Some.Other;` */
  readonly aliases: ReadonlyMap<string, string>;
}

/** Deepest nesting of types and namespaces that is read. */
const depthLimit = 100;

const typeWords = new Set(['class', 'struct', 'interface', 'record', 'enum', 'namespace']);
const noDeclarations: TypeDeclaration = { path: [], annotations: [], bases: [] };

/** The declarations in balanced tokens; bodies of methods are passed over. */
export function declarationsOf(tokens: readonly Token[], language: Language, placeAt: PlaceAt): SourceFile {
  const reader = new DeclarationReader(tokens, language, placeAt);
  reader.scope(0, tokens.length, noDeclarations);
  return reader;
}

interface Head {
  readonly words: readonly Token[];
  readonly annotations: readonly Annotation[];
  /** Index of the token that ends it. */
  readonly end: number;
  /** Index of the parameter list's bracket, and of the name before it among the words. */
  readonly parameters: { readonly open: number; readonly name: number } | undefined;
}

class DeclarationReader implements SourceFile {
  readonly placeAt: PlaceAt;
  readonly members: Member[] = [];
  readonly types: TypeDeclaration[] = [];
  readonly constants: Constant[] = [];
  readonly aliases = new Map<string, string>();
  readonly #tokens: readonly Token[];
  readonly #ends: ReadonlyMap<number, number>;
  readonly #language: Language;
  #depth = 0;

  constructor(tokens: readonly Token[], language: Language, placeAt: PlaceAt) {
    this.#tokens = tokens;
    this.#ends = matchBrackets(tokens).ends;
    this.#language = language;
    this.placeAt = placeAt;
  }

  /** Reads the declarations between two tokens as members of `type`. */
  scope(from: number, to: number, type: TypeDeclaration): void {
    if (this.#depth >= depthLimit) {
      const place = this.placeAt(this.#tokens[from]?.offset ?? 0);
      throw new UserError({ message: 'The types of the file nest too deeply to be read. Make them flatter.', place });
    }
    this.#depth++;
    for (let at = from; at < to; ) {
      const head = this.#head(at, to);
      at = Math.max(this.#declaration(head, type), at + 1);
    }
    this.#depth--;
  }

  #head(from: number, to: number): Head {
    const words: Token[] = [];
    const annotations: Annotation[] = [];
    let parameters: Head['parameters'];
    let inherits = false;
    let at = from;
    while (at < to && !/^(?:[;{}=]|=>)$/.test(this.#markAt(at))) {
      const found = annotationsAt(this.#tokens, at, this.#ends, this.#language, words.length === 0);
      if (found) annotations.push(...found.annotations);
      const token = this.#tokens[at];
      inherits ||= is(token, ':') || is(token, 'where');
      if (!found && is(token, '(') && !inherits && this.#tokens[at - 1]?.kind !== 'mark')
        parameters = { open: at, name: words.length - 1 };
      else if (!found && is(token, '(') && !inherits && is(this.#tokens[at - 1], '>'))
        parameters = { open: at, name: genericName(words) };
      if (!found && token) words.push(token);
      at = found?.next ?? (this.#ends.get(at) ?? at) + 1;
    }
    return { words, annotations, end: at, parameters };
  }

  #markAt(at: number): string {
    const token = this.#tokens[at];
    return token?.kind === 'mark' ? token.text : '';
  }

  /** Records what the head declares; gives the index after the declaration. */
  #declaration(head: Head, type: TypeDeclaration): number {
    const { words, end } = head;
    const ending = this.#markAt(end);
    const kind = typeKindOf(words);
    if (kind !== undefined) return this.#type(head, kind, type);
    if (ending === '=') this.#assigned(words, end, type);
    if (type.path.length > 0) this.#member(head, type);
    if (ending === '{') return (this.#ends.get(end) ?? end) + 1;
    return ending === '=' || ending === '=>' ? this.#statementEnd(end) : end + 1;
  }

  #type({ words, annotations, end }: Head, kind: number, outer: TypeDeclaration): number {
    const keyword = words[kind]?.text;
    if (this.#markAt(end) !== '{') return end + 1;
    const close = this.#ends.get(end) ?? end;
    const name = words[kind + 1]?.text ?? '';
    const bases = words
      .slice(kind + 2)
      .filter((token, index, rest) => token.kind === 'word' && !is(rest[index + 1], '.'));
    const path = keyword === 'namespace' ? outer.path : [...outer.path, name];
    const made = keyword === 'namespace' ? outer : { path, annotations, bases: bases.map(({ text }) => text) };
    if (keyword !== 'namespace') this.types.push(made);
    if (keyword !== 'enum') this.scope(end + 1, close, made);
    return close + 1;
  }

  #member({ words, annotations, parameters }: Head, type: TypeDeclaration): void {
    if (annotations.length === 0) return;
    const list = parameters && this.#tokens.slice(parameters.open + 1, this.#ends.get(parameters.open));
    const at = parameters?.name ?? words.findLastIndex(({ kind }) => kind === 'word');
    this.members.push({
      name: words[at]?.text ?? '',
      type,
      annotations,
      returns: words.slice(0, at).flatMap(({ kind, text }) => (kind === 'word' ? [text] : [])),
      parameters: list && splitAtCommas(list, true).map(group => this.#parameter(group)),
    });
  }

  #parameter(tokens: readonly Token[]): Parameter {
    const ends = matchBrackets(tokens).ends;
    const annotations: Annotation[] = [];
    const words: Token[] = [];
    for (let at = 0; at < tokens.length && !is(tokens[at], '='); ) {
      const found = annotationsAt(tokens, at, ends, this.#language, words.length === 0);
      if (found) annotations.push(...found.annotations);
      else if (tokens[at]?.kind === 'word') words.push(...tokens.slice(at, at + 1));
      at = found?.next ?? at + 1;
    }
    return { name: words.at(-1)?.text ?? '', annotations };
  }

  /** `const string A = "a", B = "b";`, `static final String A = "a";`, `using A = B.C;` */
  #assigned(words: readonly Token[], equals: number, { path }: TypeDeclaration): void {
    const end = this.#statementEnd(equals) - 1;
    if (words.some(token => is(token, 'using'))) {
      const names = this.#tokens.slice(equals + 1, end).filter(({ kind }) => kind === 'word');
      this.aliases.set(words.at(-1)?.text ?? '', names.at(-1)?.text ?? '');
    }
    // What an annotation uses is constant, or the compiler would refuse it: no need to look for the word.
    if (path.length === 0) return;
    let name = words.at(-1)?.text ?? '';
    for (const group of splitAtCommas(this.#tokens.slice(equals, end))) {
      const at = group.findIndex(token => is(token, '='));
      if (at > 0) name = group[0]?.text ?? '';
      if (at !== -1) this.constants.push({ path: [...path, name], value: group.slice(at + 1), file: this });
    }
  }

  /** The index after the `;` that ends the statement. */
  #statementEnd(from: number): number {
    let at = from;
    while (at < this.#tokens.length && !/^[;}]$/.test(this.#markAt(at))) at = (this.#ends.get(at) ?? at) + 1;
    return this.#markAt(at) === ';' ? at + 1 : at;
  }
}

/** The index of the word that says that a type is declared; the last one of `record struct Name`. */
function typeKindOf(words: readonly Token[]): number | undefined {
  const limit = words.findIndex(({ kind, text }) => kind === 'mark' && /^[(<:]$/.test(text));
  const before = limit === -1 ? words : words.slice(0, limit);
  const at = before.findLastIndex(
    ({ kind, text }, index) => kind === 'word' && typeWords.has(text) && before[index + 1]?.kind === 'word',
  );
  return at === -1 ? undefined : at;
}

/** The name before the `<…>` at the end of the words. */
function genericName(words: readonly Token[]): number {
  let depth = 0;
  for (let at = words.length - 1; at >= 0; at--) {
    if (is(words[at], '>')) depth++;
    if (is(words[at], '<') && --depth === 0) return at - 1;
  }
  return words.length - 1;
}
