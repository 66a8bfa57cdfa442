const simple: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  b: '\b',
  f: '\f',
  v: '\v',
  a: '\x07',
  e: '\x1B',
  s: ' ',
  '0': '\0',
  '\n': '',
};

/** The text with the escapes of C# and Java decoded. */
export function unescaped(body: string): string {
  return body.replace(
    /\\(?:u+([\da-fA-F]{4})|U([\da-fA-F]{8})|x([\da-fA-F]{1,4})|([0-3]?[0-7]{1,2})|\r?([\s\S]))/g,
    (_, short?: string, long?: string, hex?: string, octal?: string, other = '') => {
      const code = short ?? long ?? hex;
      if (code !== undefined) return characterOf(Number.parseInt(code, 16));
      return octal === undefined ? (simple[other] ?? other) : characterOf(Number.parseInt(octal, 8));
    },
  );
}

function characterOf(code: number): string {
  return code <= 0x10ffff ? String.fromCodePoint(code) : '\uFFFD';
}

/** The text of a C# raw literal, from between its quotes: several lines lose the first break and the last line's indent. */
export function rawText(body: string): string {
  if (!/^[^\S\n]*\n/.test(body)) return body;
  const lines = body.split(/\r?\n/);
  const indent = lines.at(-1) ?? '';
  return lines
    .slice(1, -1)
    .map(line => (line.startsWith(indent) ? line.slice(indent.length) : line.trimStart()))
    .join('\n');
}

/** The text of a Java text block, from between its quotes: common indent and blanks at line ends are no part of it. */
export function textBlock(body: string): string {
  const lines = body.split(/\r?\n/).slice(1);
  const closing = lines.at(-1) ?? '';
  const counted = lines.filter((line, index) => line.trim() !== '' || index === lines.length - 1);
  const indent = Math.min(...counted.map(line => line.length - line.trimStart().length));
  const kept = lines.map((line, index) =>
    index === lines.length - 1 ? line.slice(indent) : line.slice(indent).trimEnd(),
  );
  return unescaped([...kept.slice(0, -1), closing.trim() === '' ? '' : closing.slice(indent)].join('\n'));
}
