import { formatImageReference, type ImageReference, manifestName } from '../core/image.ts';
import { type ImageConfig, parseImageConfig } from '../core/image-config.ts';
import { digestFor, type ImageManifest, type Platform, parseManifest } from '../core/image-manifest.ts';
import { UserError } from '../errors.ts';
import type { ImageRegistry } from './ports.ts';

/** An image of one platform. */
export interface PlatformImage {
  /** Digest that the name led to: of the index where there is one. */
  readonly indexDigest: string;
  /** Digest of the platform's own manifest. */
  readonly digest: string;
  readonly manifest: ImageManifest;
}

const decoder = new TextDecoder();

/** The manifest of an image for one platform, through its index where it has one. */
export async function fetchImage(
  registry: ImageRegistry,
  image: ImageReference,
  { platform, signal }: { readonly platform: Platform; readonly signal: AbortSignal },
): Promise<PlatformImage> {
  const name = formatImageReference(image);
  const fetch = async (reference: string) => {
    const stored = await registry.fetchManifest(image.repository, reference, signal);
    return { digest: stored.digest, manifest: parseManifest(decoder.decode(stored.content), stored.mediaType, name) };
  };
  const first = await fetch(manifestName(image));
  const chosen = first.manifest.kind === 'index' ? await fetch(digestFor(first.manifest, platform, name)) : first;
  if (chosen.manifest.kind === 'image')
    return { indexDigest: first.digest, digest: chosen.digest, manifest: chosen.manifest };
  throw new UserError(`The index of "${name}" leads to another index. Name the image of the platform instead.`);
}

/** The configuration of an image. */
export async function fetchConfig(
  registry: ImageRegistry,
  image: ImageReference,
  { manifest }: PlatformImage,
  signal: AbortSignal,
): Promise<ImageConfig> {
  const content = await registry.fetchBlob(image.repository, manifest.config.digest, signal);
  return parseImageConfig(decoder.decode(content), formatImageReference(image));
}
