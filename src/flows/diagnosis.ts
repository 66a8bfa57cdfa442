import type { App } from '../core/app.ts';
import type { Cluster, LiveEvent } from './cluster-port.ts';

/** How many lines of a failing container are shown. */
const logLines = 20;

/** Newest warnings of the namespace about objects whose name starts with one of `names`. */
export async function warningsOf(
  cluster: Cluster,
  namespace: string,
  names: readonly string[],
  since: Date,
): Promise<readonly LiveEvent[]> {
  const events = await cluster.list('Event', namespace, { fields: 'type=Warning' });
  return events
    .filter(event =>
      names.some(name => event.involvedObject?.name === name || event.involvedObject?.name?.startsWith(`${name}-`)),
    )
    .filter(event => timeOf(event) >= since.toISOString().slice(0, 19))
    .sort((a, b) => (timeOf(a) < timeOf(b) ? -1 : 1));
}

/** One line for an event. */
export function describeEvent(event: LiveEvent): string {
  return `${event.involvedObject?.kind ?? ''} "${event.involvedObject?.name ?? ''}": ${event.reason ?? ''}: ${event.message ?? ''}`;
}

/** Last lines of a container: of its earlier run when it crashed, else of this one. */
export async function lastLogOf(
  cluster: Cluster,
  namespace: string,
  pod: string,
  container: string,
  crashed: boolean,
): Promise<readonly string[]> {
  const earlier = crashed ? await cluster.logs(namespace, pod, { container, previous: true, lines: logLines }) : [];
  return earlier.length > 0 ? earlier : cluster.logs(namespace, pod, { container, previous: false, lines: logLines });
}

/** A pod, and whose run of its container the log is wanted of. */
export interface PodInQuestion {
  readonly pod: string;
  readonly container: string;
  readonly crashed: boolean;
}

/** What the cluster and the container say about a pod, for people, line by line; secrets are still in it. */
export async function detailsOfPod(
  { cluster, app, since }: Scene,
  { pod, container, crashed }: PodInQuestion,
): Promise<readonly string[]> {
  const [lines, events] = await Promise.all([
    lastLogOf(cluster, app.namespace, pod, container, crashed),
    warningsOf(cluster, app.namespace, [pod], since),
  ]);
  return [
    ...(events.length > 0 ? ['Events:', ...events.slice(-5).map(event => `  ${describeEvent(event)}`)] : []),
    ...(lines.length > 0 ? [`Last log lines of "${pod}":`, ...lines.map(line => `  ${line}`)] : []),
  ];
}

/** A hash in Kubernetes' alphabet, which tells a ReplicaSet of "orders" from one of "orders-http". */
const templateHash = /^-[bcdfghjklmnpqrstvwxz2456789]{6,10}$/;

/** Warnings about a Deployment and its ReplicaSets, line by line: why it makes no pods. */
export async function detailsOfDeployment(
  { cluster, app, since }: Scene,
  deployment: string,
): Promise<readonly string[]> {
  const events = await warningsOf(cluster, app.namespace, [deployment], since);
  const own = events.filter(({ involvedObject: { kind, name = '' } = {} }) =>
    kind === 'ReplicaSet'
      ? templateHash.test(name.slice(deployment.length))
      : kind === 'Deployment' && name === deployment,
  );
  return own.length > 0 ? ['Events:', ...own.slice(-5).map(event => `  ${describeEvent(event)}`)] : [];
}

/** Where and when something went wrong. */
export interface Scene {
  readonly cluster: Cluster;
  readonly app: Pick<App, 'namespace'>;
  /** Older events are not of this deployment. */
  readonly since: Date;
}

/** Messages in which KEDA said that the scalers of a ScaledObject fail, oldest first, with the time of each as ISO text. */
export async function scalerFailures(
  { cluster, app, since }: Scene,
  scaledObject: string,
): Promise<readonly { readonly time: string; readonly message: string }[]> {
  const events = await warningsOf(cluster, app.namespace, [scaledObject], since);
  return events
    .filter(event => event.involvedObject?.kind === 'ScaledObject' && event.reason === 'KEDAScalerFailed')
    .map(event => ({ time: timeOf(event), message: event.message ?? '' }));
}

/** Newer KEDA and Kubernetes leave the old time fields null. */
function timeOf(event: LiveEvent): string {
  const created = event.metadata?.creationTimestamp;
  return (
    event.series?.lastObservedTime ??
    event.eventTime ??
    event.lastTimestamp ??
    (created ? new Date(created).toISOString() : '')
  );
}
