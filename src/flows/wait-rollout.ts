import type { App, Workload } from '../core/app.ts';
import { selectorOf } from '../core/names.ts';
import { faultOfPods, newestPodsOf, type RolloutGoal, type RolloutState, rolloutStateOf } from '../core/rollout.ts';
import { UserError } from '../errors.ts';
import type { Cluster } from './cluster-port.ts';
import { detailsOfDeployment, detailsOfPod } from './diagnosis.ts';
import { patience, type WaitContext } from './wait-context.ts';

type Failed = Extract<RolloutState, { kind: 'failed' }>;

/** What is waited for. */
export interface WaitGoal {
  readonly goal: RolloutGoal;
  /** How many replicas a workload must have, whatever its Deployment says. */
  readonly atLeast: (workload: Workload) => number;
}

/** Waits until every workload runs the new template, with one pod or with all. */
export async function waitForRollout(context: WaitContext, wanted: WaitGoal): Promise<void> {
  const { cluster, app, log, deadline } = context;
  const firstSeen = new Map<string, number>();
  let details = '';
  let late: readonly string[] = [];
  await deadline.until(
    async () => {
      const states = await rolloutStates(cluster, app, wanted);
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

async function rolloutStates(cluster: Cluster, app: App, { goal, atLeast }: WaitGoal) {
  const selection = { labels: selectorOf(app.name) };
  const [deployments, pods] = await Promise.all([
    cluster.list('Deployment', app.namespace, selection),
    cluster.list('Pod', app.namespace, selection),
  ]);
  return app.workloads.map(workload => {
    const deployment = deployments.find(one => one.metadata?.name === workload.objectName);
    const own = newestPodsOf(pods.filter(pod => pod.metadata?.labels?.app === workload.objectName));
    return { workload, state: rolloutStateOf(deployment, own, { goal, minimum: atLeast(workload) }) };
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
