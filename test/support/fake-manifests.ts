import type { ImageRegistry } from '../../src/flows/ports.ts';

function unused(): never {
  throw new Error('not for manifests');
}

/** A registry that holds manifests alone: digests by tag or digest. */
export function registryOf(manifests: Map<string, string>): ImageRegistry {
  return {
    listTags: async () => [...manifests.keys()].filter(name => !name.startsWith('sha256:')),
    findDigest: async (_repository, name) => manifests.get(name),
    fetchManifest: async (_repository, name) => ({ digest: name, mediaType: '', content: Buffer.from('{}') }),
    deleteManifest: async (_repository, name) => manifests.delete(name),
    begin: unused,
    fetchBlob: unused,
    streamBlob: unused,
    hasBlob: unused,
    mountBlob: unused,
    uploadBlob: unused,
    putManifest: unused,
  };
}
