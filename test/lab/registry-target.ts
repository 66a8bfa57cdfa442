import type { RegistryAction } from './registry-users.ts';

/** What a request of the distribution API is about. */
export interface RegistryTarget {
  readonly repository: string;
  readonly action: RegistryAction;
  /** The blob that is read. */
  readonly blob?: string;
  /** The blob that the request completes. */
  readonly pushes?: string;
  /** The blob that the request asks to have from another repository. */
  readonly mount?: { readonly digest: string; readonly from: string };
}

const reading = new Set(['GET', 'HEAD']);

/** Undefined for requests about no repository, such as `GET /v2/`. */
export function targetOf(method: string, url: URL): RegistryTarget | undefined {
  const path = /^\/v2\/(?<repository>.+?)\/(?<kind>manifests|blobs|tags|referrers)\/(?<rest>.*)$/.exec(url.pathname);
  const { repository, kind, rest = '' } = path?.groups ?? {};
  if (!repository) return undefined;
  const action = reading.has(method) ? 'pull' : method === 'DELETE' ? 'delete' : 'push';
  const [mount, from, pushes] = ['mount', 'from', 'digest'].map(name => url.searchParams.get(name));
  const isUpload = kind === 'blobs' && rest.startsWith('uploads/');
  if (isUpload && method === 'POST' && mount && from) return { repository, action, mount: { digest: mount, from } };
  if (isUpload) return { repository, action, ...(pushes ? { pushes } : {}) };
  return { repository, action, ...(kind === 'blobs' ? { blob: rest } : {}) };
}

/** In which repositories each blob is: the store behind keeps all in one heap, other registries do not. */
export interface BlobPlaces {
  /** Whether the request reads a blob that its repository does not have. */
  lacks(target: RegistryTarget): boolean;
  /** Whether the blob can be had from the other repository; then it is in this one from now on. */
  mounts(target: RegistryTarget): boolean;
  /** Takes note of a blob that was put into a repository. */
  learn(target: RegistryTarget, status: number): void;
}

export function blobPlaces(): BlobPlaces {
  const places = new Map<string, Set<string>>();
  const blobsOf = (repository: string) => {
    const blobs = places.get(repository) ?? new Set<string>();
    places.set(repository, blobs);
    return blobs;
  };
  return {
    lacks: ({ repository, action, blob }) => action === 'pull' && blob !== undefined && !blobsOf(repository).has(blob),
    mounts({ repository, mount }) {
      if (!mount || !blobsOf(mount.from).has(mount.digest)) return false;
      blobsOf(repository).add(mount.digest);
      return true;
    },
    learn({ repository, pushes }, status) {
      if (pushes && status === 201) blobsOf(repository).add(pushes);
    },
  };
}
