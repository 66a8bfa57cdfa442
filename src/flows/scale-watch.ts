import type { Workload } from '../core/app.ts';
import { newestPodsOf, rolloutStateOf } from '../core/rollout.ts';
import { curveOf, type Sample } from '../core/scale-curve.ts';
import { scalerStateOf } from '../core/scaled-object-status.ts';
import { scalerFaultText } from '../core/scaler-hints.ts';
import { UserError } from '../errors.ts';
import type { Clock } from './clock.ts';
import type { Cluster } from './cluster-port.ts';
import { lastLogOf, warningsOf } from './diagnosis.ts';
import type { Log } from './ports.ts';
import type { ScaleTarget } from './scale-test.ts';

/** Milliseconds between two looks at the replicas: a step of a fast autoscaler lasts one second. */
const every = 500;
/** The queue is counted at every second look. */
const looksPerCount = 2;
/** Pods and scaler are examined at every tenth look. */
const looksPerExamination = 10;
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
  #messages = 0;
  #scalerFailures = 0;
  #podFailures = 0;
  #loggedAt = 0;

  constructor(target: ScaleTarget, ports: WatchPorts) {
    this.#target = target;
    this.#ports = ports;
    this.#since = ports.clock.date();
  }

  /** All samples; throws UserError as soon as the scaler or pods fail. `sent` tells when the last message had been put, in seconds. */
  async run(began: number, sent: () => number | undefined, signal: AbortSignal): Promise<readonly Sample[]> {
    const { clock, until } = this.#ports;
    for (let look = 0; clock.now() < until; look += 1) {
      signal.throwIfAborted();
      // Read before the look: a message that is put during it might not be counted yet.
      const sentSeconds = sent();
      await this.#look(began, look);
      if (curveOf(this.#samples, this.#target.minReplicas, sentSeconds).settledSeconds !== undefined) break;
      if (look % looksPerExamination === looksPerExamination - 1) await this.#examine();
      const next = began + (look + 1) * every;
      await clock.pause(Math.max(10, next - clock.now()), signal);
    }
    return this.#samples;
  }

  async #look(began: number, look: number): Promise<void> {
    const { cluster, clock } = this.#ports;
    const { namespace, objectName, queue } = this.#target;
    const [deployment, messages] = await Promise.all([
      cluster.read('Deployment', namespace, objectName),
      look % looksPerCount === 0 ? queue.count() : Promise.resolve(this.#messages),
    ]);
    if (!deployment) throw new UserError(`Deployment "${objectName}" was deleted during the test. Deploy the app again.`);
    this.#messages = messages;
    const seconds = (clock.now() - began) / 1000;
    this.#add({ seconds, wanted: deployment.spec?.replicas ?? 0, ready: deployment.status?.readyReplicas ?? 0, messages });
  }

  #add(sample: Sample): void {
    const { log, clock } = this.#ports;
    const before = this.#samples.at(-1);
    this.#samples.push(sample);
    const changed = before?.wanted !== sample.wanted || before.ready !== sample.ready;
    if (!changed && clock.now() - this.#loggedAt < quietTime) return;
    this.#loggedAt = clock.now();
    log.info(`${sample.seconds.toFixed(1)} s: ${sample.wanted} replicas wanted, ${sample.ready} ready, ${sample.messages} messages`);
  }

  async #examine(): Promise<void> {
    await Promise.all([this.#examineScaler(), this.#examinePods()]);
  }

  async #examineScaler(): Promise<void> {
    const { cluster } = this.#ports;
    const { namespace, objectName } = this.#target;
    const state = scalerStateOf(await cluster.read('ScaledObject', namespace, objectName) ?? {});
    this.#scalerFailures = state.kind === 'failed' ? this.#scalerFailures + 1 : 0;
    if (state.kind !== 'failed') return;
    const events = await warningsOf(cluster, namespace, [objectName], this.#since);
    const said = events.findLast(event => event.involvedObject?.kind === 'ScaledObject' && event.reason === 'KEDAScalerFailed')?.message;
    // A single failure without an event of its own may be over at the next poll.
    if (said === undefined && this.#scalerFailures < 2) return;
    throw new UserError(scalerFaultText(this.#workload(), said ?? state.message));
  }

  async #examinePods(): Promise<void> {
    const { cluster } = this.#ports;
    const { namespace, objectName } = this.#target;
    const [deployment, pods] = await Promise.all([
      cluster.read('Deployment', namespace, objectName), cluster.list('Pod', namespace, { labels: `app=${objectName}` }),
    ]);
    const state = rolloutStateOf(deployment, newestPodsOf(pods), 0);
    this.#podFailures = state.kind === 'failed' ? this.#podFailures + 1 : 0;
    if (state.kind !== 'failed' || (!state.crashed && this.#podFailures < 2)) return;
    const lines = await lastLogOf(cluster, namespace, state.pod, state.container, state.crashed);
    throw new UserError([state.message, ...(lines.length > 0 ? [`Last log lines of "${state.pod}":`, ...lines.map(line => `  ${line}`)] : [])].join('\n'));
  }

  #workload(): Pick<Workload, 'objectName' | 'scaling'> {
    const { objectName, function: name, queue, minReplicas, maxReplicas } = this.#target;
    const scaler = { type: 'azure-queue', metadata: { queueName: queue.name } };
    return { objectName, scaling: { kind: 'events', minReplicas, maxReplicas, pollingInterval: 0, cooldownPeriod: 0, scalers: [{ function: name, scaler }] } };
  }
}
