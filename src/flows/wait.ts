import type { App, Workload } from '../core/app.ts';
import { selectorOf } from '../core/names.ts';
import { newestPodsOf, type RolloutState, rolloutStateOf } from '../core/rollout.ts';
import { type ScaledObject, scalerStateOf } from '../core/scaled-object-status.ts';
import { scalerFaultText } from '../core/scaler-hints.ts';
import { RemoteError, UserError } from '../errors.ts';
import type { Cluster } from './cluster-port.ts';
import type { Deadline } from './deadline.ts';
import { describeEvent, lastLogOf, warningsOf } from './diagnosis.ts';
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

/** Waits until every workload runs the new template; `atLeast` gives how many replicas must be available. */
export async function waitForRollout(context: WaitContext, atLeast: (workload: Workload) => number): Promise<void> {
  const { cluster, app, log, deadline } = context;
  const firstSeen = new Map<string, number>();
  let details = '';
  await deadline.until(
    async () => {
      const states = await rolloutStates(cluster, app, atLeast);
      const failed = states.map(({ state }) => state).find(state => state.kind === 'failed' && lasts(state, firstSeen));
      if (failed?.kind === 'failed') throw await rolloutError(context, failed);
      const waiting = states.flatMap(({ workload, state }) =>
        state.kind === 'progress'
          ? [`${workload.objectName}: ${state.detail}`]
          : state.kind === 'failed'
            ? [`${workload.objectName}: ${state.message}`]
            : [],
      );
      const said = waiting.join('; ');
      if (said !== details && said !== '') log.debug(said);
      details = said;
      return waiting.length === 0 ? states : undefined;
    },
    () => `The rollout was not complete (${details})`,
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
  let held = 0;
  let failed = 0;
  let detail = '';
  await deadline.until(
    async () => {
      const object: ScaledObject = (await cluster.read('ScaledObject', app.namespace, workload.objectName)) ?? {};
      const state = scalerStateOf(object);
      detail = state.kind;
      failed = state.kind === 'failed' ? failed + 1 : 0;
      if (state.kind === 'failed' && failed > looks) throw await scalerError(context, workload, state.message);
      held = state.kind === 'ready' && (await metricsAnswer(context, workload, state.metrics)) ? held + 1 : 0;
      return held >= looks || state.kind === 'paused' ? true : undefined;
    },
    () => `ScaledObject "${workload.objectName}" did not become ready (its state was "${detail}")`,
  );
  if (detail === 'paused')
    log.warning(
      `ScaledObject "${workload.objectName}" is paused by an annotation: nothing scales until it is removed.`,
    );
}

/** KEDA's newest event says more than the condition, whose message is generic in older versions. */
async function scalerError(
  { cluster, app, since }: WaitContext,
  workload: Workload,
  message: string,
): Promise<UserError> {
  const events = await warningsOf(cluster, app.namespace, [workload.objectName], since);
  const said = events.findLast(
    event => event.involvedObject?.kind === 'ScaledObject' && event.reason === 'KEDAScalerFailed',
  )?.message;
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

function lasts(failed: Failed, firstSeen: Map<string, number>): boolean {
  const now = performance.now();
  const seen = firstSeen.get(failed.pod) ?? now;
  firstSeen.set(failed.pod, seen);
  return failed.crashed || now - seen > patience;
}

async function rolloutError({ cluster, app, since }: WaitContext, failed: Failed): Promise<UserError> {
  const [lines, events] = await Promise.all([
    lastLogOf(cluster, app.namespace, failed.pod, failed.container, failed.crashed),
    warningsOf(cluster, app.namespace, [failed.pod], since),
  ]);
  const log = lines.length > 0 ? [`Last log lines of "${failed.pod}":`, ...lines.map(line => `  ${line}`)] : [];
  const said = events.length > 0 ? ['Events:', ...events.slice(-5).map(event => `  ${describeEvent(event)}`)] : [];
  return new UserError([failed.message, ...said, ...log].join('\n'));
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
