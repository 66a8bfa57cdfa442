import type { Cluster, LiveEvent } from './cluster-port.ts';

/** How many lines of a failing container are shown. */
const logLines = 20;

/** What the cluster says about a failure, for people: event lines and log lines, secrets still in them. */
export interface Diagnosis {
  readonly events: readonly string[];
  readonly log: readonly string[];
}

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
