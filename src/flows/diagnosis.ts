import type { App } from '../core/app.ts';
import { Interrupted, RemoteError, UserError } from '../errors.ts';
import type { Cluster, LiveEvent } from './cluster-port.ts';

/** How many lines of a failing container are shown. */
const logLines = 20;
/** How many events are shown. */
const eventsShown = 5;

/** What the cluster says of a fault, or why it does not say it. */
type Told<Thing> = { readonly things: readonly Thing[] } | { readonly untold: string };

/** Never throws but for an interruption: the fault that is looked into counts, not what else fails meanwhile. */
async function told<Thing>(what: string, asked: Promise<readonly Thing[]>): Promise<Told<Thing>> {
  try {
    return { things: await asked };
  } catch (error) {
    if (!(error instanceof UserError) || error instanceof Interrupted) throw error;
    return { untold: `${what} cannot be read. ${error.message}` };
  }
}

/** Lines under a heading, or the one that says why there are none. */
function section<Thing>(heading: string, answer: Told<Thing>, line: (thing: Thing) => string): readonly string[] {
  if ('untold' in answer) return [answer.untold];
  return answer.things.length > 0 ? [heading, ...answer.things.map(thing => `  ${line(thing)}`)] : [];
}

/** Newest warnings of the namespace about objects whose name starts with one of `names`; none where events may not be read. */
export async function warningsOf(
  cluster: Cluster,
  namespace: string,
  names: readonly string[],
  since: Date,
): Promise<readonly LiveEvent[]> {
  try {
    return await listWarnings(cluster, namespace, names, since);
  } catch (error) {
    if (error instanceof RemoteError && error.status === 403) return [];
    throw error;
  }
}

async function listWarnings(
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

function describeEvent(event: LiveEvent): string {
  return `${event.involvedObject?.kind ?? ''} "${event.involvedObject?.name ?? ''}": ${event.reason ?? ''}: ${event.message ?? ''}`;
}

async function lastLogOf(
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
    told(`The log of "${pod}"`, lastLogOf(cluster, app.namespace, pod, container, crashed)),
    told('Events', newest(listWarnings(cluster, app.namespace, [pod], since))),
  ]);
  return [...section('Events:', events, describeEvent), ...section(`Last log lines of "${pod}":`, lines, line => line)];
}

async function newest(events: Promise<readonly LiveEvent[]>): Promise<readonly LiveEvent[]> {
  return (await events).slice(-eventsShown);
}

/** A hash in Kubernetes' alphabet, which tells a ReplicaSet of "orders" from one of "orders-http". */
const templateHash = /^-[bcdfghjklmnpqrstvwxz2456789]{6,10}$/;

/** Warnings about a Deployment and its ReplicaSets, line by line: why it makes no pods. */
export async function detailsOfDeployment(
  { cluster, app, since }: Scene,
  deployment: string,
): Promise<readonly string[]> {
  const events = listWarnings(cluster, app.namespace, [deployment], since).then(all =>
    all.filter(({ involvedObject: { kind, name = '' } = {} }) =>
      kind === 'ReplicaSet'
        ? templateHash.test(name.slice(deployment.length))
        : kind === 'Deployment' && name === deployment,
    ),
  );
  return section('Events:', await told('Events', newest(events)), describeEvent);
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
