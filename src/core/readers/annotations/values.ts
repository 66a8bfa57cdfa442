import { joined, known, type StaticValue } from '../static-value.ts';
import type { Constant, SourceFile } from './declarations.ts';
import { is, matchBrackets, splitAtCommas, type Token } from './tokens.ts';

/** Deepest chain of constants that is followed. */
const depthLimit = 64;

/** Enums of the libraries, whose members are known by name. */
const libraryEnums =
  /^(AuthorizationLevel|HttpMethod|BlobTriggerSource|AccessRights|Cardinality|Broker\w+|OAuth\w+|FileAccess|Sas\w+|McpToolPropertyType|CommandType)$/;
/** The members that Java code imports by themselves. */
const importedMembers = /^(ANONYMOUS|FUNCTION|ADMIN|GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS|TRACE|CONNECT)$/;

/** Where an expression stands. */
export interface Scope {
  readonly file: SourceFile;
  /** Names of the types around it. */
  readonly path: readonly string[];
}

/** Evaluates the constant expressions that annotations may have. */
export class ConstantEvaluator {
  readonly #byName = new Map<string, Constant[]>();
  readonly #values = new Map<Constant, StaticValue>();
  #depth = 0;

  constructor(files: readonly SourceFile[]) {
    for (const constant of files.flatMap(({ constants }) => constants)) {
      const name = constant.path.at(-1) ?? '';
      const others = this.#byName.get(name);
      if (others) others.push(constant);
      else this.#byName.set(name, [constant]);
    }
  }

  /** What an expression stands for. */
  value(given: readonly Token[], scope: Scope): StaticValue {
    const tokens = withoutBrackets(given);
    if (this.#depth >= depthLimit) return unknown(tokens, scope);
    this.#depth++;
    try {
      return this.#sum(tokens, scope) ?? this.#list(tokens, scope) ?? this.#operand(tokens, scope);
    } finally {
      this.#depth--;
    }
  }

  #sum(tokens: readonly Token[], scope: Scope): StaticValue | undefined {
    const parts: Token[][] = [[]];
    let depth = 0;
    for (const token of tokens) {
      if (token.kind === 'mark' && /^[([{]$/.test(token.text)) depth++;
      if (token.kind === 'mark' && /^[)\]}]$/.test(token.text)) depth--;
      if (depth === 0 && is(token, '+')) parts.push([]);
      else parts.at(-1)?.push(token);
    }
    if (parts.length === 1) return undefined;
    const values = parts.map(part => this.value(part, scope));
    // A sum of numbers is none of their digits, and no annotation has one.
    const isText = values.some(value => value.kind === 'known' && typeof value.value === 'string');
    return isText ? joined(values, placeOf(tokens, scope)) : unknown(tokens, scope);
  }

  /** `new[] { … }`, `new string[] { … }`, `{ … }`, `[ … ]` */
  #list(tokens: readonly Token[], scope: Scope): StaticValue | undefined {
    const open = tokens.findIndex(token => is(token, '{') || (is(token, '[') && tokens[0] === token));
    const [first, last] = [tokens[0], tokens.at(-1)];
    const made = is(first, 'new') || open === 0;
    if (!made || open === -1 || !(is(last, '}') || is(last, ']'))) return undefined;
    const items = splitAtCommas(tokens.slice(open + 1, -1)).map(item => this.value(item, scope));
    return { kind: 'list', items };
  }

  #operand(tokens: readonly Token[], scope: Scope): StaticValue {
    const [first, second, third] = tokens;
    if (first === undefined) return { kind: 'absent' };
    if (is(first, '-') && second?.kind === 'number' && tokens.length === 2) return known(-numberOf(second.text));
    if (is(first, 'nameof') && is(second, '('))
      return known(tokens.findLast(({ kind }) => kind === 'word')?.text ?? '');
    if (tokens.length === 1) return this.#single(first, scope);
    const isPath = tokens.every(({ kind, text }, index) =>
      index % 2 === 0 ? kind === 'word' : text === '.' || text === '::',
    );
    if (!isPath) return unknown(tokens, scope);
    const path = tokens.filter(({ kind }) => kind === 'word').map(({ text }) => text);
    if (/^string$/i.test(first.text) && third?.text === 'Empty') return known('');
    return this.#path(path, tokens, scope);
  }

  #single(token: Token, scope: Scope): StaticValue {
    if (token.kind === 'text' || token.kind === 'char') return known(token.text);
    if (token.kind === 'number') return known(numberOf(token.text));
    if (token.kind === 'template') return this.#template(token, scope);
    if (token.text === 'true' || token.text === 'false') return known(token.text === 'true');
    if (token.text === 'null' || token.text === 'default') return known(null);
    return this.#path([token.text], [token], scope);
  }

  #template({ parts = [], offset }: Token, scope: Scope): StaticValue {
    const values = parts.map(part => (typeof part === 'string' ? known(part) : this.value(part, scope)));
    return joined(values, scope.file.placeAt(offset));
  }

  #path(path: readonly string[], tokens: readonly Token[], scope: Scope): StaticValue {
    const constant = this.#constant(path, scope);
    if (constant) return this.#valueOf(constant);
    const isMember = path.length === 1 ? importedMembers.test(path[0] ?? '') : libraryEnums.test(path.at(-2) ?? '');
    return isMember ? { kind: 'enum', name: path.at(-1) ?? '' } : unknown(tokens, scope);
  }

  /** Unknown for one that is defined by itself. */
  #valueOf(constant: Constant): StaticValue {
    const scope = { file: constant.file, path: constant.path.slice(0, -1) };
    const before = this.#values.get(constant);
    if (before) return before;
    this.#values.set(constant, unknown(constant.value, scope));
    const value = this.value(constant.value, scope);
    this.#values.set(constant, value);
    return value;
  }

  /** The constant of the nearest type around; else the only one whose full name ends so. */
  #constant(path: readonly string[], scope: Scope): Constant | undefined {
    const candidates = this.#byName.get(path.at(-1) ?? '') ?? [];
    for (let length = scope.path.length; length >= 0; length--) {
      const full = [...scope.path.slice(0, length), ...path].join('.');
      const found = candidates.filter(one => one.path.join('.') === full);
      const near = found.find(({ file }) => file === scope.file) ?? (found.length === 1 ? found[0] : undefined);
      if (near) return near;
    }
    // A name in full starts with namespaces, which are not recorded.
    const ending = candidates.filter(one => endsAlike(one.path, path));
    return ending.length === 1 ? ending[0] : undefined;
  }
}

function endsAlike(one: readonly string[], other: readonly string[]): boolean {
  const length = Math.min(one.length, other.length, 2);
  return one.slice(-length).join('.') === other.slice(-length).join('.');
}

function withoutBrackets(tokens: readonly Token[]): readonly Token[] {
  if (!is(tokens[0], '(')) return tokens;
  const { ends } = matchBrackets(tokens);
  let around = 0;
  while (is(tokens[around], '(') && ends.get(around) === tokens.length - 1 - around) around++;
  return tokens.slice(around, tokens.length - around);
}

function numberOf(text: string): number {
  const digits = text.replaceAll('_', '');
  return /^0[xb]/i.test(digits) ? Number(digits.replace(/[uUlL]+$/, '')) : Number.parseFloat(digits);
}

function placeOf(tokens: readonly Token[], { file }: Scope) {
  return file.placeAt(tokens[0]?.offset ?? 0);
}

function unknown(tokens: readonly Token[], scope: Scope): StaticValue {
  return { kind: 'unknown', place: placeOf(tokens, scope) };
}
