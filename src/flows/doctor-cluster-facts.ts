import { atMost } from '../core/concurrency.ts';
import type { Finding } from '../core/doctor/check.ts';
import type { DoctorFacts, OperatorFacts, PlannedApp, RightsFacts, Trial } from '../core/doctor/facts.ts';
import { isGranted, joinedRules, questionsOf, type Rule, rightsFor } from '../core/doctor/rights.ts';
import type { Manifest } from '../core/manifests/object.ts';
import { RemoteError } from '../errors.ts';
import type { Cluster } from './cluster-port.ts';
import type { InspectedCluster } from './doctor-port.ts';
import { look, lookAfter } from './look.ts';

/** Requests to the API server under way at once. */
const limit = 12;
/** Namespaces in which KEDA is usually installed. */
const usualNamespaces = ['kube-system', 'keda'];
const serverTitle = 'API server';

/** Facts of the cluster that only its API server knows. */
export type ClusterSideFacts = Pick<
  DoctorFacts,
  'server' | 'rights' | 'keda' | 'operator' | 'metricsApi' | 'trials' | 'limits'
>;

/** Asks everything at once as soon as the API server has answered. */
export async function clusterFacts(
  connection: Promise<Finding<InspectedCluster>>,
  app: Promise<Finding<PlannedApp>>,
  { namespace, now }: { readonly namespace: string; readonly now: () => Date },
): Promise<ClusterSideFacts> {
  const server = connection.then(async (found): Promise<DoctorFacts['server']> => {
    if (found.kind !== 'known') return found;
    const { cluster, inspection } = found.value;
    return look(async () => {
      const { version, date } = await inspection.server();
      return { address: cluster.server, version, skew: date && (date.getTime() - now().getTime()) / 1000 };
    });
  });
  const reached = server.then(async finding => (finding.kind === 'known' ? connection : finding));
  const ask = <Value>(question: (cluster: InspectedCluster) => Promise<Value>) =>
    lookAfter<InspectedCluster, Value>(reached, serverTitle, question);
  const metricsApi = ask(({ inspection }) => inspection.metricsApi());
  const [rights, keda, operator, metrics, trials, limits] = await Promise.all([
    ask(async found => rightsOf(found, await app, namespace)),
    ask(({ cluster }) => cluster.kedaVersion()),
    ask(async ({ cluster }) => operatorOf(cluster, await metricsApi)),
    metricsApi,
    trialsOf(ask, app, namespace),
    ask(({ inspection }) => inspection.limits(namespace)),
  ]);
  return { server: await server, rights, keda, operator, metricsApi: metrics, trials, limits };
}

async function rightsOf(
  { cluster, inspection }: InspectedCluster,
  app: Finding<PlannedApp>,
  namespace: string,
): Promise<RightsFacts> {
  const [user, granted, namespaceExists] = await Promise.all([
    inspection.user(),
    inspection.grantedRules(namespace),
    hasNamespace(cluster, namespace),
  ]);
  const needed = rightsFor(app.kind === 'known' ? app.value.objects : undefined, { namespaceExists });
  const open = questionsOf(needed).filter(rule => !isGranted(rule, granted));
  const answers = await atMost(limit, open, async rule => ({
    rule,
    allowed: await inspection.isAllowed(namespace, rule, rule.verb),
  }));
  const missing = joinedRules(answers.flatMap(({ rule, allowed }): readonly Rule[] => (allowed ? [] : [plain(rule)])));
  return { user, namespaceExists, needed, missing };
}

function plain({ group, resource, verbs, clusterWide }: Rule): Rule {
  return { group, resource, verbs, ...(clusterWide ? { clusterWide } : {}) };
}

/** One that may not be read is taken to be there, as a deployment does. */
async function hasNamespace(cluster: Cluster, namespace: string): Promise<boolean> {
  try {
    return (await cluster.read('Namespace', '', namespace)) !== undefined;
  } catch (error) {
    if (error instanceof RemoteError && error.status === 403) return true;
    throw error;
  }
}

async function operatorOf(cluster: Cluster, metricsApi: DoctorFacts['metricsApi']): Promise<OperatorFacts | undefined> {
  const service = metricsApi.kind === 'known' ? metricsApi.value?.service : undefined;
  const namespaces = new Set([...(service ? [service.namespace] : []), ...usualNamespaces]);
  for (const namespace of namespaces) {
    const found = await cluster.read('Deployment', namespace, 'keda-operator');
    if (!found) continue;
    const template = found.spec?.template;
    const container = template?.spec?.containers[0];
    const watched = container?.env?.find(one => one.name === 'WATCH_NAMESPACE')?.value ?? '';
    return {
      namespace,
      version: /:v?(\d[\w.-]*)(@|$)/.exec(container?.image ?? '')?.[1],
      ready: found.status?.readyReplicas ?? found.status?.availableReplicas ?? 0,
      watched: watched.split(',').filter(name => name !== ''),
      wantsToken: template?.metadata?.labels?.['azure.workload.identity/use'] === 'true',
      hasToken: await hasToken(cluster, namespace, found.spec?.selector?.matchLabels),
    };
  }
  return undefined;
}

/** Whether the pods of the operator were given a token by the cluster's webhook; undefined when they cannot be seen. */
async function hasToken(
  cluster: Cluster,
  namespace: string,
  labels: Readonly<Record<string, string>> | undefined,
): Promise<boolean | undefined> {
  try {
    const selector = Object.entries(labels ?? { app: 'keda-operator' }).map(([key, value]) => `${key}=${value}`);
    const pods = await cluster.list('Pod', namespace, { labels: selector.join(',') });
    const running = pods.filter(pod => pod.metadata?.deletionTimestamp === undefined);
    if (running.length === 0) return undefined;
    return running.every(pod =>
      pod.spec?.containers.some(container => container.env?.some(one => one.name === 'AZURE_FEDERATED_TOKEN_FILE')),
    );
  } catch (error) {
    if (error instanceof RemoteError && error.status === 403) return undefined;
    throw error;
  }
}

type Ask = <Value>(question: (cluster: InspectedCluster) => Promise<Value>) => Promise<Finding<Value>>;

/** Lets the API server try the plan, and a pod of each workload, which some policies look at alone. */
async function trialsOf(
  ask: Ask,
  app: Promise<Finding<PlannedApp>>,
  namespace: string,
): Promise<Finding<readonly Trial[]>> {
  const planned = await app;
  if (planned.kind !== 'known') return lookAfter(planned, 'Code and configuration', async () => []);
  const exists = await ask(({ cluster }) => hasNamespace(cluster, namespace));
  if (exists.kind === 'known' && !exists.value)
    return {
      kind: 'skipped',
      reason: `The namespace "${namespace}" does not exist yet, so nothing can be tried in it.`,
    };
  return ask(async ({ inspection }) => {
    const { objects } = planned.value;
    const applied = await atMost(limit, objects, object => inspection.tryApply(object));
    const created = await atMost(limit, objects.flatMap(podOf), pod => inspection.tryCreate(pod));
    return [...applied, ...created].flatMap(trial => trial ?? []);
  });
}

/** The pod that a Deployment would make; without its service account, which is not there before the deployment. */
function podOf({ kind, metadata, spec }: Manifest): readonly Manifest[] {
  const { template }: { readonly template?: { readonly metadata?: object; readonly spec?: object } } = {
    ...(kind === 'Deployment' && typeof spec === 'object' ? spec : {}),
  };
  if (!template) return [];
  const { serviceAccountName: _, ...podSpec }: Readonly<Record<string, unknown>> = { ...template.spec };
  const { name, namespace } = metadata;
  return [
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { ...template.metadata, name: `${name}-trial`, ...(namespace ? { namespace } : {}) },
      spec: podSpec,
    },
  ];
}
