import { selectorOf } from '../core/names.ts';
import { RemoteError } from '../errors.ts';
import { type Clock, lookUntil } from './clock.ts';
import type { Cluster, Kind, LiveObject } from './cluster-port.ts';
import { listOwned, ownedKinds } from './cluster-state.ts';

/** What removing objects needs. */
export interface RemovalPorts {
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Moment of the clock at which waiting ends. */
  readonly until: number;
  /** Told each object as it is deleted. */
  readonly onDeleted: (key: string) => void;
}

/** Milliseconds between two looks. */
const every = 1000;
/** Milliseconds for an operator to do its part; a working one needs a second. */
const finalizerPatience = 60_000;
/** What Kubernetes and KEDA make for the app's objects, with their labels. */
const dependantKinds = ['HorizontalPodAutoscaler', 'ReplicaSet', 'Pod'] as const satisfies readonly Kind[];

/** Kinds that KEDA's finalizer holds. */
const kedaKinds = ['ScaledObject', 'TriggerAuthentication'];

/**
 * Deletes the app's objects, ScaledObjects first and until they are gone, so that nothing scales what is being deleted; then waits
 * until no object and no pod is left. Returns what is still there, each as a sentence with what to do.
 */
export async function removeObjects(
  app: { readonly name: string; readonly namespace: string },
  owned: ReadonlyMap<string, LiveObject>,
  ports: RemovalPorts,
): Promise<readonly string[]> {
  const { clock, until } = ports;
  await removeKinds(['ScaledObject'], app.namespace, owned, ports);
  await waitUntilGone(app, key => key.startsWith('ScaledObject/'), {
    ...ports,
    until: Math.min(until, clock.now() + finalizerPatience),
  });
  await removeKinds(
    ownedKinds.filter(kind => kind !== 'ScaledObject'),
    app.namespace,
    owned,
    ports,
  );
  // What an operator holds without end would else use up the whole time.
  const patience = Math.min(until, clock.now() + finalizerPatience);
  const left = await waitUntilGone(
    app,
    () => true,
    ports,
    live => clock.now() >= patience && live.every(([key, object]) => isHeld(key, object)),
  );
  return left.map(([key, object]) => stillThere(key, object, app.namespace));
}

async function removeKinds(
  kinds: readonly Kind[],
  namespace: string,
  owned: ReadonlyMap<string, LiveObject>,
  { cluster, onDeleted }: RemovalPorts,
): Promise<void> {
  for (const kind of kinds) {
    const keys = [...owned.keys()].filter(key => key.startsWith(`${kind}/`));
    await Promise.all(
      keys.map(async key => {
        if (await cluster.remove(kind, namespace, key.slice(kind.length + 1))) onDeleted(key);
      }),
    );
  }
}

type Entry = readonly [key: string, object: LiveObject];

async function waitUntilGone(
  app: { readonly name: string; readonly namespace: string },
  counts: (key: string) => boolean,
  { cluster, clock, until, signal }: RemovalPorts,
  givesUp: (live: readonly Entry[]) => boolean = () => false,
): Promise<readonly Entry[]> {
  let live: readonly Entry[] = [];
  await lookUntil({ clock, until, every, signal }, async () => {
    const [owned, dependants] = await Promise.all([
      listOwned(cluster, app.namespace, app.name),
      listDependants(cluster, app),
    ]);
    live = [...owned, ...dependants].filter(([key]) => counts(key));
    return live.length === 0 || givesUp(live) ? true : undefined;
  });
  return live;
}

async function listDependants(
  cluster: Cluster,
  { name, namespace }: { readonly name: string; readonly namespace: string },
): Promise<readonly Entry[]> {
  const lists = await Promise.all(
    dependantKinds.map(async kind => {
      const items = await listIfAllowed(cluster, kind, namespace, name);
      return items.map(item => [`${kind}/${item.metadata?.name}`, item] as const);
    }),
  );
  return lists.flat();
}

/** Who may delete the app need not have the right to see what Kubernetes makes of it. */
async function listIfAllowed(
  cluster: Cluster,
  kind: Kind,
  namespace: string,
  app: string,
): Promise<readonly LiveObject[]> {
  try {
    return await cluster.list(kind, namespace, { labels: selectorOf(app) });
  } catch (error) {
    if (error instanceof RemoteError && error.status === 403) return [];
    throw error;
  }
}

function isHeld(key: string, { metadata }: LiveObject): boolean {
  // An HPA goes with its ScaledObject.
  return (
    key.startsWith('HorizontalPodAutoscaler/') ||
    (metadata?.deletionTimestamp !== undefined && (metadata.finalizers ?? []).length > 0)
  );
}

function stillThere(key: string, { metadata }: LiveObject, namespace: string): string {
  const [kind = '', name = ''] = key.split('/');
  const finalizers = metadata?.finalizers ?? [];
  if (metadata?.deletionTimestamp === undefined || finalizers.length === 0) {
    return `${kind} "${name}" is still there though it was deleted. Raise the input "timeout", or look with "kubectl describe ${kind.toLowerCase()} ${name} -n ${namespace}" at what holds it.`;
  }
  const whose = kedaKinds.includes(kind)
    ? 'KEDA, whose operator does not run or does not answer. Start it and run again'
    : 'its controller. Start that and run again';
  return `${kind} "${name}" is marked for deletion but held by the finalizer "${finalizers.join('", "')}" of ${whose}, or let it go with: kubectl patch ${kind.toLowerCase()} ${name} -n ${namespace} --type merge -p '{"metadata":{"finalizers":null}}'`;
}
