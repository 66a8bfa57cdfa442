import type { ImageReference } from '../core/image.ts';
import { isRecord, parseJson } from '../core/image-json.ts';
import type { ImageRegistry } from './ports.ts';

/** The repository of an app and how to reach it. */
export interface ImageRepository {
  readonly registry: ImageRegistry;
  readonly host: string;
  readonly repository: string;
}

/** The manifests of a repository that can be known: of each tag, of recorded releases, and those that an index lists. */
export async function findManifests(
  { registry, host, repository }: ImageRepository,
  recorded: readonly ImageReference[],
  signal: AbortSignal,
): Promise<readonly string[]> {
  const own = recorded.filter(image => image.host === host && image.repository === repository);
  const names = [...(await registry.listTags(repository, signal)), ...own.flatMap(image => image.digest ?? [])];
  const found = new Set<string>();
  for (const name of new Set(names)) {
    const digest = await registry.findDigest(repository, name, signal);
    if (digest === undefined || found.has(digest)) continue;
    found.add(digest);
    for (const child of await childrenOf({ registry, host, repository }, digest, signal)) found.add(child);
  }
  return [...found];
}

/** Deletes manifests, and the tags of them that a registry leaves behind; tells `onDeleted` each digest that was there. */
export async function removeManifests(
  { registry, repository }: ImageRepository,
  digests: readonly string[],
  onDeleted: (digest: string) => void,
  signal: AbortSignal,
): Promise<void> {
  // A tag that was pushed since the manifests were found is somebody's new image.
  const isFound = async (tag: string) => digests.includes((await registry.findDigest(repository, tag, signal)) ?? '');
  const tags: string[] = [];
  for (const tag of await registry.listTags(repository, signal)) if (await isFound(tag)) tags.push(tag);
  for (const digest of digests) if (await registry.deleteManifest(repository, digest, signal)) onDeleted(digest);
  for (const tag of tags) if (await isFound(tag)) await registry.deleteManifest(repository, tag, signal);
}

async function childrenOf(
  { registry, repository }: ImageRepository,
  digest: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { content } = await registry.fetchManifest(repository, digest, signal);
  const manifest = parseJson(Buffer.from(content).toString('utf8'));
  if (!isRecord(manifest) || !Array.isArray(manifest.manifests)) return [];
  return manifest.manifests.flatMap((child: unknown) =>
    isRecord(child) && typeof child.digest === 'string' ? [child.digest] : [],
  );
}
