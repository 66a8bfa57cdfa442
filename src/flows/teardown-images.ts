import { atMost } from '../core/concurrency.ts';
import { type ImageReference, parseImageReference } from '../core/image.ts';
import { builtLabel } from '../core/image-config.ts';
import { decideRemoval, type ImageRemoval, type StoredImage } from '../core/image-removal.ts';
import { isRecord, parseJson } from '../core/json.ts';
import type { Release } from '../core/release.ts';
import { findImageUsers, type ImageUser, type UsedBy } from './image-users.ts';
import type { ImageRegistry } from './ports.ts';

/** The repository of an app and how to reach it. */
export interface ImageRepository {
  readonly registry: ImageRegistry;
  readonly host: string;
  readonly repository: string;
}

/** How many requests are made at once. */
const parallel = 8;
const decoder = new TextDecoder();

/**
 * What is to go of a repository: of all that can be known of it (each tag, what recorded releases refer to, what an index lists)
 * that which the app alone has to do with.
 */
export async function findImages(
  images: ImageRepository,
  releases: readonly Release[],
  users: UsedBy,
  signal: AbortSignal,
): Promise<ImageRemoval> {
  const isHere = ({ host, repository }: ImageReference) => host === images.host && repository === images.repository;
  const recorded = new Set(
    releases.flatMap(({ image }) => {
      const reference = parseImageReference(image);
      return isHere(reference) ? (reference.digest ?? []) : [];
    }),
  );
  const [stored, used] = await Promise.all([listStored(images, recorded, signal), findImageUsers(users, isHere)]);
  return decideRemoval(stored, {
    recorded,
    ownTags: new Set(releases.flatMap(({ tags = [] }) => tags)),
    users: new Map(used.map(user => [digestOf(user, stored), user.name])),
  });
}

/** Deletes images, their parts after them, and the tags that a registry leaves behind; tells `onDeleted` what was there, e.g. `@sha256:…`, `:v1`. */
export async function removeImages(
  { registry, repository }: ImageRepository,
  { digests, tags: ownTags }: ImageRemoval,
  onDeleted: (name: string) => void,
  signal: AbortSignal,
): Promise<void> {
  // A tag that was pushed since the images were found is somebody's new image.
  const isFound = async (tag: string) => digests.includes((await registry.findDigest(repository, tag, signal)) ?? '');
  const tags: string[] = [];
  for (const tag of await registry.listTags(repository, signal)) if (await isFound(tag)) tags.push(tag);
  for (const digest of digests) if (await registry.deleteManifest(repository, digest, signal)) onDeleted(`@${digest}`);
  for (const tag of tags) if (await isFound(tag)) await registry.deleteManifest(repository, tag, signal);
  for (const tag of ownTags) if (await registry.deleteManifest(repository, tag, signal)) onDeleted(`:${tag}`);
}

async function listStored(
  images: ImageRepository,
  recorded: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<readonly StoredImage[]> {
  const { registry, repository } = images;
  const tags = await registry.listTags(repository, signal);
  const pairs = await atMost(parallel, [...tags, ...recorded], async name => {
    const digest = await registry.findDigest(repository, name, signal);
    return { digest, tag: name.includes(':') ? undefined : name };
  });
  const tagsOf = new Map<string, readonly string[]>();
  for (const { digest, tag } of pairs)
    if (digest !== undefined) tagsOf.set(digest, [...(tagsOf.get(digest) ?? []), ...(tag === undefined ? [] : [tag])]);
  const read = (digest: string) => readStored(images, digest, tagsOf.get(digest) ?? [], signal);
  const named = await atMost(parallel, [...tagsOf.keys()], read);
  const parts = new Set(named.flatMap(image => image.parts).filter(digest => !tagsOf.has(digest)));
  return [...named, ...(await atMost(parallel, [...parts], read))];
}

async function readStored(
  { registry, repository }: ImageRepository,
  digest: string,
  tags: readonly string[],
  signal: AbortSignal,
): Promise<StoredImage> {
  const { content } = await registry.fetchManifest(repository, digest, signal);
  const manifest = parseJson(decoder.decode(content));
  const parts = isRecord(manifest) && Array.isArray(manifest.manifests) ? manifest.manifests.flatMap(digestIn) : [];
  const [config] = isRecord(manifest) ? digestIn(manifest.config) : [];
  const isBuilt =
    config !== undefined && hasBuiltLabel(decoder.decode(await registry.fetchBlob(repository, config, signal)));
  return { digest, tags, parts, isBuilt };
}

function digestIn(descriptor: unknown): readonly string[] {
  return isRecord(descriptor) && typeof descriptor.digest === 'string' ? [descriptor.digest] : [];
}

function hasBuiltLabel(text: string): boolean {
  const value = parseJson(text);
  const config = isRecord(value) && isRecord(value.config) ? value.config : {};
  return isRecord(config.Labels) && builtLabel in config.Labels;
}

/** Somebody may use an image by a tag, which leads to one of those that are stored. */
function digestOf({ image }: ImageUser, stored: readonly StoredImage[]): string {
  const { digest, tag = 'latest' } = image;
  return digest ?? stored.find(({ tags }) => tags.includes(tag))?.digest ?? '';
}
