import { type LiveWorkload, liveWorkloadsOf } from '../core/live-workload.ts';
import { selectorOf } from '../core/names.ts';
import type { AppFunction, Project } from '../core/project.ts';
import { type QueueOfFunction, queueOf } from '../core/queue-function.ts';
import { Secret } from '../core/secret.ts';
import { mergeSettings, plainLayer, type Settings, type SettingsLayer, secretLayer } from '../core/settings.ts';
import { UserError } from '../errors.ts';
import type { Cluster } from './cluster-port.ts';

/** An app in the cluster, by name. */
export interface LiveApp {
  readonly cluster: Cluster;
  readonly name: string;
  readonly namespace: string;
  readonly mask: (secret: Secret) => void;
}

/** Workloads of the app as they are deployed; throws UserError when there are none. */
export async function readWorkloads({ cluster, name, namespace }: LiveApp): Promise<readonly LiveWorkload[]> {
  const workloads = liveWorkloadsOf(await cluster.list('Deployment', namespace, { labels: selectorOf(name) }));
  if (workloads.length > 0) return workloads;
  throw new UserError(
    `The app "${name}" is not deployed in the namespace "${namespace}". Deploy it first, or correct the inputs "name" and "namespace".`,
  );
}

/** Queue and connection of a function: by the given settings, else by those that its pods have. */
export async function findQueue(
  app: LiveApp,
  fn: AppFunction,
  {
    project,
    given,
    workloads,
  }: {
    readonly project: Project;
    readonly given: Settings;
    readonly workloads: readonly LiveWorkload[];
  },
): Promise<QueueOfFunction> {
  const known = tryQueueOf(fn, project, given);
  if (known) return known;
  const workload = workloads.find(one => one.functions.includes(fn.name));
  if (!workload)
    throw new UserError(
      `No workload of "${app.name}" in the cluster runs the function "${fn.name}". Deploy the app again.`,
    );
  const live = await readLiveSettings(app, workload);
  return queueOf(fn, project, mergeSettings([...live, given]));
}

/** Undefined when the given settings do not suffice. */
function tryQueueOf(fn: AppFunction, project: Project, given: Settings): QueueOfFunction | undefined {
  try {
    return queueOf(fn, project, given);
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}

/** Settings of a workload's pods, the later layer winning; secrets are masked before anything else sees them. */
async function readLiveSettings(app: LiveApp, { environment }: LiveWorkload): Promise<readonly SettingsLayer[]> {
  const layers = await Promise.all(environment.sources.map(({ kind, name }) => readLayer(app, kind, name)));
  return [...layers, plainLayer(environment.values)];
}

async function readLayer(
  { cluster, namespace, mask }: LiveApp,
  kind: 'Secret' | 'ConfigMap',
  name: string,
): Promise<SettingsLayer> {
  if (kind === 'ConfigMap') return plainLayer((await cluster.read('ConfigMap', namespace, name))?.data ?? {});
  const live = await cluster.read('Secret', namespace, name);
  const values = new Map(Object.entries(live?.data ?? {}).map(([key, value]) => [key, Secret.fromBase64(value)]));
  for (const value of values.values()) mask(value);
  return secretLayer(values);
}
