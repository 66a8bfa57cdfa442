import { type ImageReference, parseImageReference } from '../core/image.ts';
import { labelKeys } from '../core/names.ts';
import { parseRelease } from '../core/release.ts';
import { RemoteError, UserError } from '../errors.ts';
import type { Cluster, Kind, LiveObject } from './cluster-port.ts';
import type { Log } from './ports.ts';

/** Something of others that needs an image. */
export interface ImageUser {
  /** E.g. `Deployment "shop" in the namespace "live"`. */
  readonly name: string;
  readonly image: ImageReference;
}

/** Where to look for users, and whose own objects do not count. */
export interface UsedBy {
  readonly cluster: Cluster;
  readonly log: Log;
  readonly name: string;
  readonly namespace: string;
}

/** Kinds whose pods pull images, now or when they are scaled up. */
export const pullingKinds = [
  'Deployment',
  'StatefulSet',
  'DaemonSet',
  'Job',
  'CronJob',
  'Pod',
] as const satisfies readonly Kind[];

/**
 * What other apps and other namespaces need of the images that count: running workloads, and recorded releases that somebody may
 * go back to. What may not be read is said in a notice, and then only the app's own namespace is looked at.
 */
export async function findImageUsers(
  used: UsedBy,
  counts: (image: ImageReference) => boolean,
): Promise<readonly ImageUser[]> {
  const unread = new Set<string>();
  const others = async (kind: Kind, labels?: string): Promise<readonly LiveObject[]> => {
    const selection = labels === undefined ? {} : { labels };
    const all: readonly LiveObject[] = await used.cluster.list(kind, '', selection).catch(error => {
      if (!(error instanceof RemoteError && error.status === 403)) throw error;
      unread.add(kind);
      return used.cluster.list(kind, used.namespace, selection);
    });
    return all.filter(object => !isOf(object, used));
  };
  const [records, ...workloads] = await Promise.all([
    others('Secret', labelKeys.release),
    ...pullingKinds.map(async kind => (await others(kind)).flatMap(object => usersIn(kind, object))),
  ]);
  if (unread.size > 0)
    used.log.notice(
      `The identity of the kubeconfig may not list ${[...unread].join(', ')} of all namespaces. Images that other namespaces use are not known as such.`,
    );
  return [...records.flatMap(recordedIn), ...workloads.flat()].filter(({ image }) => counts(image));
}

/** Whether an object is of the app itself. */
export function isOf({ metadata }: LiveObject, { name, namespace }: Pick<UsedBy, 'name' | 'namespace'>): boolean {
  return metadata?.namespace === namespace && metadata?.labels?.[labelKeys.app] === name;
}

function usersIn(kind: Kind, object: LiveObject): readonly ImageUser[] {
  return imagesIn(object).map(image => ({ name: nameOf(kind, object), image }));
}

/** Every image that an object names, wherever it has its pods. */
export function imagesIn(object: LiveObject): readonly ImageReference[] {
  return [...JSON.stringify(object).matchAll(/"image":"([^"]+)"/g)].flatMap(match => imageOf(match[1] ?? ''));
}

function recordedIn(object: LiveObject): readonly ImageUser[] {
  const record: LiveObject & { readonly data?: Readonly<Record<string, string>> } = object;
  const release = parseRelease(record.data);
  const name = `Release ${release?.number} of ${nameOf('Secret', object)}`;
  return imageOf(release?.image ?? '').map(image => ({ name, image }));
}

function nameOf(kind: Kind, { metadata }: LiveObject): string {
  return `${kind} "${metadata?.name}" in the namespace "${metadata?.namespace}"`;
}

/** A text that is no image cannot be pulled from anywhere. */
function imageOf(text: string): readonly ImageReference[] {
  try {
    return [parseImageReference(text)];
  } catch (error) {
    if (error instanceof UserError) return [];
    throw error;
  }
}
