import type { Workload } from '../core/app.ts';
import { newestPodsOf, rolloutStateOf } from '../core/rollout.ts';
import { curveOf, type Sample } from '../core/scale-curve.ts';
import { scalerStateOf } from '../core/scaled-object-status.ts';
import { scalerFaultText } from '../core/scaler-hints.ts';
import { UserError } from '../errors.ts';
import type { Clock } from './clock.ts';
import type { Cluster } from './cluster-port.ts';
import { detailsOfPod, warningsOf } from './diagnosis.ts';
import type { Log } from './ports.ts';
import type { ScaleTarget } from './scale-target.ts';

/** Milliseconds between two looks at the replicas: a step of a fast autoscaler lasts less than a second. */
const every = 250;
/** The queue is counted at every fourth look. */
const looksPerCount = 4;
/** Seconds after which a sample is kept though nothing changed. */
const sampleTime = 1;
/** Pods and scaler are examined at every twentieth look. */
const looksPerExamination = 20;
/** Milliseconds after which progress is logged though nothing changed. */
const quietTime = 30_000;

interface WatchPorts {
  readonly cluster: Cluster;
  readonly log: Log;
  readonly clock: Clock;
  /** Moment of the clock at which the test ends. */
  readonly until: number;
}

/** Samples a workload and its queue until the work is done or the time over. */
export class ScaleWatch {
  readonly #target: ScaleTarget;
  readonly #ports: WatchPorts;
  readonly #since: Date;
  readonly #samples: Sample[] = [];
  #count = { messages: 0, countedSeconds: -1 };
  #counting: Promise<void> | undefined;
  #countFailure: unknown;
  #scalerFailures = 0;
  #podFailures = 0;
  #loggedAt = 0;

  constructor(target: ScaleTarget, ports: WatchPorts) {
    this.#target = target;
    this.#ports = ports;
    this.#since = ports.clock.date();
  }

  /** What was seen so far. */
  get samples(): readonly Sample[] {
    return this.#samples;
  }

  /** Looks until the work is done or the time over; throws UserError as soon as the scaler or pods fail. `sent` tells when the last message had been put, in seconds. */
  async run(began: number, sent: () => number | undefined, signal: AbortSignal): Promise<void> {
    const { clock, until } = this.#ports;
    for (let look = 0; clock.now() < until; look += 1) {
      signal.throwIfAborted();
      await this.#look(began, look);
      if (curveOf(this.#samples, this.#target.minReplicas, sent()).settledSeconds !== undefined) break;
      if (look % looksPerExamination === looksPerExamination - 1) await this.#examine();
      const next = began + (look + 1) * every;
      await clock.pause(Math.max(10, next - clock.now()), signal);
    }
  }

  async #look(began: number, look: number): Promise<void> {
    const { cluster, clock } = this.#ports;
    const { namespace, objectName } = this.#target;
    const secondsNow = () => (clock.now() - began) / 1000;
    // Not awaited here: a queue that is busy taking messages answers late, and steps of the replicas would be missed.
    if (look % looksPerCount === 0) this.#counting ??= this.#countMessages(secondsNow());
    const deployment = await cluster.read('Deployment', namespace, objectName);
    if (!deployment)
      throw new UserError(`Deployment "${objectName}" was deleted during the test. Deploy the app again.`);
    if (this.#countFailure !== undefined) throw this.#countFailure;
    const { replicas: wanted = 0 } = deployment.spec ?? {};
    this.#add({ seconds: secondsNow(), wanted, ready: deployment.status?.readyReplicas ?? 0, ...this.#count });
  }

  async #countMessages(countedSeconds: number): Promise<void> {
    try {
      this.#count = { messages: await this.#target.queue.count(), countedSeconds };
    } catch (error) {
      this.#countFailure = error;
    } finally {
      this.#counting = undefined;
    }
  }

  /** Keeps a sample a second, and each in which something changed. */
  #add(sample: Sample): void {
    const { log, clock } = this.#ports;
    const before = this.#samples.at(-1);
    const changed = before?.wanted !== sample.wanted || before.ready !== sample.ready;
    const emptied = sample.messages === 0 && before?.countedSeconds !== sample.countedSeconds;
    if (!changed && !emptied && sample.seconds - before.seconds < sampleTime) return;
    this.#samples.push(sample);
    if (!changed && clock.now() - this.#loggedAt < quietTime) return;
    this.#loggedAt = clock.now();
    log.info(
      `${sample.seconds.toFixed(1)} s: ${sample.wanted} replicas wanted, ${sample.ready} ready, ${sample.messages} messages`,
    );
  }

  async #examine(): Promise<void> {
    await Promise.all([this.#examineScaler(), this.#examinePods()]);
  }

  async #examineScaler(): Promise<void> {
    const { cluster } = this.#ports;
    const { namespace, objectName } = this.#target;
    const state = scalerStateOf((await cluster.read('ScaledObject', namespace, objectName)) ?? {});
    this.#scalerFailures = state.kind === 'failed' ? this.#scalerFailures + 1 : 0;
    if (state.kind !== 'failed') return;
    const events = await warningsOf(cluster, namespace, [objectName], this.#since);
    const said = events.findLast(
      event => event.involvedObject?.kind === 'ScaledObject' && event.reason === 'KEDAScalerFailed',
    )?.message;
    // A single failure without an event of its own may be over at the next poll.
    if (said === undefined && this.#scalerFailures < 2) return;
    throw new UserError(scalerFaultText(this.#workload(), said ?? state.message));
  }

  async #examinePods(): Promise<void> {
    const { cluster } = this.#ports;
    const { namespace, objectName } = this.#target;
    const [deployment, pods] = await Promise.all([
      cluster.read('Deployment', namespace, objectName),
      cluster.list('Pod', namespace, { labels: `app=${objectName}` }),
    ]);
    const state = rolloutStateOf(deployment, newestPodsOf(pods), { minimum: 0, goal: 'complete' });
    this.#podFailures = state.kind === 'failed' ? this.#podFailures + 1 : 0;
    if (state.kind !== 'failed' || (!state.crashed && this.#podFailures < 2)) return;
    const { pod, crashed } = state;
    const scene = { cluster, app: { namespace }, since: this.#since };
    const details = pod ? await detailsOfPod(scene, { pod: pod.name, container: pod.container, crashed }) : [];
    throw new UserError([state.message, ...details].join('\n'));
  }

  #workload(): Pick<Workload, 'objectName' | 'scaling'> {
    const { objectName, function: name, queue, minReplicas, maxReplicas } = this.#target;
    const scaler = { type: 'azure-queue', metadata: { queueName: queue.name } };
    return {
      objectName,
      scaling: {
        kind: 'events',
        minReplicas,
        maxReplicas,
        pollingInterval: 0,
        cooldownPeriod: 0,
        scalers: [{ function: name, scaler }],
      },
    };
  }
}
