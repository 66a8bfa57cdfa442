import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { atMost } from '../../core/concurrency.ts';
import { UserError } from '../../errors.ts';
import { type Entry, type FileEntry, unreadable } from './listing.ts';

/** Most bytes of a file that are in memory at once. */
export const pieceSize = 64 * 1024;
const filesAtOnce = 8;

/**
 * The bytes of a file in pieces of at most 64 KiB, each in memory from `allocate`; throws UserError when its size is
 * no longer the listed one.
 */
export async function* piecesOf(
  file: FileEntry,
  signal: AbortSignal,
  allocate: (size: number) => Buffer = Buffer.allocUnsafe,
): AsyncIterable<Uint8Array> {
  await using handle = await open(file.location).catch(error => {
    throw unreadable(file.path, error);
  });
  let left = file.size;
  while (left > 0) {
    signal.throwIfAborted();
    const { bytesRead, buffer } = await handle.read(allocate(Math.min(left, pieceSize)));
    if (bytesRead === 0) throw changed(file);
    left -= bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
  const { size } = await handle.stat();
  if (size !== file.size) throw changed(file);
}

function changed({ path }: FileEntry): UserError {
  return new UserError(`"${path}" changed while it was being read. Run again when nothing writes to the app folder.`);
}

/** Hex SHA-256 over paths, modes and contents of `entries` in their order, and over `extra`. */
export async function hashOf(entries: readonly Entry[], extra: string, signal: AbortSignal): Promise<string> {
  const digests = await atMost(filesAtOnce, entries, entry => digestOf(entry, signal));
  const lines = entries.map((entry, index) => JSON.stringify([entry.path, entry.kind, digests[index]]));
  return createHash('sha256')
    .update([extra, ...lines].join('\n'))
    .digest('hex');
}

async function digestOf(entry: Entry, signal: AbortSignal): Promise<string> {
  if (entry.kind === 'folder') return '';
  if (entry.kind === 'link') return entry.target;
  const hash = createHash('sha256');
  // A piece is hashed before the next is read, so that all may share one memory.
  const memory = Buffer.allocUnsafe(Math.min(entry.size, pieceSize));
  for await (const piece of piecesOf(entry, signal, size => memory.subarray(0, size))) hash.update(piece);
  return `${entry.executable ? 'x' : '-'}${hash.digest('hex')}`;
}
