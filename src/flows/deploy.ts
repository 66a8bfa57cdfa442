import type { App, Workload } from '../core/app.ts';
import { formatImageReference } from '../core/image.ts';
import { keysSecretName, releaseName } from '../core/names.ts';
import { keyOf, type Plan, planDeployment } from '../core/plan.ts';
import { keptReleases, keysOfReleases, type RunContext, type VerifyLevel, vouchesFor } from '../core/release.ts';
import type { Secret } from '../core/secret.ts';
import { describeError, Interrupted } from '../errors.ts';
import { applyPlan, type Changes, ensureFunctionKeys, prune, removeStaleScalers } from './apply.ts';
import { buildAndLook } from './build-and-look.ts';
import { type Claim, claimRelease, tidyRecords } from './claim-release.ts';
import type { Cluster } from './cluster-port.ts';
import { type ClusterState, readClusterState } from './cluster-state.ts';
import { Deadline } from './deadline.ts';
import { type Phase, Phases } from './phases.ts';
import type { BuiltImage, ImageBuilder, Log } from './ports.ts';
import { type Prepared, settingsSourcesOf } from './prepare.ts';
import { endRelease, withLastWords } from './releases.ts';
import { verifyLoaded } from './verify.ts';
import { waitForAll } from './wait.ts';
import type { WaitContext } from './wait-context.ts';
import { waitForRollout } from './wait-rollout.ts';
import { Waking } from './waking.ts';

/** What to deploy and how. */
export interface Deployment {
  readonly prepared: Prepared;
  readonly wait: boolean;
  readonly verify: VerifyLevel;
  readonly prune: boolean;
  /** Seconds for rollout and verification, and before that for another run to end. */
  readonly timeout: number;
  readonly context: RunContext;
  /** Docker configuration for the cluster to pull with, where the registry needs credentials. */
  readonly pullConfig: Secret | undefined;
}

/** What a deployment works on. */
export interface DeployPorts {
  readonly cluster: Cluster;
  readonly images: ImageBuilder;
  /** Throws UserError when the nodes certainly cannot pull from the registry; absent where that cannot be known. */
  readonly assertPullable?: (() => Promise<void>) | undefined;
  readonly log: Log;
  readonly mask: (secret: Secret) => void;
  readonly signal: AbortSignal;
  /** Told what is known so far, so that a failed run can still say it. */
  readonly learn: (known: Partial<DeployResult>) => void;
}

/** What a deployment came to. */
export interface DeployResult {
  readonly app: App;
  readonly image: BuiltImage;
  readonly changes: Changes;
  readonly release: number;
  readonly previousImage: string | undefined;
  readonly url: string | undefined;
  readonly createdNamespace?: boolean;
  /** How a release that did not end well is recorded. */
  readonly recorded?: 'failed' | 'interrupted';
  readonly phases: readonly Phase[];
}

/** Seconds after its time is over in which a run may still end what it does, and record how it ended. */
const overtime = { work: 60, all: 120 } as const;

/** Builds, plans, applies, waits and verifies; on any failure the release record names the state that the cluster is left in. */
export async function deploy(deployment: Deployment, ports: DeployPorts): Promise<DeployResult> {
  const run = new DeployRun(deployment, ports);
  return run.run();
}

class DeployRun {
  readonly #deployment: Deployment;
  readonly #ports: DeployPorts;
  readonly #phases: Phases;

  constructor(deployment: Deployment, ports: DeployPorts) {
    this.#deployment = deployment;
    this.#ports = ports;
    this.#phases = new Phases(ports.log);
  }

  async run(): Promise<DeployResult> {
    const { learn, cluster } = this.#ports;
    const phases = this.#phases.list;
    learn({ phases });
    const [image, state] = await this.#phases.run('build', () => buildAndLook(this.#ports, () => this.#look()));
    learn({ image });
    const claim = await this.#claim(image, state);
    const { plan, release } = claim;
    const previousImage = claim.state.releases.find(earlier => earlier.state === 'deployed')?.image;
    learn({ app: plan.app, previousImage, release: release.number });
    const waking = new Waking(plan, claim.state.kedaVersion, this.#isNews(claim));
    try {
      const { changes, url } = await this.#carryOut(claim, waking);
      await endRelease(cluster, plan.app, release, { state: 'deployed' });
      return { app: plan.app, image, changes, release: release.number, previousImage, url, phases };
    } catch (error) {
      await this.#recordFailure(claim, waking, error);
      throw error;
    }
  }

  async #look(): Promise<ClusterState> {
    const { app, config } = this.#deployment.prepared;
    const { cluster, assertPullable } = this.#ports;
    const [state] = await Promise.all([readClusterState(cluster, app, settingsSourcesOf(config)), assertPullable?.()]);
    return state;
  }

  #claim(image: BuiltImage, state: ClusterState): Promise<Claim> {
    const { prepared, timeout, context, pullConfig } = this.#deployment;
    const { learn } = this.#ports;
    const request = {
      context: { ...context, tags: image.tags },
      verify: this.#level(),
      patience: timeout,
      lifetime: timeout + overtime.all,
    };
    const planOf = ({ sources, kedaVersion }: ClusterState): Plan => {
      const app = prepared.resolve(sources, kedaVersion);
      learn({ app });
      return planDeployment(app, { reference: formatImageReference(image.image), pullConfig });
    };
    const onNamespace = () => learn({ createdNamespace: true });
    return claimRelease(state, request, { ...this.#ports, look: () => this.#look(), planOf, onNamespace });
  }

  #level(): VerifyLevel {
    return this.#deployment.wait ? this.#deployment.verify : 'none';
  }

  /** Whether workloads at zero must be woken to be verified: not when the last release is the same and was looked at as far. */
  #isNews({ plan, state }: Claim): boolean {
    return this.#level() !== 'none' && !vouchesFor(state.releases[0], plan, this.#level());
  }

  async #carryOut(claim: Claim, waking: Waking) {
    const { log, signal, learn } = this.#ports;
    const { timeout, wait } = this.#deployment;
    // When the record's time is over the next run takes over, so that nothing of this one may still be on its way.
    const end = AbortSignal.any([signal, AbortSignal.timeout((timeout + overtime.work) * 1000)]);
    const cluster = this.#ports.cluster.endingAt(end);
    const { app } = claim.plan;
    const context = { cluster, log, app, since: cluster.date(), deadline: new Deadline(timeout, end) };
    await tidyRecords(claim, { cluster, log });
    const changes = await this.#phases.run('apply', () => this.#apply(cluster, claim, waking));
    learn({ changes });
    const url = wait ? await this.#waitAndVerify(context, waking) : undefined;
    await waking.letGo(cluster);
    if (!this.#deployment.prune) return { changes, url };
    const pruned = await this.#phases.run('prune', () => this.#prune(cluster, claim));
    return { changes: { ...changes, deleted: [...changes.deleted, ...pruned].sort() }, url };
  }

  async #apply(cluster: Cluster, { plan, state }: Claim, waking: Waking): Promise<Changes> {
    const { log } = this.#ports;
    await ensureFunctionKeys(cluster, plan, state.owned);
    const deleted = await removeStaleScalers(cluster, plan, state.owned);
    const changes = await applyPlan(cluster, waking.objects(), state, key => waking.begin(key));
    for (const key of deleted) log.info(`Deleted ${key}`);
    for (const key of changes.created) log.info(`Created ${key}`);
    for (const key of changes.changed) log.info(`Changed ${key}`);
    log.info(`Left ${changes.unchanged.length} objects unchanged`);
    return { ...changes, deleted };
  }

  async #waitAndVerify(context: WaitContext, waking: Waking): Promise<string | undefined> {
    const atLeast = (workload: Workload) => (waking.wakes(workload) ? 1 : 0);
    if (this.#level() !== 'loaded')
      return this.#phases.run('wait', () => waitForAll(context, { goal: 'complete', atLeast }));
    // The first new pod is asked while Kubernetes still looks whether it stays, before it takes the old ones away.
    const url = await this.#phases.run('wait', () => waitForAll(context, { goal: 'begun', atLeast }));
    await this.#phases.run('verify', () => this.#verify(context, waking));
    await this.#phases.run('replace', () => waitForRollout(context, { goal: 'complete', atLeast }));
    return url;
  }

  async #verify(context: WaitContext, waking: Waking): Promise<void> {
    const { workloads } = context.app;
    for (const { objectName } of workloads.filter(workload => !waking.hasPods(workload)))
      this.#ports.log.info(`Did not wake ${objectName}: nothing changed since it was verified`);
    const running = workloads.filter(workload => waking.hasPods(workload));
    await verifyLoaded(context, running, this.#ports.mask);
  }

  async #prune(cluster: Cluster, { plan, state, release }: Claim): Promise<readonly string[]> {
    const { app } = plan;
    const releases = [release, ...state.releases];
    const settings = [...keysOfReleases(keptReleases(releases))].filter(key => /^(ConfigMap|Secret)\//.test(key));
    const kept = new Set([
      ...plan.objects.map(keyOf),
      ...settings,
      `Secret/${keysSecretName(app.name)}`,
      ...releases.map(one => `Secret/${releaseName(app.name, one.number)}`),
    ]);
    const deleted = await prune(cluster, app.namespace, state.owned, kept);
    for (const key of deleted) this.#ports.log.info(`Deleted ${key}`);
    return deleted;
  }

  async #recordFailure({ plan, state, release }: Claim, waking: Waking, error: unknown): Promise<void> {
    const { cluster, log, signal, learn } = this.#ports;
    const ended = error instanceof Interrupted || signal.aborted ? 'interrupted' : 'failed';
    const reason = describeError(error).split('\n')[0] ?? '';
    try {
      await withLastWords(cluster, signal, async closing => {
        await Promise.all([endRelease(closing, plan.app, release, { state: ended, reason }), waking.letGo(closing)]);
      });
      learn({ recorded: ended });
      const hasEarlier = state.releases.some(earlier => earlier.state === 'deployed');
      log.info(
        `Recorded release ${release.number} as ${ended}${hasEarlier ? '; pods of the earlier release keep running until new ones are ready' : ''}`,
      );
    } catch (cause) {
      log.warning(
        `Could not record release ${release.number} as ${ended}: ${describeError(cause)} The next run takes it over.`,
      );
    }
  }
}
