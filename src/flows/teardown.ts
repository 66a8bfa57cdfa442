import { recordName } from '../core/doctor/record.ts';
import type { ImageRemoval } from '../core/image-removal.ts';
import { keysSecretName, labelKeys } from '../core/names.ts';
import type { Secret } from '../core/secret.ts';
import type { TeardownResult } from '../core/teardown-report.ts';
import { UserError } from '../errors.ts';
import type { Clock } from './clock.ts';
import type { Cluster, LiveObject } from './cluster-port.ts';
import { listOwned, releasesOf } from './cluster-state.ts';
import type { Log } from './ports.ts';
import type { StorageQueue } from './queue-port.ts';
import {
  findSetUp,
  isRecordGone,
  keysOfSetUp,
  noSetUp,
  removeSetUp,
  type SetUp,
  type SetUpPlace,
} from './teardown-everything.ts';
import { findImages, type ImageRepository, removeImages } from './teardown-images.ts';
import { decideNamespace, type NamespaceWish, removeNamespace } from './teardown-namespace.ts';
import { type RemovalPorts, removeObjects } from './teardown-objects.ts';
import { findQueues, type QueueSearch } from './teardown-queues.ts';

/** What to remove. */
export interface Teardown {
  readonly name: string;
  readonly namespace: string;
  readonly deleteNamespace: NamespaceWish;
  /** Where the images are, when they go too. */
  readonly images: ImageRepository | undefined;
  /** Where to take back what the doctor made, when that goes too. */
  readonly setUp: SetUpPlace | undefined;
  /** How to find the queues, when they go too. */
  readonly queues: QueueSearch | undefined;
  readonly dryRun: boolean;
  /** Seconds for everything. */
  readonly timeout: number;
}

/** What a teardown works on. */
export interface TeardownPorts {
  readonly cluster: Cluster;
  readonly log: Log;
  readonly mask: (secret: Secret) => void;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Told each thing as it is deleted, so that a run that is broken off can still say it. */
  readonly learn: (key: string) => void;
}

interface Findings {
  readonly owned: ReadonlyMap<string, LiveObject>;
  readonly queues: readonly StorageQueue[];
  readonly images: ImageRemoval;
  readonly setUp: SetUp;
  readonly namespace: boolean;
}

/** Namespaces that the cluster itself needs. */
const reserved = new Set(['default', 'kube-system', 'kube-public', 'kube-node-lease']);

/** Throws UserError for a namespace that must stay; contacts nothing. */
export function assertDeletable(namespace: string): void {
  if (reserved.has(namespace))
    throw new UserError(
      `The namespace "${namespace}" cannot be deleted: the cluster needs it. Remove the input "delete-namespace", or correct the input "namespace".`,
    );
}

/**
 * Finds everything of the app first, then removes it and waits until it is gone. Nothing there is no error.
 * Throws UserError before any change when something asked for cannot be found or must not be deleted.
 */
export async function teardownApp(request: Teardown, ports: TeardownPorts): Promise<TeardownResult> {
  const { name: app, namespace, dryRun } = request;
  const found = await find(request, ports);
  const keys = keysOf(found, request);
  for (const reason of found.images.kept) ports.log.notice(reason);
  if (keys.length === 0) ports.log.notice(`There is nothing of "${app}" in the namespace "${namespace}".`);
  if (dryRun || keys.length === 0) {
    for (const key of keys) ports.log.info(`Would delete ${key}`);
    return { app, namespace, dryRun, deleted: keys, faults: [] };
  }
  const deleted: string[] = [];
  const onDeleted = (key: string) => {
    deleted.push(key);
    ports.learn(key);
    ports.log.info(`Deleted ${key}`);
  };
  const faults = await remove(request, found, ports, onDeleted);
  return { app, namespace, dryRun, deleted, faults };
}

async function find(request: Teardown, ports: TeardownPorts): Promise<Findings> {
  const { name, namespace, queues, images } = request;
  const { cluster, log, mask, signal } = ports;
  const [owned, setUp] = await Promise.all([
    listOwned(cluster, namespace, name),
    request.setUp ? findSetUp(request, request.setUp, { cluster, log }) : noSetUp,
  ]);
  const gone = isRecordGone(setUp) ? recordName(name) : undefined;
  const namespaceGoes = await decideNamespace(
    request.deleteNamespace,
    { name, namespace, record: gone },
    { cluster, log },
  );
  await sayForeignKeys(request, owned, ports);
  return {
    owned,
    setUp,
    namespace: namespaceGoes,
    queues: queues ? await findQueues({ cluster, name, namespace, mask }, queues) : [],
    images: images
      ? await findImages(images, releasesOf(owned), { cluster, log, name, namespace }, signal)
      : { digests: [], tags: [], kept: [] },
  };
}

/** Keys that another tool made stay, as all that lacks our label. */
async function sayForeignKeys(
  { name, namespace }: Teardown,
  owned: ReadonlyMap<string, LiveObject>,
  { cluster, log }: TeardownPorts,
): Promise<void> {
  const secret = keysSecretName(name);
  if (owned.size === 0 || owned.has(`Secret/${secret}`)) return;
  const live = await cluster.read('Secret', namespace, secret);
  if (live && live.metadata?.labels?.[labelKeys.app] !== name)
    log.notice(`Secret "${secret}" with function keys was not made by aks-functions. It stays.`);
}

function keysOf({ owned, queues, images, setUp, namespace }: Findings, request: Teardown): readonly string[] {
  return [
    ...owned.keys(),
    ...queues.map(keyOfQueue),
    ...images.digests.map(digest => keyOfImage(request, `@${digest}`)),
    ...images.tags.map(tag => keyOfImage(request, `:${tag}`)),
    ...keysOfSetUp(setUp, request),
    ...(namespace ? [`Namespace/${request.namespace}`] : []),
  ];
}

/** Queues go after the pods, which would make them again, what the doctor made after the objects that need it, the namespace last. */
async function remove(
  request: Teardown,
  found: Findings,
  ports: TeardownPorts,
  onDeleted: (key: string) => void,
): Promise<readonly string[]> {
  const { clock, log, signal, cluster } = ports;
  const removal: RemovalPorts = { cluster, clock, signal, onDeleted, until: clock.now() + request.timeout * 1000 };
  const faults = await log.group('Delete objects', () => removeObjects(request, found.owned, removal));
  for (const queue of found.queues) if (await queue.remove()) onDeleted(keyOfQueue(queue));
  const { images } = request;
  if (images) await removeImages(images, found.images, name => onDeleted(keyOfImage(request, name)), signal);
  const remaining = await takeBackSetUp(request, found, removal, faults);
  if (!found.namespace || remaining.length > 0) return [...faults, ...remaining];
  return [...faults, ...(await log.group('Delete namespace', () => removeNamespace(request.namespace, removal)))];
}

/** Not while a scaler is held by KEDA's finalizer, which nobody would take away then. */
async function takeBackSetUp(
  request: Teardown,
  { setUp }: Findings,
  removal: RemovalPorts,
  faults: readonly string[],
): Promise<readonly string[]> {
  const { setUp: place } = request;
  if (!place || !setUp.isRecorded) return [];
  if (faults.length > 0) return ['What the doctor set up stays, since objects of the app are still there. Run again.'];
  return removeSetUp(request, setUp, place, removal);
}

function keyOfQueue({ name }: StorageQueue): string {
  return `Queue/${name}`;
}

function keyOfImage({ images }: Teardown, name: string): string {
  return `Image/${images?.repository}${name}`;
}
