import { randomBytes } from 'node:crypto';
import { functionKeysOf } from '../core/function-keys.ts';
import { ownReplicasOf } from '../core/live-workload.ts';
import type { Manifest } from '../core/manifests/object.ts';
import { keysSecretName, replicasManager } from '../core/names.ts';
import { keyOf, type Plan } from '../core/plan.ts';
import { keysOfReleases } from '../core/release.ts';
import { Secret } from '../core/secret.ts';
import { RemoteError, UserError } from '../errors.ts';
import type { Cluster, LiveObject } from './cluster-port.ts';
import { type ClusterState, ownedKinds } from './cluster-state.ts';

/** What a deployment did to the objects of the app, each as `Kind/name`, sorted. */
export interface Changes {
  readonly created: readonly string[];
  readonly changed: readonly string[];
  readonly deleted: readonly string[];
  readonly unchanged: readonly string[];
}

/** Stages in which objects are applied; within one, all at once. */
const stages: readonly (readonly string[])[] = [
  [
    'ServiceAccount',
    'Role',
    'RoleBinding',
    'ConfigMap',
    'Secret',
    'Service',
    'Ingress',
    'HTTPRoute',
    'TriggerAuthentication',
  ],
  ['Deployment'],
  ['ScaledObject'],
];

/** Creates the namespace; throws UserError that names the missing right. */
export async function createNamespace(cluster: Cluster, namespace: string): Promise<void> {
  try {
    await cluster.create({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: namespace, labels: { 'app.kubernetes.io/managed-by': 'aks-functions' } },
    });
  } catch (cause) {
    // An admission policy refuses with 403 too, and no right would help against it.
    if (!(cause instanceof RemoteError && cause.status === 403 && /cannot create resource/.test(cause.message)))
      throw cause;
    throw new UserError(
      `The namespace "${namespace}" does not exist, and the identity of the kubeconfig may not create it: it lacks the verb "create" on the resource "namespaces". Create the namespace, or grant that verb by a ClusterRole.`,
      { cause },
    );
  }
}

/**
 * Deletes the app's ScaledObjects that are not in the plan, and returns their keys: before the Deployments are applied,
 * for they would scale them against the planned number.
 */
export async function removeStaleScalers(
  cluster: Cluster,
  { app, objects }: Plan,
  owned: ReadonlyMap<string, LiveObject>,
): Promise<readonly string[]> {
  const planned = new Set(objects.map(keyOf));
  const stale = [...owned.keys()].filter(key => key.startsWith(scalerPrefix) && !planned.has(key));
  await Promise.all(stale.map(key => cluster.remove('ScaledObject', app.namespace, key.slice(scalerPrefix.length))));
  return stale;
}

const scalerPrefix = 'ScaledObject/';

/** Applies the objects of the plan in stages and returns what that changed; `begin` is told the key of each before it is sent. */
export async function applyPlan(
  cluster: Cluster,
  objects: readonly Manifest[],
  state: Pick<ClusterState, 'owned' | 'releases'>,
  begin: (key: string) => void,
): Promise<Changes> {
  const scaled = scalersBefore(state);
  const results: (readonly [string, 'created' | 'changed' | 'unchanged'])[] = [];
  await keepReplicas(cluster, objects, state.owned);
  for (const kinds of stages) {
    const stage = objects.filter(object => kinds.includes(object.kind));
    for (const object of stage) begin(keyOf(object));
    results.push(
      ...(await Promise.all(
        stage.map(async object => {
          const force = takesReplicas(object, objects, scaled);
          return [keyOf(object), await applyObject(cluster, object, state.owned, force)] as const;
        }),
      )),
    );
  }
  const of = (result: string) =>
    results
      .filter(([, one]) => one === result)
      .map(([key]) => key)
      .sort();
  return { created: of('created'), changed: of('changed'), unchanged: of('unchanged'), deleted: [] };
}

/** Creates the Secret of keys with fresh random keys when there is none; an existing one is the hosts'. */
export async function ensureFunctionKeys(
  cluster: Cluster,
  { app }: Plan,
  owned: ReadonlyMap<string, LiveObject>,
): Promise<void> {
  if (owned.has(`Secret/${keysSecretName(app.name)}`)) return;
  await cluster.create(functionKeysOf(app, () => new Secret(randomBytes(32).toString('base64url'))));
}

/** Deletes the app's objects whose keys are not kept, dependants first; returns the keys of those that were still there. */
export async function prune(
  cluster: Cluster,
  namespace: string,
  owned: ReadonlyMap<string, LiveObject>,
  kept: ReadonlySet<string>,
): Promise<readonly string[]> {
  const deleted: string[] = [];
  for (const kind of ownedKinds) {
    const stale = [...owned.keys()].filter(key => key.startsWith(`${kind}/`) && !kept.has(key));
    const remove = (key: string) => cluster.remove(kind, namespace, key.slice(kind.length + 1));
    const removed = await Promise.all(stale.map(async key => ((await remove(key)) ? [key] : [])));
    deleted.push(...removed.flat());
  }
  return deleted.sort();
}

/** Keys of the app's ScaledObjects, also of those that a release which did not end well has deleted since the last good one. */
function scalersBefore({ owned, releases }: Pick<ClusterState, 'owned' | 'releases'>): ReadonlySet<string> {
  const good = releases.findIndex(release => release.state === 'deployed');
  const recent = good < 0 ? releases : releases.slice(0, good + 1);
  return new Set([...owned.keys(), ...keysOfReleases(recent)].filter(key => key.startsWith(scalerPrefix)));
}

/**
 * Hands the replicas that an earlier plan fixed to a manager of their own where the plan leaves them to a scaler from now on:
 * a field that its last owner no longer applies would fall back to its default, one replica.
 */
async function keepReplicas(
  cluster: Cluster,
  objects: readonly Manifest[],
  owned: ReadonlyMap<string, LiveObject>,
): Promise<void> {
  const left = objects.flatMap(({ apiVersion, kind, metadata: { name, namespace = '' }, spec }) => {
    const live = owned.get(`Deployment/${name}`);
    const isLeft = kind === 'Deployment' && typeof spec === 'object' && spec !== null && !('replicas' in spec);
    const replicas = isLeft && live ? ownReplicasOf(live) : undefined;
    return replicas === undefined ? [] : [{ apiVersion, kind, metadata: { name, namespace }, spec: { replicas } }];
  });
  await Promise.all(left.map(object => cluster.apply(object, { manager: replicasManager })));
}

/** A Deployment whose ScaledObject leaves the plan: the HPA owns `replicas`, so that applying it would be a conflict. */
function takesReplicas(
  { kind, metadata }: Manifest,
  objects: readonly Manifest[],
  scaled: ReadonlySet<string>,
): boolean {
  const scaler = `${scalerPrefix}${metadata.name}`;
  return kind === 'Deployment' && scaled.has(scaler) && !objects.some(object => keyOf(object) === scaler);
}

async function applyObject(cluster: Cluster, object: Manifest, owned: ReadonlyMap<string, LiveObject>, force: boolean) {
  const before = owned.get(keyOf(object));
  const after = await (force ? cluster.apply(object, { force }) : cluster.apply(object));
  if (!before) return 'created';
  return before.metadata?.generation === after.metadata?.generation && sameMetadata(object.kind, before, after)
    ? 'unchanged'
    : 'changed';
}

/** A status that moved meanwhile is no change of ours; objects without a generation are compared by version. */
function sameMetadata(kind: string, before: LiveObject, after: LiveObject): boolean {
  if (after.metadata?.generation === undefined)
    return before.metadata?.resourceVersion === after.metadata?.resourceVersion;
  // The annotation that wakes a ScaledObject comes and goes within a deployment.
  const own = ({ metadata }: LiveObject) =>
    JSON.stringify([metadata?.labels, kind === 'ScaledObject' ? {} : metadata?.annotations]);
  return own(before) === own(after);
}
