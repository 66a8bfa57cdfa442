import { pieceSize, piecesOf } from './files.ts';
import type { Entry } from './listing.ts';

/** What of an entry stands in its header. */
interface Header {
  readonly name: string;
  /** `0` file, `2` link, `5` folder, `x` extended header of the entry after it. */
  readonly type: '0' | '2' | '5' | 'x';
  readonly mode: number;
  readonly size: number;
  readonly target: string;
}

const block = 512;
// Only the fields that an image needs: every build must give the same bytes, so no owner, umask or clock may show.
const noOwner = 0;
const noTime = 0;
const largestOctal = 0o77777777777;

/**
 * A tar of `entries` in their order under the folder `root`, which has no slash at either end. A piece is valid only
 * until the next one is asked for, since all share one memory: a large app would else leave its size in garbage.
 */
export async function* tarOf(entries: readonly Entry[], root: string, signal: AbortSignal): AsyncIterable<Uint8Array> {
  const memory = Buffer.allocUnsafeSlow(pieceSize);
  yield headerBlocks({ name: `${root}/`, type: '5', mode: 0o755, size: 0, target: '' });
  for (const entry of entries) {
    yield headerBlocks(headerOf(entry, root));
    if (entry.kind !== 'file') continue;
    yield* piecesOf(entry, signal, size => memory.subarray(0, size));
    yield Buffer.alloc(paddingOf(entry.size));
  }
  yield Buffer.alloc(2 * block);
}

function headerOf(entry: Entry, root: string): Header {
  const name = `${root}/${entry.path}`;
  switch (entry.kind) {
    case 'file':
      return { name, type: '0', mode: entry.executable ? 0o755 : 0o644, size: entry.size, target: '' };
    case 'folder':
      return { name: `${name}/`, type: '5', mode: 0o755, size: 0, target: '' };
    case 'link':
      return { name, type: '2', mode: 0o777, size: 0, target: entry.target };
  }
}

/** The header of an entry, after an extended one (POSIX pax) for what does not fit the old fields. */
export function headerBlocks(header: Header): Buffer {
  const records = [
    ...(fits(header.name) ? [] : [record('path', header.name)]),
    ...(fits(header.target) ? [] : [record('linkpath', header.target)]),
    ...(header.size <= largestOctal ? [] : [record('size', String(header.size))]),
  ];
  if (records.length === 0) return headerBlock(header);
  const body = Buffer.from(records.join(''));
  const extended = headerBlock({ name: 'PaxHeader', type: 'x', mode: 0o644, size: body.length, target: '' });
  return Buffer.concat([extended, body, Buffer.alloc(paddingOf(body.length)), headerBlock(header)]);
}

// The standard has no encoding for the old fields, so whatever is not ASCII goes into the extended header too.
function fits(text: string): boolean {
  return Buffer.byteLength(text) <= 100 && Buffer.byteLength(text) === text.length;
}

/** A line `length key=value`, whose length counts its own digits. */
function record(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`;
  const bytes = Buffer.byteLength(rest);
  const digits = String(bytes + String(bytes).length).length;
  return `${bytes + digits}${rest}`;
}

function headerBlock({ name, type, mode, size, target }: Header): Buffer {
  const bytes = Buffer.alloc(block);
  const fields: readonly (readonly [offset: number, length: number, text: string])[] = [
    [0, 100, name],
    [100, 8, octal(mode, 7)],
    [108, 8, octal(noOwner, 7)],
    [116, 8, octal(noOwner, 7)],
    [124, 12, octal(Math.min(size, largestOctal), 11)],
    [136, 12, octal(noTime, 11)],
    [148, 8, ' '.repeat(8)],
    [156, 1, type],
    [157, 100, target],
    [257, 8, 'ustar\x0000'],
  ];
  for (const [offset, length, text] of fields) bytes.write(text, offset, length);
  const sum = bytes.reduce((total, byte) => total + byte, 0);
  bytes.write(`${octal(sum, 6)}\0 `, 148, 8);
  return bytes;
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, '0');
}

function paddingOf(size: number): number {
  return (block - (size % block)) % block;
}
