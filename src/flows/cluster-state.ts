import type { App } from '../core/app.ts';
import { faultOfKeda } from '../core/keda.ts';
import type { Manifest } from '../core/manifests/object.ts';
import { labelKeys, selectorOf, shortHash } from '../core/names.ts';
import { keyOf } from '../core/plan.ts';
import { parseRelease, type Release, releaseType } from '../core/release.ts';
import type { SettingsSource } from '../core/settings.ts';
import { rowOfTrigger } from '../core/triggers.ts';
import { allOrFaults, assertNoFaults, RemoteError, UserError } from '../errors.ts';
import type { Cluster, Kind, LiveObject } from './cluster-port.ts';

/** Kinds that an app may have objects of; what has dependants comes last when it is deleted in this order. */
export const ownedKinds = [
  'ScaledObject',
  'TriggerAuthentication',
  'HTTPRoute',
  'Ingress',
  'Service',
  'Deployment',
  'ConfigMap',
  'Secret',
  'RoleBinding',
  'Role',
  'ServiceAccount',
] as const satisfies readonly Kind[];

/** What a deployment needs to know of the cluster before it changes anything. */
export interface ClusterState {
  readonly kedaVersion: string | undefined;
  readonly namespaceExists: boolean;
  /** Objects with the app's label, by `Kind/name`. */
  readonly owned: ReadonlyMap<string, LiveObject>;
  /** Newest first. */
  readonly releases: readonly Release[];
  /** The settings objects that the file refers to, with the hashes of their values. */
  readonly sources: readonly SettingsSource[];
}

/** Reads it in parallel; throws UserError when KEDA is missing or too old, or a referred settings object does not exist. */
export async function readClusterState(
  cluster: Cluster,
  app: App,
  sources: readonly SettingsSource[],
): Promise<ClusterState> {
  const { namespace } = app;
  const needsKeda = app.workloads.some(workload => workload.scaling.kind !== 'fixed');
  const [namespaceExists, kedaVersion, owned, known] = await Promise.all([
    hasNamespace(cluster, namespace),
    needsKeda || mayNeedKeda(app) ? cluster.kedaVersion() : Promise.resolve(undefined),
    listOwned(cluster, namespace, app.name),
    Promise.all(sources.map(source => readSource(cluster, namespace, source))),
  ]);
  const fault = needsKeda ? faultOfKeda(kedaVersion) : undefined;
  if (fault) throw new UserError(fault);
  assertNoFaults(known.flatMap(one => ('fault' in one ? [{ message: one.fault }] : [])));
  return {
    kedaVersion,
    namespaceExists,
    owned,
    releases: releasesOf(owned),
    sources: known.flatMap(one => ('source' in one ? [one.source] : [])),
  };
}

/** Whether a trigger has a scaler in some versions of KEDA alone. */
function mayNeedKeda(app: App): boolean {
  return app.project.functions.some(fn => !fn.disabled && rowOfTrigger(fn.bindings[0]).needsKedaVersion);
}

/** Objects with the app's label, by `Kind/name`. */
export async function listOwned(
  cluster: Cluster,
  namespace: string,
  app: string,
): Promise<ReadonlyMap<string, LiveObject>> {
  const lists = await allOrFaults(
    ownedKinds.map(async kind => {
      const items = await listKind(cluster, namespace, app, kind);
      return items.map(item => [`${kind}/${item.metadata?.name}`, item] as const);
    }),
  );
  return new Map(lists.flat());
}

/** Few identities may list routes, and most clusters have none; one that is wanted fails when it is applied. */
async function listKind(cluster: Cluster, namespace: string, app: string, kind: Kind): Promise<readonly LiveObject[]> {
  try {
    return await cluster.list(kind, namespace, { labels: selectorOf(app) });
  } catch (error) {
    if (kind === 'HTTPRoute' && error instanceof RemoteError && error.status === 403) return [];
    throw error;
  }
}

/** Throws UserError when a planned object exists without the app's label: it belongs to somebody else. */
export async function assertNotForeign(
  cluster: Cluster,
  app: App,
  objects: readonly Manifest[],
  owned: ReadonlyMap<string, LiveObject>,
): Promise<void> {
  const fresh = objects.filter(object => !owned.has(keyOf(object)));
  const found = await Promise.all(
    fresh.map(async ({ kind, metadata }) => {
      const known = ownedKinds.find(one => one === kind);
      const live: LiveObject | undefined = known && (await cluster.read(known, app.namespace, metadata.name));
      const owner = live?.metadata?.labels?.[labelKeys.app];
      // Another run of this app may have made it since; which of the two goes on is decided by their records.
      return live && owner !== app.name ? [{ kind, name: metadata.name, owner }] : [];
    }),
  );
  assertNoFaults(
    found.flat().map(({ kind, name, owner }) => ({
      message: `${kind} "${name}" exists in the namespace "${app.namespace}" and ${owner ? `belongs to the app "${owner}"` : 'was not made by aks-functions'}. Choose another name or namespace, or delete it.`,
    })),
  );
}

/** The recorded releases among the objects of an app, newest first. */
export function releasesOf(owned: ReadonlyMap<string, LiveObject>): readonly Release[] {
  const releases = [...owned.values()].flatMap(object => {
    const record: LiveObject & { readonly type?: string; readonly data?: Readonly<Record<string, string>> } = object;
    return record.type === releaseType ? (parseRelease(record.data) ?? []) : [];
  });
  return releases.sort((a, b) => b.number - a.number);
}

async function hasNamespace(cluster: Cluster, namespace: string): Promise<boolean> {
  try {
    return (await cluster.read('Namespace', '', namespace)) !== undefined;
  } catch (error) {
    // An identity with rights in its namespace only may not read it; what follows in the namespace will tell.
    if (error instanceof RemoteError && error.status === 403) return true;
    throw error;
  }
}

async function readSource(
  cluster: Cluster,
  namespace: string,
  { kind, name }: SettingsSource,
): Promise<{ readonly source: SettingsSource } | { readonly fault: string }> {
  const live: { readonly data?: Readonly<Record<string, string>> } | undefined = await cluster.read(
    kind,
    namespace,
    name,
  );
  if (!live)
    return {
      fault: `Key "settingsFrom" of aks-functions.yml names the ${kind} "${name}", which the namespace "${namespace}" does not have. Create it, or take it out.`,
    };
  const keys = Object.entries(live.data ?? {}).map(([key, value]) => [key, shortHash(value, 12)] as const);
  return { source: { kind, name, keys: new Map(keys) } };
}
