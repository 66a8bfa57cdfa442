import { atMost, together } from '../core/concurrency.ts';
import type { Project } from '../core/project.ts';
import { chooseQueueFunction, encodeMessage } from '../core/queue-function.ts';
import { brokenLimits, type Curve, curveOf, isAtRest, type Limits, type Sample } from '../core/scale-curve.ts';
import type { ScaleResult } from '../core/scale-report.ts';
import type { Secret } from '../core/secret.ts';
import type { Settings } from '../core/settings.ts';
import { describeError, UserError } from '../errors.ts';
import { type Clock, lookUntil } from './clock.ts';
import type { Cluster } from './cluster-port.ts';
import { countGivenUp } from './poison-queue.ts';
import type { Log } from './ports.ts';
import type { OpenQueue } from './queue-port.ts';
import { findTarget, type ScaleTarget } from './scale-target.ts';
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
  /** Told what was seen until the test broke off. */
  readonly learn: (partial: ScaleResult) => void;
}

/** How far the messages are put. */
interface Sending {
  sent: number;
  /** When the last one had been put. */
  seconds: number | undefined;
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
  const sending: Sending = { sent: 0, seconds: undefined };
  const resultOf = (poisoned: number, faultsOf: (curve: Curve) => readonly string[]): ScaleResult => {
    const curve = curveOf(watch.samples, target.minReplicas, sending.seconds);
    const { name: app, limits } = test;
    const { minReplicas, maxReplicas, queue } = target;
    const seen = { samples: watch.samples, curve, faults: faultsOf(curve), poisoned, messages: sending.sent };
    return { app, function: fn.name, queue: queue.name, minReplicas, maxReplicas, limits, ...seen };
  };
  try {
    await sendAndWatch(target, texts, { watch, sending }, ports);
  } catch (error) {
    const reason = describeError(error).split('\n')[0] ?? '';
    ports.learn(resultOf(0, () => [`The test broke off: ${reason}`]));
    throw error;
  }
  const poisoned = Math.max(0, (await countGivenUp(target.poison)) - poisonedBefore);
  if (poisoned > 0)
    log.warning(
      `Function "${fn.name}" gave up ${poisoned} messages, which are now in the queue "${target.poison.name}". Give a "message-body" that it can process.`,
    );
  return resultOf(poisoned, curve => [
    ...unfinished(watch.samples, target, curve, test.timeout),
    ...brokenLimits(curve, test.limits),
  ]);
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

async function sendAndWatch(
  target: ScaleTarget,
  texts: readonly string[],
  { watch, sending }: { readonly watch: ScaleWatch; readonly sending: Sending },
  { log, signal, clock }: ScaleTestPorts,
): Promise<void> {
  const began = clock.now();
  try {
    await together(signal, [
      async stop => {
        await atMost(parallel, texts, async text => {
          stop.throwIfAborted();
          await target.queue.put(text);
          sending.sent += 1;
        });
        sending.seconds = (clock.now() - began) / 1000;
        log.info(`Put ${sending.sent} messages in ${sending.seconds.toFixed(1)} s`);
      },
      stop => watch.run(began, () => sending.seconds, stop),
    ]);
  } catch (error) {
    if (sending.sent > 0)
      log.warning(
        `The test ended early; ${sending.sent} messages of it were put into the queue "${target.queue.name}" and may be left there.`,
      );
    throw error;
  }
}

function unfinished(
  samples: readonly Sample[],
  { queue, objectName, minReplicas }: ScaleTarget,
  curve: Curve,
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
