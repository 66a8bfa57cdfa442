import { builtLabel } from '../../src/core/image-config.ts';
import type { ImageRegistry } from '../../src/flows/ports.ts';

function unused(): never {
  throw new Error('not for manifests');
}

/** What the images of a registry are, where they differ from images that were built here. */
export interface FakeImages {
  /** Digests of images that somebody else made. */
  readonly foreign?: readonly string[];
  /** Parts of each index by its digest. */
  readonly indexes?: Readonly<Record<string, readonly string[]>>;
}

/** A registry that holds manifests alone: digests by tag or digest. */
export function registryOf(
  manifests: Map<string, string>,
  { foreign = [], indexes = {} }: FakeImages = {},
): ImageRegistry {
  const contentOf = (digest: string) => {
    const parts = indexes[digest];
    return parts ? { manifests: parts.map(part => ({ digest: part })) } : { config: { digest } };
  };
  return {
    listTags: async () => [...manifests.keys()].filter(name => !name.startsWith('sha256:')),
    findDigest: async (_repository, name) => manifests.get(name),
    fetchManifest: async (_repository, name) => ({
      digest: name,
      mediaType: '',
      content: Buffer.from(JSON.stringify(contentOf(name))),
    }),
    fetchBlob: async (_repository, digest) =>
      Buffer.from(JSON.stringify({ config: { Labels: foreign.includes(digest) ? {} : { [builtLabel]: 'x' } } })),
    deleteManifest: async (_repository, name) => manifests.delete(name),
    begin: unused,
    streamBlob: unused,
    hasBlob: unused,
    mountBlob: unused,
    uploadBlob: unused,
    putManifest: unused,
  };
}
