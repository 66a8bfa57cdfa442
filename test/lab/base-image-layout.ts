import { createHash } from 'node:crypto';
import { link, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Layer } from './base-image-layers.ts';

const types = {
  index: 'application/vnd.oci.image.index.v1+json',
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar+gzip',
};

/** Writes an OCI image layout of one image into the empty `folder`; layers are hard links to the cache. */
export async function writeImageLayout(folder: string, layers: readonly Layer[], config: object): Promise<void> {
  const blobs = join(folder, 'blobs', 'sha256');
  await mkdir(blobs, { recursive: true });
  for (const layer of layers) await link(layer.file, join(blobs, hexOf(layer.digest)));
  const image = await writeBlob(blobs, types.config, {
    architecture: process.arch === 'x64' ? 'amd64' : process.arch,
    os: 'linux',
    created: new Date(0).toISOString(),
    config,
    rootfs: { type: 'layers', diff_ids: layers.map(layer => layer.diffId) },
  });
  const manifest = await writeBlob(blobs, types.manifest, {
    schemaVersion: 2,
    mediaType: types.manifest,
    config: image,
    layers: layers.map(({ digest, size }) => ({ mediaType: types.layer, digest, size })),
  });
  const index = { schemaVersion: 2, mediaType: types.index, manifests: [manifest] };
  await writeFile(join(folder, 'index.json'), JSON.stringify(index));
  await writeFile(join(folder, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }));
}

async function writeBlob(folder: string, mediaType: string, content: object) {
  const bytes = Buffer.from(JSON.stringify(content));
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  await writeFile(join(folder, hexOf(digest)), bytes);
  return { mediaType, digest, size: bytes.length };
}

function hexOf(digest: string): string {
  return digest.replace('sha256:', '');
}
