import { liveWorkloadsOf } from '../core/live-workload.ts';
import { selectorOf } from '../core/names.ts';
import type { Project } from '../core/project.ts';
import { type QueueOfFunction, queueFunctionsOf } from '../core/queue-function.ts';
import { Secret } from '../core/secret.ts';
import type { Settings } from '../core/settings.ts';
import { RemoteError, UserError } from '../errors.ts';
import { findQueue, type LiveApp } from './find-queue.ts';
import type { Log } from './ports.ts';
import type { OpenQueue, StorageQueue } from './queue-port.ts';

/** Code and settings where they are at hand; else the ScaledObjects tell the queues. */
export interface QueueSearch {
  readonly project: Project | undefined;
  readonly settings: Settings;
  readonly openQueue: OpenQueue;
  readonly log: Log;
}

/**
 * Queues that the app's functions read and those of given-up messages, as far as they exist; throws UserError when one cannot be
 * known or its connection does not work.
 */
export async function findQueues(app: LiveApp, search: QueueSearch): Promise<readonly StorageQueue[]> {
  const found = search.project ? await queuesOfCode(app, search.project, search) : await queuesOfScalers(app);
  const queues = found.flatMap(({ queue, connection }) => [
    search.openQueue(connection, queue),
    search.openQueue(connection, `${queue}-poison`),
  ]);
  const different = [...new Map(queues.map(queue => [`${queue.account}/${queue.name}`, queue])).values()];
  const existing = await Promise.all(different.map(exists));
  return different.filter((_, index) => existing[index]);
}

async function exists(queue: StorageQueue): Promise<boolean> {
  try {
    await queue.count();
    return true;
  } catch (error) {
    if (error instanceof RemoteError && error.status === 404) return false;
    throw error;
  }
}

async function queuesOfCode(
  app: LiveApp,
  project: Project,
  { settings, log }: QueueSearch,
): Promise<readonly QueueOfFunction[]> {
  const workloads = liveWorkloadsOf(
    await app.cluster.list('Deployment', app.namespace, { labels: selectorOf(app.name) }),
  );
  const found = await Promise.all(
    queueFunctionsOf(project).map(async fn => {
      try {
        return await findQueue(app, fn, { project, given: settings, workloads });
      } catch (error) {
        // Without the app in the cluster only the inputs could tell the connection.
        if (!(error instanceof UserError) || workloads.length > 0) throw error;
        log.notice(
          `The queue of function "${fn.name}" is not known, since the app is not deployed and its settings are not given. It stays.`,
        );
        return undefined;
      }
    }),
  );
  return found.filter(queue => queue !== undefined);
}

async function queuesOfScalers({ cluster, name, namespace, mask }: LiveApp): Promise<readonly QueueOfFunction[]> {
  const scaledObjects = await cluster.list('ScaledObject', namespace, { labels: selectorOf(name) });
  const triggers = scaledObjects
    .flatMap(object => object.spec?.triggers ?? [])
    .filter(trigger => trigger.type === 'azure-queue');
  return Promise.all(
    triggers.map(async ({ metadata, authenticationRef }) => {
      const queue = metadata.queueName ?? '';
      const connection = authenticationRef && (await readConnection({ cluster, namespace }, authenticationRef.name));
      if (!connection)
        throw new UserError(
          `The connection of the queue "${queue}" cannot be read from the cluster. Set the input "app-directory" to the code of the app, and give its settings.`,
        );
      mask(connection);
      return { queue, connection };
    }),
  );
}

async function readConnection(
  { cluster, namespace }: Pick<LiveApp, 'cluster' | 'namespace'>,
  name: string,
): Promise<Secret | undefined> {
  const spec = (await cluster.read('TriggerAuthentication', namespace, name))?.spec;
  const secret = spec?.secretTargetRef?.find(reference => reference.parameter === 'connection');
  const map = spec?.configMapTargetRef?.find(reference => reference.parameter === 'connection');
  if (secret) {
    const encoded = (await cluster.read('Secret', namespace, secret.name))?.data?.[secret.key];
    return encoded === undefined ? undefined : Secret.fromBase64(encoded);
  }
  const text = map && (await cluster.read('ConfigMap', namespace, map.name))?.data?.[map.key];
  return text === undefined ? undefined : new Secret(text);
}
