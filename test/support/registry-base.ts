import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { RegistryServer } from './registry-server.ts';

/** Puts a base image with `layers` small layers into the repository, as an index of two platforms; says its digests. */
export function addBaseImage(
  server: RegistryServer,
  repository: string,
  tag: string,
  layers = 2,
): { readonly layers: readonly string[] } {
  const contents = Array.from({ length: layers }, (_, index) => `layer ${index} of the base`);
  const stored = contents.map(content => server.addBlob(repository, gzipSync(content)));
  const config = server.addBlob(
    repository,
    JSON.stringify({
      architecture: 'amd64',
      os: 'linux',
      created: '2026-01-01T00:00:00Z',
      config: { Env: ['PATH=/usr/bin', 'ASPNETCORE_URLS=http://+:80'], Cmd: ['/opt/startup/start_nonappservice.sh'] },
      rootfs: {
        type: 'layers',
        diff_ids: contents.map(content => `sha256:${createHash('sha256').update(content).digest('hex')}`),
      },
      history: contents.map(() => ({ created_by: 'base' })),
    }),
  );
  const type = 'application/vnd.oci.image.manifest.v1+json';
  const layerType = 'application/vnd.oci.image.layer.v1.tar+gzip';
  const digest = server.addManifest(repository, 'amd64', type, {
    schemaVersion: 2,
    mediaType: type,
    config: { mediaType: 'application/vnd.oci.image.config.v1+json', ...config },
    layers: stored.map(layer => ({ mediaType: layerType, ...layer })),
  });
  const size = server.manifests.get(`${repository}@${digest}`)?.content.length ?? 0;
  server.addManifest(repository, tag, 'application/vnd.oci.image.index.v1+json', {
    schemaVersion: 2,
    manifests: [{ mediaType: type, digest, size, platform: { os: 'linux', architecture: 'amd64' } }],
  });
  return { layers: stored.map(layer => layer.digest) };
}
