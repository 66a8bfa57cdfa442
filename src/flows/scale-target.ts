import { selectorOf } from '../core/names.ts';
import type { AppFunction } from '../core/project.ts';
import type { ScaledObject } from '../core/scaled-object-status.ts';
import { UserError } from '../errors.ts';
import type { LiveObject } from './cluster-port.ts';
import { findQueue, readWorkloads } from './find-queue.ts';
import type { StorageQueue } from './queue-port.ts';
import type { ScaleTest, ScaleTestPorts } from './scale-test.ts';

/** What is measured, and against what. */
export interface ScaleTarget {
  readonly function: string;
  readonly objectName: string;
  readonly namespace: string;
  readonly queue: StorageQueue;
  readonly poison: StorageQueue;
  readonly minReplicas: number;
  readonly maxReplicas: number;
}

/** The workload and the queue of a function; throws UserError when the app is not deployed so that it would scale. */
export async function findTarget(test: ScaleTest, fn: AppFunction, ports: ScaleTestPorts): Promise<ScaleTarget> {
  const { cluster, openQueue, log, mask } = ports;
  const { name, namespace, project } = test;
  const app = { cluster, name, namespace, mask };
  const [workloads, scaledObjects] = await Promise.all([
    readWorkloads(app),
    cluster.list('ScaledObject', namespace, { labels: selectorOf(name) }),
  ]);
  const { queue, connection } = await findQueue(app, fn, { project, given: test.settings, workloads });
  const scaledObject = scaledObjectOf(scaledObjects, queue, fn, test);
  const objectName = scaledObject.metadata?.name ?? '';
  const { minReplicaCount = 0, maxReplicaCount = 100 } = scaledObject.spec ?? {};
  const target = {
    function: fn.name,
    objectName,
    namespace,
    minReplicas: minReplicaCount,
    maxReplicas: maxReplicaCount,
    queue: openQueue(connection, queue),
    poison: openQueue(connection, `${queue}-poison`),
  };
  const waiting = await target.queue.count();
  if (waiting > 0)
    log.notice(`Queue "${queue}" holds ${waiting} messages already; they are counted with those of the test.`);
  log.info(
    `Function ${fn.name} reads queue ${queue} of account ${target.queue.account}; ScaledObject ${objectName} keeps ${minReplicaCount} to ${maxReplicaCount} replicas`,
  );
  return target;
}

function scaledObjectOf(
  all: readonly (ScaledObject & LiveObject)[],
  queue: string,
  fn: AppFunction,
  { name, namespace }: ScaleTest,
) {
  const found = all.find(one =>
    one.spec?.triggers?.some(trigger => trigger.type === 'azure-queue' && trigger.metadata.queueName === queue),
  );
  if (!found)
    throw new UserError(
      `No ScaledObject of "${name}" in the namespace "${namespace}" watches the queue "${queue}" of function "${fn.name}". Deploy the app again, with the settings that the test has.`,
    );
  const paused = found.status?.conditions?.some(one => one.type === 'Paused' && one.status === 'True');
  if (paused)
    throw new UserError(
      `ScaledObject "${found.metadata?.name}" is paused, so that nothing would scale. Remove its annotations "autoscaling.keda.sh/paused" and "autoscaling.keda.sh/paused-replicas".`,
    );
  return found;
}
