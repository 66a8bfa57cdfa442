import { UserError } from '../errors.ts';
import { isRecord, parseJson } from './json.ts';

/** A blob by digest, as manifests refer to it; `size` in bytes. */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

/** A manifest of one platform. */
export interface ImageManifest {
  readonly kind: 'image';
  readonly mediaType: string;
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
}

/** A list of manifests, one per platform. */
export interface ImageIndex {
  readonly kind: 'index';
  readonly entries: readonly { readonly digest: string; readonly platform: string }[];
}

/** Operating system and processor, as the input `platform` takes them. */
export type Platform = 'linux/amd64' | 'linux/arm64';

const ociManifest = 'application/vnd.oci.image.manifest.v1+json';
const ociIndex = 'application/vnd.oci.image.index.v1+json';
const dockerManifest = 'application/vnd.docker.distribution.manifest.v2+json';
const dockerIndex = 'application/vnd.docker.distribution.manifest.list.v2+json';

/** Media types of manifests that we understand, for the `Accept` header. */
export const manifestTypes: readonly string[] = [ociManifest, ociIndex, dockerManifest, dockerIndex];

const layerTypes: Readonly<Record<string, string>> = {
  [ociManifest]: 'application/vnd.oci.image.layer.v1.tar+gzip',
  [dockerManifest]: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
};

/** The manifest or index in `text`; `image` names it in the UserError for one we cannot read. */
export function parseManifest(text: string, contentType: string, image: string): ImageManifest | ImageIndex {
  const value = parseJson(text);
  if (isRecord(value) && value.schemaVersion === 2) {
    const mediaType = typeof value.mediaType === 'string' ? value.mediaType : contentType.split(';')[0]?.trim();
    if (Array.isArray(value.manifests)) return { kind: 'index', entries: value.manifests.flatMap(indexEntry) };
    const config = descriptor(value.config);
    const layers = Array.isArray(value.layers) ? value.layers.map(descriptor) : [];
    const known = layers.filter(layer => layer !== undefined);
    if (config && mediaType !== undefined && mediaType in layerTypes && known.length === layers.length) {
      return { kind: 'image', mediaType, config, layers: known };
    }
  }
  throw new UserError(
    `The manifest of "${image}" is neither of OCI nor of Docker schema 2. Push the image again with a current tool.`,
  );
}

function descriptor(value: unknown): Descriptor | undefined {
  if (!isRecord(value)) return undefined;
  const { mediaType, digest, size } = value;
  if (typeof mediaType !== 'string' || typeof digest !== 'string' || typeof size !== 'number') return undefined;
  return { mediaType, digest, size };
}

function indexEntry(value: unknown): ImageIndex['entries'] {
  if (!isRecord(value) || typeof value.digest !== 'string' || !isRecord(value.platform)) return [];
  return [{ digest: value.digest, platform: `${value.platform.os}/${value.platform.architecture}` }];
}

/** Digest of the manifest for `platform`; throws UserError when the index has none. */
export function digestFor(index: ImageIndex, platform: Platform, image: string): string {
  const entry = index.entries.find(candidate => candidate.platform === platform);
  if (entry) return entry.digest;
  const known = index.entries.map(candidate => candidate.platform).filter(name => !name.startsWith('unknown'));
  throw new UserError(
    `Image "${image}" has no variant for platform "${platform}", only for ${known.join(', ') || 'none'}. Set input "platform" or choose another image.`,
  );
}

/** Media type of a gzip layer in the family of the base's manifest. */
export function layerTypeFor(base: ImageManifest): string {
  return layerTypes[base.mediaType] ?? 'application/vnd.oci.image.layer.v1.tar+gzip';
}

/** Text of the manifest of `base` with one more layer and another configuration; the same input gives the same bytes. */
export function layeredManifest(
  base: ImageManifest,
  config: Pick<Descriptor, 'digest' | 'size'>,
  layer: Descriptor,
): string {
  const { mediaType, layers } = base;
  return JSON.stringify({
    schemaVersion: 2,
    mediaType,
    config: plain({ mediaType: base.config.mediaType, ...config }),
    layers: [...layers, layer].map(plain),
  });
}

// One order of keys, whatever the order in the base.
function plain({ mediaType, digest, size }: Descriptor): Descriptor {
  return { mediaType, digest, size };
}
