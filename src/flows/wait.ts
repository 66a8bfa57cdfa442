import type { App, Workload } from '../core/app.ts';
import { selectorOf } from '../core/names.ts';
import { faultOfPods, newestPodsOf, type RolloutState, rolloutStateOf } from '../core/rollout.ts';
import { type ScaledObject, scalerStateOf } from '../core/scaled-object-status.ts';
import { briefly, scalerFaultText } from '../core/scaler-hints.ts';
import { RemoteError, UserError } from '../errors.ts';
import type { Cluster } from './cluster-port.ts';
import type { Deadline } from './deadline.ts';
import { detailsOfDeployment, detailsOfPod, scalerFailures } from './diagnosis.ts';
import type { Log } from './ports.ts';

/** What waiting needs. */
export interface WaitContext {
  readonly cluster: Cluster;
  readonly log: Log;
  readonly deadline: Deadline;
  readonly app: App;
  /** When the deployment began; older events are not its own. */
  readonly since: Date;
}

type Failed = Extract<RolloutState, { kind: 'failed' }>;

/** How long a fault of a pod must last: a first pull may fail and then succeed. Milliseconds. */
const patience = 8000;

/**
 * Waits for pods, scalers and endpoints at once, and returns the address from outside where there is one. The first to
 * fail ends the others; a rollout's own reason counts before what follows from it.
 */
export async function waitForAll(
  context: WaitContext,
  atLeast: (workload: Workload) => number,
): Promise<string | undefined> {
  const stop = new AbortController();
  const inner = { ...context, deadline: context.deadline.orUntil(stop.signal) };
  const [rollout, scalers, endpoints] = [
    waitForRollout(inner, atLeast),
    waitForScalers(inner),
    waitForEndpoints(inner),
  ];
  for (const work of [rollout, scalers, endpoints]) work.catch(reason => stop.abort(reason));
  await Promise.allSettled([rollout, scalers, endpoints]);
  await rollout;
  await scalers;
  return endpoints;
}

/** Waits until every workload runs the new template; `atLeast` gives how many replicas must be available. */
export async function waitForRollout(context: WaitContext, atLeast: (workload: Workload) => number): Promise<void> {
  const { cluster, app, log, deadline } = context;
  const firstSeen = new Map<string, number>();
  let details = '';
  let late: readonly string[] = [];
  await deadline.until(
    async () => {
      const states = await rolloutStates(cluster, app, atLeast);
      const failed = states.map(({ state }) => state).find(state => state.kind === 'failed' && lasts(state, firstSeen));
      if (failed?.kind === 'failed') throw await rolloutError(context, failed);
      const waiting = states.filter(({ state }) => state.kind !== 'done');
      const said = waiting.map(({ workload, state }) => `${workload.objectName}: ${detailOf(state)}`).join('; ');
      if (said !== details && said !== '') log.info(said);
      details = said;
      late = waiting.map(({ workload }) => workload.objectName);
      return waiting.length === 0 ? states : undefined;
    },
    async () => [`The rollout was not complete (${details})`, ...(await detailsOfWorkloads(context, late))].join('\n'),
  );
}

/** Waits until each Service has a ready endpoint, and returns the address from outside where there is one. */
export async function waitForEndpoints({ cluster, app, deadline }: WaitContext): Promise<string | undefined> {
  const exposed = app.workloads.filter(workload => workload.servesHttp && app.expose.type !== 'none');
  for (const workload of exposed) {
    await deadline.until(
      async () => {
        const slices = await cluster.list('EndpointSlice', app.namespace, {
          labels: `kubernetes.io/service-name=${workload.objectName}`,
        });
        const ready = slices
          .flatMap(slice => slice.endpoints ?? [])
          .filter(endpoint => endpoint.conditions?.ready !== false);
        return ready.length > 0 ? ready : undefined;
      },
      () => `Service "${workload.objectName}" got no ready endpoint`,
    );
  }
  const [first] = exposed;
  return first && addressOf(cluster, app, first, deadline);
}

/** Waits until KEDA has taken every ScaledObject, holds it for two looks, and answers its metrics. */
export async function waitForScalers(context: WaitContext): Promise<void> {
  const scaled = context.app.workloads.filter(workload => workload.scaling.kind === 'events');
  await Promise.all(scaled.map(workload => waitForScaler(context, workload)));
}

/** How many looks in a row a state must hold, good or bad: right after a change KEDA shows either for a moment. */
const looks = 2;

async function waitForScaler(context: WaitContext, workload: Workload): Promise<void> {
  const { cluster, app, deadline, log } = context;
  const began = performance.now();
  const seen = { good: 0, bad: 0, state: 'pending' };
  await deadline.until(
    async () => {
      const object: ScaledObject = (await cluster.read('ScaledObject', app.namespace, workload.objectName)) ?? {};
      const state = scalerStateOf(object);
      // Asked in any state: it makes KEDA look at the source at once, and say what is wrong, instead of at its next poll.
      const answers = await metricsAnswer(context, workload, object.status?.externalMetricNames ?? []);
      const works = state.kind === 'ready' && answers;
      seen.state = state.kind;
      seen.bad = state.kind === 'failed' ? seen.bad + 1 : 0;
      seen.good = works ? seen.good + 1 : 0;
      if (state.kind === 'failed' && seen.bad > looks) throw await scalerError(context, workload, state.message);
      if (!works && (await keepsFailing(context, workload, began)))
        throw await scalerError(context, workload, state.kind);
      return seen.good >= looks || state.kind === 'paused' ? true : undefined;
    },
    async () => {
      const said = (await scalerFailures(context, workload.objectName)).at(-1)?.message;
      return `ScaledObject "${workload.objectName}" did not become ready (${said ? `KEDA said: ${briefly(said)}` : `its state was "${seen.state}"`})`;
    },
  );
  if (seen.state === 'paused')
    log.warning(
      `ScaledObject "${workload.objectName}" is paused by an annotation: nothing scales until it is removed.`,
    );
}

/**
 * KEDA's conditions may lag behind, above all while a workload is kept awake; its events tell of failed looks at the
 * source. One may pass, several over some time do not, nor does one after which nothing works for longer.
 */
async function keepsFailing(context: WaitContext, { objectName }: Workload, began: number): Promise<boolean> {
  const waited = performance.now() - began;
  if (waited < patience) return false;
  const failures = await scalerFailures(context, objectName);
  const [first, last] = [failures.at(0), failures.at(-1)];
  if (first === undefined || last === undefined) return false;
  return waited > 2 * patience || Date.parse(last.time) - Date.parse(first.time) > patience / 2;
}

/** KEDA's newest event says more than the condition, whose message is generic in older versions. */
async function scalerError(context: WaitContext, workload: Workload, message: string): Promise<UserError> {
  const said = (await scalerFailures(context, workload.objectName)).at(-1)?.message;
  return new UserError(scalerFaultText(workload, said ?? message));
}

async function metricsAnswer(
  { cluster, app }: WaitContext,
  workload: Workload,
  metrics: readonly string[],
): Promise<boolean> {
  try {
    await Promise.all(metrics.map(metric => cluster.externalMetric(app.namespace, metric, workload.objectName)));
    return true;
  } catch (error) {
    // The deployer may lack this right; the conditions must do then.
    if (error instanceof RemoteError && error.status === 403) return true;
    // KEDA answers 500 until it has built the scaler, and also when its source fails, which its events then tell.
    if (error instanceof RemoteError && (error.status >= 500 || error.status === 404)) return false;
    throw error;
  }
}

async function rolloutStates(cluster: Cluster, app: App, atLeast: (workload: Workload) => number) {
  const selection = { labels: selectorOf(app.name) };
  const [deployments, pods] = await Promise.all([
    cluster.list('Deployment', app.namespace, selection),
    cluster.list('Pod', app.namespace, selection),
  ]);
  return app.workloads.map(workload => {
    const deployment = deployments.find(one => one.metadata?.name === workload.objectName);
    const own = newestPodsOf(pods.filter(pod => pod.metadata?.labels?.app === workload.objectName));
    return { workload, state: rolloutStateOf(deployment, own, atLeast(workload)) };
  });
}

function detailOf(state: RolloutState): string {
  return state.kind === 'progress' ? state.detail : state.kind === 'failed' ? state.message : 'done';
}

function lasts(failed: Failed, firstSeen: Map<string, number>): boolean {
  const now = performance.now();
  const subject = failed.pod?.name ?? failed.message;
  const seen = firstSeen.get(subject) ?? now;
  firstSeen.set(subject, seen);
  return failed.crashed || now - seen > patience;
}

async function rolloutError(context: WaitContext, failed: Failed): Promise<UserError> {
  const { message, pod, crashed } = failed;
  const details = pod ? await detailsOfPod(context, { pod: pod.name, container: pod.container, crashed }) : [];
  return new UserError([message, ...details].join('\n'));
}

/** Throws UserError with events and last log lines when a pod of the workload cannot start or crashes. */
export async function assertStarts(context: WaitContext, workload: Workload): Promise<void> {
  const pods = await context.cluster.list('Pod', context.app.namespace, { labels: `app=${workload.objectName}` });
  const failed = faultOfPods(newestPodsOf(pods));
  if (failed?.crashed) throw await rolloutError(context, failed);
}

/** Events of each workload's Deployment, and events and last log lines of its newest pod. */
async function detailsOfWorkloads(context: WaitContext, workloads: readonly string[]): Promise<readonly string[]> {
  const details = await Promise.all(
    workloads.map(async name => [
      ...(await detailsOfDeployment(context, name)),
      ...(await detailsOfNewestPod(context, name)),
    ]),
  );
  return details.flat();
}

async function detailsOfNewestPod(context: WaitContext, container: string): Promise<readonly string[]> {
  const { cluster, app } = context;
  const [pod] = newestPodsOf(await cluster.list('Pod', app.namespace, { labels: `app=${container}` }));
  if (pod?.metadata?.name === undefined) return [];
  return detailsOfPod(context, { pod: pod.metadata.name, container, crashed: false });
}

async function addressOf(
  cluster: Cluster,
  app: App,
  workload: Workload,
  deadline: Deadline,
): Promise<string | undefined> {
  const { type, host } = app.expose;
  if (type === 'cluster') return `http://${workload.objectName}.${app.namespace}.svc.cluster.local`;
  if (host && (type === 'ingress' || type === 'gateway')) return `http://${host}`;
  if (type === 'gateway') return undefined;
  const kind = type === 'ingress' ? 'Ingress' : 'Service';
  const address = await deadline.until(
    async () => {
      const live = await cluster.read(kind, app.namespace, workload.objectName);
      const ingress = live?.status?.loadBalancer?.ingress?.[0];
      return ingress?.ip ?? ingress?.hostname;
    },
    () => `${kind} "${workload.objectName}" got no address`,
  );
  return `http://${address.includes(':') ? `[${address}]` : address}`;
}
