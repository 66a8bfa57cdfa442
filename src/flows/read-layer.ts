import { createHash, type Hash } from 'node:crypto';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { createTarDecoder, type ParsedTarEntry } from 'modern-tar';
import type { LayerEntry } from '../core/image-files.ts';
import type { Descriptor } from '../core/image-manifest.ts';
import { UserError } from '../errors.ts';

/** How much of an image is read before it counts as a mistake or an attack. */
export interface LayerBounds {
  /** Bytes over the network, all layers together. */
  readonly download: number;
  /** Bytes after decompression, all layers together. */
  readonly unpacked: number;
  /** Files, folders and links of all layers together. */
  readonly entries: number;
}

/** What is left of the bounds; shared by the layers of one image. */
export type LayerBudget = { -readonly [Key in keyof LayerBounds]: LayerBounds[Key] };

/** Takes the entries of a layer. */
export interface LayerVisitor {
  /** `true` when the text of the entry is wanted. */
  add(entry: LayerEntry): boolean;
  addText(entry: LayerEntry, text: string): void;
  /** `true` as soon as the rest of the layer does not matter. */
  readonly isComplete: boolean;
}

/** One layer, and what is to be done with it. */
export interface LayerReading {
  readonly layer: Descriptor;
  /** Starts the download, which the signal ends. */
  readonly open: (signal: AbortSignal) => AsyncIterable<Uint8Array>;
  readonly visitor: LayerVisitor;
  readonly budget: LayerBudget;
  readonly signal: AbortSignal;
}

/**
 * Reads the archive of a layer entry by entry, never as a whole, and ends the download when the visitor has what it
 * needs. The digest is checked when the layer was read to its end. Throws UserError for a layer that is damaged or
 * exceeds the budget.
 */
export async function readLayer({ layer, open, visitor, budget, signal }: LayerReading): Promise<void> {
  const stop = new AbortController();
  const linked = AbortSignal.any([signal, stop.signal]);
  const hash = createHash('sha256');
  const decoder = createTarDecoder({ strict: true });
  const packed = countedPieces(open(linked), layer, budget, hash);
  const unpacked = bounded(decompressed(packed), layer, budget);
  const piping = ReadableStream.from(unpacked).pipeTo(decoder.writable, { signal: linked });
  // Whoever reads the entries sees why the archive could not be read.
  piping.catch(() => undefined);
  try {
    for await (const entry of decoder.readable) {
      budget.entries -= 1;
      if (budget.entries < 0) throw tooMuch(layer, 'too many files');
      await visit(entry, visitor);
      if (visitor.isComplete) return;
    }
    assertDigest(hash, layer);
  } catch (error) {
    signal.throwIfAborted();
    throw error instanceof UserError ? error : damaged(layer, error);
  } finally {
    stop.abort();
    await piping.catch(() => undefined);
  }
}

async function visit({ header, body }: ParsedTarEntry, visitor: LayerVisitor): Promise<void> {
  const entry: LayerEntry = {
    path: header.name,
    kind: kinds[header.type ?? 'file'] ?? 'other',
    size: header.size,
    target: header.linkname,
  };
  if (!visitor.add(entry)) return body.cancel();
  const decoder = new TextDecoder();
  let text = '';
  for await (const piece of body) text += decoder.decode(piece, { stream: true });
  visitor.addText(entry, text + decoder.decode());
}

const kinds: Readonly<Partial<Record<NonNullable<ParsedTarEntry['header']['type']>, LayerEntry['kind']>>> = {
  file: 'file',
  directory: 'folder',
  symlink: 'link',
  link: 'hard link',
};

/** The pieces as they come, counted and hashed; no more of them than the manifest says. */
async function* countedPieces(
  pieces: AsyncIterable<Uint8Array>,
  layer: Descriptor,
  budget: LayerBudget,
  hash: Hash,
): AsyncIterable<Uint8Array> {
  let left = layer.size;
  for await (const piece of pieces) {
    left -= piece.length;
    budget.download -= piece.length;
    if (left < 0) throw damaged(layer, new Error('it is longer than its manifest says'));
    if (budget.download < 0) throw tooMuch(layer, 'too many bytes');
    hash.update(piece);
    yield piece;
  }
}

async function* bounded(pieces: AsyncIterable<Uint8Array>, layer: Descriptor, budget: LayerBudget) {
  for await (const piece of pieces) {
    budget.unpacked -= piece.length;
    if (budget.unpacked < 0) throw tooMuch(layer, 'too many bytes after decompression');
    yield piece;
  }
}

type Decompressor = ReturnType<typeof createGunzip> | ReturnType<typeof createZstdDecompress>;

/** By the first bytes, since registries and tools do not agree on media types; anything else is taken as not compressed. */
const decompressors: readonly (readonly [magic: readonly number[], open: () => Decompressor])[] = [
  [[0x1f, 0x8b], () => createGunzip()],
  [[0x28, 0xb5, 0x2f, 0xfd], () => createZstdDecompress()],
];

async function* decompressed(pieces: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  const rest = pieces[Symbol.asyncIterator]();
  let start = Buffer.alloc(0);
  let ended = false;
  while (start.length < 4 && !ended) {
    const { value, done } = await rest.next();
    if (done) ended = true;
    else start = Buffer.concat([start, value]);
  }
  const all = startingWith(start, rest);
  const open = decompressors.find(([magic]) => magic.every((byte, index) => start[index] === byte))?.[1];
  if (!open) yield* all;
  else yield* through(open(), all);
}

async function* startingWith(start: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncIterable<Uint8Array> {
  try {
    yield start;
    for (;;) {
      const { value, done } = await rest.next();
      if (done) return;
      yield value;
    }
  } finally {
    await rest.return?.();
  }
}

async function* through(stream: Decompressor, pieces: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  const feeding = feed(stream, pieces).catch(error => stream.destroy(error));
  try {
    yield* stream;
  } finally {
    stream.destroy();
    await feeding;
  }
}

async function feed(stream: Decompressor, pieces: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const piece of pieces) {
    await new Promise<void>((resolve, reject) => {
      stream.write(piece, error => (error ? reject(error) : resolve()));
    });
  }
  stream.end();
}

function assertDigest(hash: Hash, layer: Descriptor): void {
  const digest = `sha256:${hash.digest('hex')}`;
  if (digest !== layer.digest) throw damaged(layer, new Error(`its content has digest "${digest}"`));
}

function damaged({ digest }: Descriptor, cause: unknown): UserError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new UserError(
    `Layer "${digest}" of the image cannot be read (${reason.replace(/\.$/, '')}). Push the image again.`,
    { cause },
  );
}

function tooMuch({ digest }: Descriptor, what: string): UserError {
  return new UserError(
    `The image has ${what} to look for its functions, in layer "${digest}". Put the app into a layer at the top of its image, or read the functions from the folder of the app.`,
  );
}
