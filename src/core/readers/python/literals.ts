/** A string literal's parts: decoded text, and offsets of the literal where it is `{…}` of an f-string. */
export interface Literal {
  readonly prefix: string;
  readonly body: string;
  /** Offset of the body in the literal. */
  readonly start: number;
}

/** The prefix and the text between the quotes, as written; undefined when it has no end. */
export function splitLiteral(source: string): Literal | undefined {
  const match = /^([A-Za-z]{0,2})("""|'''|"|')/.exec(source);
  const [opening, prefix = '', quote = ''] = match ?? [];
  if (opening === undefined || source.length < opening.length + quote.length || !source.endsWith(quote))
    return undefined;
  return { prefix: prefix.toLowerCase(), body: source.slice(opening.length, -quote.length), start: opening.length };
}

const simpleEscapes: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  b: '\b',
  f: '\f',
  v: '\v',
  a: '\x07',
  '\\': '\\',
  "'": "'",
  '"': '"',
};

/** The text that the body of a literal stands for. */
export function decodeBody(body: string, raw: boolean): string {
  const text = body.replaceAll('\r\n', '\n');
  if (raw) return text;
  return text.replace(/\\(\n|[0-7]{1,3}|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)/g, (whole, part: string) =>
    decodeEscape(whole, part),
  );
}

function decodeEscape(whole: string, part: string): string {
  if (part === '\n') return '';
  const simple = simpleEscapes[part];
  if (simple !== undefined) return simple;
  if (/^[0-7]+$/.test(part)) return String.fromCodePoint(Number.parseInt(part, 8));
  if (part.length === 1) return whole;
  const code = Number.parseInt(part.slice(1), 16);
  return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
}
