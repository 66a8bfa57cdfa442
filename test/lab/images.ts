import { createHash } from 'node:crypto';
import { packTar, type TarEntry } from 'modern-tar';
import { UserError } from '../../src/errors.ts';

/** A file of an image's only layer. */
export interface ImageFile {
  readonly path: string;
  readonly content: string | Uint8Array;
  readonly executable?: boolean;
}

/** A small image: one layer, one command. */
export interface SmallImage {
  /** `repository:tag`. */
  readonly name: string;
  readonly files: readonly ImageFile[];
  readonly entrypoint: readonly string[];
}

/** Pushes an image to a registry without sign-in; gives `registry/repository@digest`. */
export async function pushImage(registry: string, { name, files, entrypoint }: SmallImage): Promise<string> {
  const [repository = name, tag = 'latest'] = name.split(':');
  const layer = await packTar(files.map(entryOf));
  const config = JSON.stringify({
    ...{ os: 'linux', architecture: process.arch === 'x64' ? 'amd64' : process.arch },
    config: { Entrypoint: entrypoint },
    rootfs: { type: 'layers', diff_ids: [digestOf(layer)] },
  });
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: descriptorOf('application/vnd.oci.image.config.v1+json', Buffer.from(config)),
    layers: [descriptorOf('application/vnd.oci.image.layer.v1.tar', layer)],
  });
  const base = `http://${registry}/v2/${repository}`;
  for (const blob of [layer, Buffer.from(config)]) await pushBlob(base, blob);
  await put(`${base}/manifests/${tag}`, Buffer.from(manifest), 'application/vnd.oci.image.manifest.v1+json');
  return `${registry}/${repository}@${digestOf(Buffer.from(manifest))}`;
}

function entryOf({ path, content, executable }: ImageFile): TarEntry {
  const body = typeof content === 'string' ? Buffer.from(content) : content;
  return { header: { name: path, size: body.length, mode: executable ? 0o755 : 0o644, mtime: new Date(0) }, body };
}

function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

function descriptorOf(mediaType: string, bytes: Uint8Array): object {
  return { mediaType, digest: digestOf(bytes), size: bytes.length };
}

async function pushBlob(base: string, bytes: Uint8Array): Promise<void> {
  const begun = await fetch(`${base}/blobs/uploads/`, { method: 'POST' });
  const location = new URL(begun.headers.get('location') ?? '', base);
  location.searchParams.set('digest', digestOf(bytes));
  await put(location.href, bytes, 'application/octet-stream');
}

async function put(url: string, bytes: Uint8Array, type: string): Promise<void> {
  const body = new Blob([Uint8Array.from(bytes)]);
  const response = await fetch(url, { method: 'PUT', body, headers: { 'content-type': type } });
  if (!response.ok) throw new UserError(`The registry refused "${url}" (${response.status}): ${await response.text()}`);
}
