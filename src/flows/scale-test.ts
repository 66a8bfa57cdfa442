import { atMost, together } from '../core/concurrency.ts';
import { selectorOf } from '../core/names.ts';
import type { AppFunction, Project } from '../core/project.ts';
import { chooseQueueFunction, encodeMessage } from '../core/queue-function.ts';
import { brokenLimits, curveOf, isAtRest, type Limits, type Sample } from '../core/scale-curve.ts';
import type { ScaleResult } from '../core/scale-report.ts';
import type { ScaledObject } from '../core/scaled-object-status.ts';
import type { Secret } from '../core/secret.ts';
import type { Settings } from '../core/settings.ts';
import { UserError } from '../errors.ts';
import { type Clock, lookUntil } from './clock.ts';
import type { Cluster, LiveObject } from './cluster-port.ts';
import { findQueue, readWorkloads } from './find-queue.ts';
import { countGivenUp } from './poison-queue.ts';
import type { Log } from './ports.ts';
import type { OpenQueue, StorageQueue } from './queue-port.ts';
import { ScaleWatch } from './scale-watch.ts';

/** What to test. */
export interface ScaleTest {
  readonly name: string;
  readonly namespace: string;
  readonly project: Project;
  /** Settings of the inputs and the file; what they lack is read from the cluster. */
  readonly settings: Settings;
  readonly function: string | undefined;
  readonly messages: number;
  /** `{n}` in it stands for the number of the message, from 1. */
  readonly messageBody: string;
  readonly limits: Limits;
  /** Seconds for the whole test. */
  readonly timeout: number;
}

/** What a scale test works on. */
export interface ScaleTestPorts {
  readonly cluster: Cluster;
  readonly openQueue: OpenQueue;
  readonly log: Log;
  readonly mask: (secret: Secret) => void;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

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

/** How many messages are put at once. */
const parallel = 32;
/** Milliseconds between two looks while the workload comes to rest. */
const restLook = 1000;

/**
 * Puts messages, watches the workload scale out and back, and says what was seen; a limit that is broken is a fault of the result.
 * Throws UserError when the test cannot be carried out: no such function or queue, not deployed, a scaler or pods that fail.
 */
export async function runScaleTest(test: ScaleTest, ports: ScaleTestPorts): Promise<ScaleResult> {
  const { clock, log } = ports;
  const until = clock.now() + test.timeout * 1000;
  const fn = chooseQueueFunction(test.project, test.function);
  const texts = Array.from({ length: test.messages }, (_, index) =>
    encodeMessage(test.messageBody.replaceAll('{n}', String(index + 1)), test.project.host),
  );
  const target = await findTarget(test, fn, ports);
  await waitForRest(target, ports, until, test.timeout);
  const poisonedBefore = await countGivenUp(target.poison);
  const watch = new ScaleWatch(target, { ...ports, until });
  const { samples, sentSeconds } = await sendAndWatch(target, texts, watch, ports);
  const curve = curveOf(samples, target.minReplicas, sentSeconds);
  const poisoned = Math.max(0, (await countGivenUp(target.poison)) - poisonedBefore);
  if (poisoned > 0)
    log.warning(
      `Function "${fn.name}" gave up ${poisoned} messages, which are now in the queue "${target.poison.name}". Give a "message-body" that it can process.`,
    );
  const faults = [...unfinished(samples, target, curve, test.timeout), ...brokenLimits(curve, test.limits)];
  const { minReplicas, maxReplicas } = target;
  return {
    app: test.name,
    function: fn.name,
    queue: target.queue.name,
    messages: test.messages,
    minReplicas,
    maxReplicas,
    samples,
    curve,
    limits: test.limits,
    faults,
    poisoned,
  };
}

async function findTarget(test: ScaleTest, fn: AppFunction, ports: ScaleTestPorts): Promise<ScaleTarget> {
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

/** A test that begins while replicas of earlier work run would measure those. */
async function waitForRest(target: ScaleTarget, ports: ScaleTestPorts, until: number, timeout: number): Promise<void> {
  const { cluster, clock, signal, log } = ports;
  let wanted = 0;
  let said = false;
  const rested = await lookUntil({ clock, until, every: restLook, signal }, async () => {
    const deployment = await cluster.read('Deployment', target.namespace, target.objectName);
    wanted = deployment?.spec?.replicas ?? 0;
    if (isAtRest({ wanted, ready: deployment?.status?.readyReplicas ?? 0 }, target.minReplicas)) return true;
    if (!said) log.info(`Waiting until ${target.objectName} is back from ${wanted} to ${target.minReplicas} replicas`);
    said = true;
    return undefined;
  });
  if (!rested)
    throw new UserError(
      `"${target.objectName}" did not come to rest within ${timeout} s: it has ${wanted} replicas, at rest ${target.minReplicas}. Wait until its queue is empty and its cool-down over, or raise the input "timeout".`,
    );
}

async function sendAndWatch(target: ScaleTarget, texts: readonly string[], watch: ScaleWatch, ports: ScaleTestPorts) {
  const { log, signal, clock } = ports;
  const began = clock.now();
  let sentSeconds: number | undefined;
  let sent = 0;
  try {
    const [, samples] = await together(signal, [
      async stop => {
        await atMost(parallel, texts, async text => {
          stop.throwIfAborted();
          await target.queue.put(text);
          sent += 1;
        });
        sentSeconds = (clock.now() - began) / 1000;
        log.info(`Put ${sent} messages in ${sentSeconds.toFixed(1)} s`);
      },
      stop => watch.run(began, () => sentSeconds, stop),
    ]);
    return { samples, sentSeconds };
  } catch (error) {
    if (sent > 0)
      log.warning(
        `The test ended early; ${sent} messages of it were put into the queue "${target.queue.name}" and may be left there.`,
      );
    throw error;
  }
}

function unfinished(
  samples: readonly Sample[],
  { queue, objectName, minReplicas }: ScaleTarget,
  curve: ReturnType<typeof curveOf>,
  timeout: number,
): readonly string[] {
  const last = samples.at(-1);
  if (curve.drainedSeconds === undefined)
    return [
      `Queue "${queue.name}" was not empty within ${timeout} s: ${last?.messages ?? 0} messages are left. Raise the input "timeout", or look at what slows the function.`,
    ];
  if (curve.settledSeconds === undefined)
    return [
      `"${objectName}" was not back at ${minReplicas} replicas within ${timeout} s: it has ${last?.wanted ?? 0}. Raise the input "timeout" above the cool-down period.`,
    ];
  return [];
}
