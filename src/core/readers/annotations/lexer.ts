import { rawText, textBlock, unescaped } from './strings.ts';
import type { Language, Token, Unreadable } from './tokens.ts';

/** The tokens of a C# or Java text, and what ends it early. */
export interface Lexed {
  readonly tokens: readonly Token[];
  readonly unreadable: Unreadable | undefined;
}

/** Reads the tokens of a text; never throws. */
export function tokensOf(text: string, language: Language): Lexed {
  const lexer = new Lexer(text, language);
  const { tokens } = lexer.until(undefined);
  return { tokens, unreadable: lexer.unreadable };
}

const blank = /(?:\s+|\/\/[^\n]*|\/\*[\s\S]*?(?:\*\/|$))+/y;
const word = /[\p{L}_$][\p{L}\p{N}\p{M}_$]*/uy;
const number = /\d(?:[eE][+-]?\d|[\w.])*/y;
const char = /'(?:\\.[^'\n]*|[^'\\\n])'/y;
const mark = /=>|->|::|[\s\S]/y;
const quoted = /"(?:[^"\\\n]|\\[\s\S])*"/y;
const verbatim = /@"(?:[^"]|"")*"/y;
const interpolated = /(\$+@?|@\$)("+)/y;
const rawQuotes = /"{3,}/y;
/** Deepest nesting of interpolated strings. */
const depthLimit = 16;

class Lexer {
  unreadable: Unreadable | undefined;
  readonly #text: string;
  readonly #language: Language;
  #at = 0;
  #depth = 0;

  constructor(text: string, language: Language) {
    this.#text = text;
    this.#language = language;
  }

  /** Tokens up to an unmatched `end`, which is passed over, or to the end of the text. */
  until(end: string | undefined): { readonly tokens: readonly Token[]; readonly closed: boolean } {
    const tokens: Token[] = [];
    let open = 0;
    while (this.#hasMore()) {
      const token = this.#next();
      if (token.kind === 'mark' && end === '}' && token.text === '{') open++;
      if (token.kind === 'mark' && token.text === end && open-- === 0) return { tokens, closed: true };
      tokens.push(token);
    }
    return { tokens, closed: end === undefined };
  }

  #hasMore(): boolean {
    this.#match(blank);
    return this.#at < this.#text.length && this.unreadable === undefined;
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }

  #next(): Token {
    const offset = this.#at;
    const literal = this.#language === 'csharp' ? this.#csharpText(offset) : this.#javaText(offset);
    if (literal) return literal;
    const escaped = this.#language === 'csharp' && /@[\p{L}_]/uy.test(this.#text.slice(offset, offset + 3));
    if (escaped) this.#at++;
    const name = this.#match(word);
    if (name !== undefined) return { kind: 'word', text: name, offset };
    const digits = this.#match(number);
    if (digits !== undefined) return { kind: 'number', text: digits, offset };
    const single = this.#match(char);
    if (single !== undefined) return { kind: 'char', text: unescaped(single.slice(1, -1)), offset };
    return { kind: 'mark', text: this.#match(mark) ?? '', offset };
  }

  #javaText(offset: number): Token | undefined {
    if (this.#text.startsWith('"""', offset)) {
      const end = /(?:[^\\"]|\\[\s\S]|"(?!""))*/y;
      this.#at += 3;
      const body = this.#match(end) ?? '';
      return this.#text.startsWith('"""', this.#at) ? this.#closed(textBlock(body), offset) : this.#endless(offset);
    }
    return this.#plainText(offset);
  }

  #closed(text: string, offset: number): Token {
    this.#at += 3;
    return { kind: 'text', text, offset };
  }

  #plainText(offset: number): Token | undefined {
    if (this.#text[offset] !== '"') return undefined;
    const found = this.#match(quoted);
    return found === undefined ? this.#endless(offset) : { kind: 'text', text: unescaped(found.slice(1, -1)), offset };
  }

  #csharpText(offset: number): Token | undefined {
    const first = this.#text[offset];
    if (first !== '"' && first !== '@' && first !== '$') return undefined;
    interpolated.lastIndex = offset;
    const template = interpolated.exec(this.#text);
    if (template) return this.#template(template[1] ?? '', template[2] ?? '', offset);
    const found = this.#match(verbatim);
    if (found !== undefined) return { kind: 'text', text: found.slice(2, -1).replaceAll('""', '"'), offset };
    if (this.#text.startsWith('@"', offset)) return this.#endless(offset);
    const quotes = this.#match(rawQuotes);
    if (quotes === undefined) return this.#plainText(offset);
    const end = new RegExp(`"{${quotes.length},}`, 'g');
    end.lastIndex = this.#at;
    const close = end.exec(this.#text);
    if (close === null) return this.#endless(offset);
    const body = this.#text.slice(this.#at, close.index + close[0].length - quotes.length);
    this.#at = close.index + close[0].length;
    return { kind: 'text', text: rawText(body), offset };
  }

  /** An interpolated string of any form; its texts and the tokens in its holes. */
  #template(prefix: string, quotes: string, offset: number): Token {
    const isVerbatim = prefix.includes('@');
    const raw = !isVerbatim && quotes.length >= 3;
    const close = raw ? quotes : '"';
    const braces = raw ? prefix.length : 1;
    this.#at = offset + prefix.length + close.length;
    const parts: (string | readonly Token[])[] = [];
    let text = '';
    while (this.#at < this.#text.length && this.unreadable === undefined) {
      if (this.#text.startsWith(close, this.#at) && !(isVerbatim && this.#text.startsWith('""', this.#at))) {
        this.#at += close.length;
        return { kind: 'template', text: '', offset, parts: [...parts, text] };
      }
      const hole = this.#holeAt(braces, raw);
      if (hole) parts.push(text, hole);
      text = hole ? '' : text + this.#piece(isVerbatim, raw);
    }
    return this.#endless(offset);
  }

  #holeAt(braces: number, raw: boolean): readonly Token[] | undefined {
    const run = /\{+/y;
    run.lastIndex = this.#at;
    const length = run.exec(this.#text)?.[0].length ?? 0;
    if (raw ? length < braces : length % 2 === 0) return undefined;
    if (!raw && length > 1) return undefined;
    this.#at += length;
    if (++this.#depth > depthLimit) return [this.#endless(this.#at)];
    const { tokens, closed } = this.until('}');
    this.#depth--;
    if (!closed) this.#endless(this.#at);
    this.#at += braces - 1;
    return tokens;
  }

  #piece(isVerbatim: boolean, raw: boolean): string {
    const rest = /\{\{|\}\}|""|\\[\s\S]|[^{}"\\]+|[\s\S]/y;
    const found = this.#match(rest) ?? '';
    if (raw) return found;
    if (found === '{{' || found === '}}' || (isVerbatim && found === '""')) return found.charAt(0);
    return isVerbatim ? found : unescaped(found);
  }

  #endless(offset: number): Token {
    this.unreadable ??= { reason: 'the text that starts here has no end', offset };
    this.#at = this.#text.length;
    return { kind: 'mark', text: '', offset };
  }
}
