import { type Place, UserError } from '../../errors.ts';
import { type PlaceAt, placesIn } from './places.ts';

/** A parsed JSON text and where its parts stand. */
export interface JsonDocument {
  readonly value: unknown;
  /** Place of the value under these keys; the nearest value around it when there is none. */
  placeOf(...keys: readonly (string | number)[]): Place;
}

/** Deepest nesting that is read. */
const depthLimit = 200;

/**
 * The JSON text as the Functions host reads it: comments, trailing commas and a byte order mark are allowed.
 * Throws UserError with the place of the first fault; the text itself is never in the message.
 */
export function parseJson(text: string, file: string): JsonDocument {
  const scanner = new Scanner(text, placesIn(file, text));
  const value = scanner.document();
  return { value, placeOf: (...keys) => scanner.placeOf(keys) };
}

class Scanner {
  readonly #text: string;
  readonly #placeAt: PlaceAt;
  readonly #offsets = new Map<string, number>();
  #at = 0;

  constructor(text: string, placeAt: PlaceAt) {
    this.#text = text;
    this.#placeAt = placeAt;
  }

  placeOf(keys: readonly (string | number)[]): Place {
    for (let length = keys.length; length >= 0; length--) {
      const offset = this.#offsets.get(keys.slice(0, length).join('\n'));
      if (offset !== undefined) return this.#placeAt(offset);
    }
    return this.#placeAt(0);
  }

  document(): unknown {
    if (this.#text.startsWith('\uFEFF')) this.#at = 1;
    const value = this.#value([]);
    this.#skip();
    if (this.#at < this.#text.length) this.#fail('There is text after the end of the JSON value. Remove it.');
    return value;
  }

  #value(path: readonly string[]): unknown {
    this.#skip();
    this.#offsets.set(path.join('\n'), this.#at);
    if (path.length > depthLimit) this.#fail(`The JSON is nested deeper than ${depthLimit} levels. Make it flatter.`);
    const next = this.#text[this.#at];
    if (next === '{') return this.#object(path);
    if (next === '[') return this.#list(path);
    if (next === '"') return this.#string();
    return this.#word();
  }

  #object(path: readonly string[]): unknown {
    const entries: [string, unknown][] = [];
    this.#at++;
    while (!this.#closes('}')) {
      if (this.#text[this.#at] !== '"') this.#fail('A key in double quotes or "}" is expected here.');
      const key = this.#string();
      this.#skip();
      if (this.#text[this.#at] !== ':') this.#fail('A ":" is expected here.');
      this.#at++;
      entries.push([key, this.#value([...path, key])]);
      this.#separator('}');
    }
    return Object.fromEntries(entries);
  }

  #list(path: readonly string[]): unknown {
    const items: unknown[] = [];
    this.#at++;
    while (!this.#closes(']')) {
      items.push(this.#value([...path, String(items.length)]));
      this.#separator(']');
    }
    return items;
  }

  #closes(bracket: string): boolean {
    this.#skip();
    if (this.#text[this.#at] !== bracket) return false;
    this.#at++;
    return true;
  }

  #separator(bracket: string): void {
    this.#skip();
    if (this.#text[this.#at] === ',') this.#at++;
    else if (this.#text[this.#at] !== bracket) this.#fail(`A "," or "${bracket}" is expected here.`);
  }

  #string(): string {
    const match = this.#match(/"(?:[^"\\\n\r]|\\.)*"/y);
    if (match === undefined) this.#fail('The text that starts here has no closing double quote.');
    // Tabs and other control characters stand in files that the host accepts.
    const strict = match.replace(/\p{Cc}/gu, part => `\\u${part.charCodeAt(0).toString(16).padStart(4, '0')}`);
    return String(
      this.#literal(strict, match.length, 'The text that starts here has an escape that JSON does not know.'),
    );
  }

  #word(): unknown {
    const match = this.#match(/[\w+.-]+/y);
    if (match === undefined) this.#fail('A JSON value is expected here.');
    return this.#literal(
      match,
      match.length,
      'A JSON value is expected here: a number, true, false, null or a text in double quotes.',
    );
  }

  #literal(text: string, length: number, message: string): unknown {
    try {
      return JSON.parse(text);
    } catch {
      this.#at -= length;
      return this.#fail(message);
    }
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text)?.[0];
    if (match !== undefined) this.#at += match.length;
    return match;
  }

  #skip(): void {
    this.#match(/(?:\s+|\/\/[^\n]*|\/\*[\s\S]*?\*\/)*/y);
  }

  #fail(reason: string): never {
    throw new UserError({
      message: `The file is not JSON. ${reason}`,
      place: this.#placeAt(Math.min(this.#at, this.#text.length)),
    });
  }
}
