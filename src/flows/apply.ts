import { randomBytes } from 'node:crypto';
import { functionKeysOf } from '../core/function-keys.ts';
import type { Manifest } from '../core/manifests/object.ts';
import { keysSecretName } from '../core/names.ts';
import { keyOf, type Plan } from '../core/plan.ts';
import { Secret } from '../core/secret.ts';
import { RemoteError, UserError } from '../errors.ts';
import type { Cluster, LiveObject } from './cluster-port.ts';
import { ownedKinds } from './cluster-state.ts';

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

/** Applies the objects of the plan in stages and returns what that changed; `begin` is told the key of each before it is sent. */
export async function applyPlan(
  cluster: Cluster,
  objects: readonly Manifest[],
  owned: ReadonlyMap<string, LiveObject>,
  begin: (key: string) => void,
): Promise<Changes> {
  const results: (readonly [string, 'created' | 'changed' | 'unchanged'])[] = [];
  for (const kinds of stages) {
    const stage = objects.filter(object => kinds.includes(object.kind));
    for (const object of stage) begin(keyOf(object));
    results.push(
      ...(await Promise.all(
        stage.map(async object => [keyOf(object), await applyObject(cluster, object, owned)] as const),
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

/** Deletes the app's objects whose keys are not kept, dependants first; returns their keys. */
export async function prune(
  cluster: Cluster,
  namespace: string,
  owned: ReadonlyMap<string, LiveObject>,
  kept: ReadonlySet<string>,
): Promise<readonly string[]> {
  const deleted: string[] = [];
  for (const kind of ownedKinds) {
    const stale = [...owned.keys()].filter(key => key.startsWith(`${kind}/`) && !kept.has(key));
    await Promise.all(stale.map(key => cluster.remove(kind, namespace, key.slice(kind.length + 1))));
    deleted.push(...stale);
  }
  return deleted.sort();
}

async function applyObject(cluster: Cluster, object: Manifest, owned: ReadonlyMap<string, LiveObject>) {
  const before = owned.get(keyOf(object));
  const after = await cluster.apply(object);
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
