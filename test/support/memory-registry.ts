import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { packTar, type TarEntry } from 'modern-tar';
import type { ImageRegistry } from '../../src/flows/ports.ts';

/** Entries of a layer: texts of files by path; a path that ends in a slash is a folder. */
export type LayerFiles = Readonly<Record<string, string>>;

/** A gzip layer with these files, in their order. */
export async function layerOf(files: LayerFiles, links: readonly TarEntry[] = []): Promise<Buffer> {
  return gzipSync(await tarOf(files, links));
}

/** The archive of a layer. */
export function tarOf(files: LayerFiles, links: readonly TarEntry[] = []): Promise<Uint8Array> {
  const entries = Object.entries(files).map(([name, body]): TarEntry => {
    if (name.endsWith('/')) return { header: { name, size: 0, type: 'directory' } };
    return { header: { name, size: Buffer.byteLength(body) }, body };
  });
  return packTar([...entries, ...links]);
}

/** Files of an app as they are in a layer. */
export function inApp(files: LayerFiles, root = 'home/site/wwwroot'): LayerFiles {
  return Object.fromEntries(Object.entries(files).map(([path, text]) => [`${root}/${path}`, text]));
}

/** Configuration of an image beyond its layers. */
export interface MemoryConfig {
  readonly Env?: readonly string[];
  readonly Labels?: Readonly<Record<string, string>>;
  readonly history?: readonly object[];
}

/** A layer that is not kept: its size, and how its bytes come. */
export interface StreamedLayer {
  readonly digest: string;
  readonly size: number;
  readonly open: (signal: AbortSignal) => AsyncIterable<Uint8Array>;
}

const ociManifest = 'application/vnd.oci.image.manifest.v1+json';
const pieceSize = 64 * 1024;

/** Images in memory behind the port, and what was read of them. */
export class MemoryRegistry implements ImageRegistry {
  /** Digests of the layers that were opened, in order. */
  readonly opened: string[] = [];
  /** Bytes of layers that were taken. */
  taken = 0;
  /** Layers whose download was ended before or at its end. */
  closed = 0;
  readonly #blobs = new Map<string, Buffer>();
  readonly #streams = new Map<string, StreamedLayer>();
  readonly #manifests = new Map<string, { readonly mediaType: string; readonly content: Buffer }>();

  /** Puts an image of these layers, the lowest first, under a tag; says the digests of the manifest and of the layers. */
  add(
    tag: string,
    layers: readonly (Buffer | StreamedLayer)[],
    { history, ...config }: MemoryConfig = {},
  ): { readonly digest: string; readonly layers: readonly string[] } {
    const stored = layers.map(layer => this.#addLayer(layer));
    const text = JSON.stringify({
      config,
      history,
      rootfs: { type: 'layers', diff_ids: stored.map(({ digest }) => digest) },
    });
    const content = JSON.stringify({
      schemaVersion: 2,
      mediaType: ociManifest,
      config: { mediaType: 'application/vnd.oci.image.config.v1+json', ...this.#addBlob(Buffer.from(text)) },
      layers: stored.map(layer => ({ mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', ...layer })),
    });
    return { digest: this.#addManifest(tag, ociManifest, content), layers: stored.map(({ digest }) => digest) };
  }

  /** Puts an index that leads to a manifest for each platform; says its digest. */
  addIndex(tag: string, platforms: Readonly<Record<string, string>>): string {
    const manifests = Object.entries(platforms).map(([platform, digest]) => {
      const [os, architecture] = platform.split('/');
      return { mediaType: ociManifest, digest, size: 1, platform: { os, architecture } };
    });
    const type = 'application/vnd.oci.image.index.v1+json';
    return this.#addManifest(tag, type, JSON.stringify({ schemaVersion: 2, mediaType: type, manifests }));
  }

  async fetchManifest(_: string, name: string) {
    const found = this.#manifests.get(name);
    if (!found) throw new Error(`no manifest ${name}`);
    return { digest: digestOf(found.content), ...found };
  }

  async fetchBlob(_: string, digest: string) {
    const found = this.#blobs.get(digest);
    if (!found) throw new Error(`no blob ${digest}`);
    return found;
  }

  async *streamBlob(_: string, digest: string, signal: AbortSignal): AsyncIterable<Uint8Array> {
    this.opened.push(digest);
    const pieces = this.#streams.get(digest)?.open(signal) ?? piecesOf(this.#blobs.get(digest) ?? Buffer.alloc(0));
    try {
      for await (const piece of pieces) {
        signal.throwIfAborted();
        this.taken += piece.length;
        yield piece;
      }
    } finally {
      this.closed += 1;
    }
  }

  begin = () => {};
  findDigest = async (_: string, name: string) => (await this.fetchManifest(_, name)).digest;
  hasBlob = notUsed;
  mountBlob = notUsed;
  uploadBlob = notUsed;
  putManifest = notUsed;
  listTags = notUsed;
  deleteManifest = notUsed;

  #addLayer(layer: Buffer | StreamedLayer) {
    if (Buffer.isBuffer(layer)) return this.#addBlob(layer);
    this.#streams.set(layer.digest, layer);
    return { digest: layer.digest, size: layer.size };
  }

  #addBlob(content: Buffer) {
    const digest = digestOf(content);
    this.#blobs.set(digest, content);
    return { digest, size: content.length };
  }

  #addManifest(tag: string, mediaType: string, text: string): string {
    const content = Buffer.from(text);
    const digest = digestOf(content);
    for (const name of [tag, digest]) this.#manifests.set(name, { mediaType, content });
    return digest;
  }
}

async function* piecesOf(content: Buffer): AsyncIterable<Uint8Array> {
  for (let start = 0; start < content.length; start += pieceSize) yield content.subarray(start, start + pieceSize);
}

function notUsed(): Promise<never> {
  return Promise.reject(new Error('not used'));
}

function digestOf(content: Uint8Array): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`;
}
