import type { App, Workload } from '../core/app.ts';
import { formatImageReference } from '../core/image.ts';
import { wokenScaledObject } from '../core/keda.ts';
import type { Manifest } from '../core/manifests/object.ts';
import { keysSecretName, releaseName } from '../core/names.ts';
import { keyOf, type Plan, planDeployment, sameObjects } from '../core/plan.ts';
import { keysOfReleases, type Release, type RunContext } from '../core/release.ts';
import type { Secret } from '../core/secret.ts';
import { describeError, Interrupted, joinedError } from '../errors.ts';
import { applyPlan, type Changes, createNamespace, ensureFunctionKeys, prune, removeStaleScalers } from './apply.ts';
import type { Cluster } from './cluster-port.ts';
import { assertNotForeign, type ClusterState, readClusterState } from './cluster-state.ts';
import { Deadline } from './deadline.ts';
import type { BuiltImage, ImageBuilder, Log } from './ports.ts';
import type { Prepared } from './prepare.ts';
import { settingsSourcesOf } from './prepare.ts';
import { beginRelease, endRelease, keptReleases } from './releases.ts';
import { verifyLoaded } from './verify.ts';
import { type WaitContext, waitForAll } from './wait.ts';

/** What to deploy and how. */
export interface Deployment {
  readonly prepared: Prepared;
  readonly wait: boolean;
  readonly verify: 'none' | 'ready' | 'loaded';
  readonly prune: boolean;
  /** Seconds for rollout and verification. */
  readonly timeout: number;
  readonly context: RunContext;
  /** Docker configuration for the cluster to pull with, where the registry needs credentials. */
  readonly pullConfig: Secret | undefined;
}

/** What a deployment works on. */
export interface DeployPorts {
  readonly cluster: Cluster;
  readonly images: ImageBuilder;
  readonly log: Log;
  readonly mask: (secret: Secret) => void;
  readonly now: () => Date;
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
  /** How a release that did not end well is recorded. */
  readonly recorded?: 'failed' | 'interrupted';
  /** Seconds of each phase by its name, in order. */
  readonly phases: readonly { readonly name: string; readonly seconds: number }[];
}

/** Builds, plans, applies, waits and verifies; on any failure the release record names the state that the cluster is left in. */
export async function deploy(deployment: Deployment, ports: DeployPorts): Promise<DeployResult> {
  const run = new DeployRun(deployment, ports);
  return run.run();
}

class DeployRun {
  readonly #deployment: Deployment;
  readonly #ports: DeployPorts;
  readonly #phases: { name: string; seconds: number }[] = [];
  /** The last release had the same plan and was good, so workloads at zero need not be woken again. */
  #isVerified = false;
  /** Objects that were applied or may have been; to let go one that was not woken would be a change of its own. */
  readonly #touched = new Set<string>();

  constructor(deployment: Deployment, ports: DeployPorts) {
    this.#deployment = deployment;
    this.#ports = ports;
  }

  async run(): Promise<DeployResult> {
    const { learn, now } = this.#ports;
    const since = now();
    const [image, state] = await this.#phase('build', () => this.#buildAndLook());
    const app = this.#deployment.prepared.resolve(state.sources, state.kedaVersion);
    const reference = formatImageReference(image.image);
    const plan = planDeployment(app, { reference, pullConfig: this.#deployment.pullConfig });
    this.#isVerified = state.releases[0]?.state === 'deployed' && sameObjects(state.releases[0].objects, plan.objects);
    const previousImage = state.releases.find(release => release.state === 'deployed')?.image;
    learn({ app, image, previousImage, phases: this.#phases });
    const release = await this.#begin(plan, state);
    learn({ release: release.number });
    try {
      const { changes, url } = await this.#carryOut(plan, state, release, since);
      await endRelease(this.#ports.cluster, plan, release, 'deployed', now());
      return { app, image, changes, release: release.number, previousImage, url, phases: this.#phases };
    } catch (error) {
      await this.#recordFailure(plan, state, release, error);
      throw error;
    }
  }

  /** The registry and the cluster are asked at once. A cluster that cannot be deployed to stops the build. */
  async #buildAndLook(): Promise<readonly [BuiltImage, ClusterState]> {
    const { cluster, images, signal } = this.#ports;
    const { app, config } = this.#deployment.prepared;
    const stop = new AbortController();
    const reasons: unknown[] = [];
    const note = (reason: unknown) => {
      // What a stopped build says is no fault of its own.
      if (!stop.signal.aborted) reasons.push(reason);
    };
    const build = images.build(AbortSignal.any([signal, stop.signal]));
    const state = readClusterState(cluster, app, settingsSourcesOf(config));
    build.catch(note);
    state.catch(reason => {
      note(reason);
      stop.abort(reason);
    });
    await Promise.allSettled([state, build]);
    if (reasons.length > 0) throw joinedError(reasons);
    return [await build, await state];
  }

  async #begin(plan: Plan, state: ClusterState): Promise<Release> {
    const { cluster, log, now } = this.#ports;
    await assertNotForeign(cluster, plan.app, plan.objects, state.owned);
    if (!state.namespaceExists) {
      await createNamespace(cluster, plan.app.namespace);
      log.info(`Created namespace ${plan.app.namespace}`);
    }
    return beginRelease(cluster, plan, state.releases, this.#deployment.context, now());
  }

  async #carryOut(plan: Plan, state: ClusterState, release: Release, since: Date) {
    const { cluster, log, signal, learn } = this.#ports;
    const changes = await this.#phase('apply', () => this.#apply(plan, state));
    learn({ changes });
    const context: WaitContext = {
      cluster,
      log,
      app: plan.app,
      since,
      deadline: new Deadline(this.#deployment.timeout, signal),
    };
    const url = this.#deployment.wait ? await this.#waitAndVerify(context) : undefined;
    await this.#letGo(cluster, plan, state);
    const pruned = this.#deployment.prune ? await this.#phase('prune', () => this.#prune(plan, state, release)) : [];
    return { changes: { ...changes, deleted: [...changes.deleted, ...pruned].sort() }, url };
  }

  async #apply(plan: Plan, state: ClusterState): Promise<Changes> {
    const { cluster, log } = this.#ports;
    await ensureFunctionKeys(cluster, plan, state.owned);
    const woken = plan.objects.map(object => this.#woken(object, plan.app, state));
    const deleted = await removeStaleScalers(cluster, plan, state.owned);
    const changes = await applyPlan(cluster, woken, state, key => this.#touched.add(key));
    for (const key of deleted) log.info(`Deleted ${key}`);
    for (const key of changes.created) log.info(`Created ${key}`);
    for (const key of changes.changed) log.info(`Changed ${key}`);
    log.info(`Left ${changes.unchanged.length} objects unchanged`);
    return { ...changes, deleted };
  }

  /** A workload at zero is woken to one pod for its verification. */
  #woken(object: Manifest, app: App, state: ClusterState): Manifest {
    const workload = app.workloads.find(
      one => object.kind === 'ScaledObject' && one.objectName === object.metadata.name,
    );
    if (!workload || !this.#wakes(workload)) return object;
    return wokenScaledObject(object, state.kedaVersion ?? 'unknown');
  }

  #wakes(workload: Workload): boolean {
    const { wait, verify } = this.#deployment;
    return wait && verify !== 'none' && !this.#isVerified && restsAtZero(workload);
  }

  async #waitAndVerify(context: WaitContext): Promise<string | undefined> {
    const { log } = this.#ports;
    const url = await this.#phase('wait', () => waitForAll(context, workload => (this.#wakes(workload) ? 1 : 0)));
    if (this.#deployment.verify !== 'loaded') return url;
    const { workloads } = context.app;
    const running = workloads.filter(workload => this.#wakes(workload) || !restsAtZero(workload));
    for (const { objectName } of workloads.filter(workload => !running.includes(workload)))
      log.info(`Did not wake ${objectName}: nothing changed since it was verified`);
    await this.#phase('verify', () => verifyLoaded(context, running, this.#ports.mask));
    return url;
  }

  /** Applies the woken ScaledObjects as planned, which takes away what kept them awake. */
  async #letGo(cluster: Cluster, plan: Plan, state: ClusterState): Promise<void> {
    const woken = plan.objects.filter(
      object => this.#woken(object, plan.app, state) !== object && this.#touched.has(keyOf(object)),
    );
    await Promise.all(woken.map(object => cluster.apply(object)));
  }

  async #prune(plan: Plan, state: ClusterState, release: Release): Promise<readonly string[]> {
    const { cluster, log } = this.#ports;
    const { app } = plan;
    const releases = keptReleases([release, ...state.releases]);
    const settings = [...keysOfReleases(releases)].filter(key => /^(ConfigMap|Secret)\//.test(key));
    const kept = new Set([
      ...plan.objects.map(keyOf),
      ...settings,
      `Secret/${keysSecretName(app.name)}`,
      ...releases.map(one => `Secret/${releaseName(app.name, one.number)}`),
    ]);
    const deleted = await prune(cluster, app.namespace, state.owned, kept);
    for (const key of deleted) log.info(`Deleted ${key}`);
    return deleted;
  }

  async #recordFailure(plan: Plan, state: ClusterState, release: Release, error: unknown): Promise<void> {
    const { cluster, log, now } = this.#ports;
    const closing = cluster.closing();
    const ended = error instanceof Interrupted ? 'interrupted' : 'failed';
    const reason = describeError(error).split('\n')[0] ?? '';
    try {
      await Promise.all([endRelease(closing, plan, release, ended, now(), reason), this.#letGo(closing, plan, state)]);
      this.#ports.learn({ recorded: ended });
      const hasEarlier = state.releases.some(earlier => earlier.state === 'deployed');
      log.info(
        `Recorded release ${release.number} as ${ended}${hasEarlier ? '; pods of the earlier release keep running until new ones are ready' : ''}`,
      );
    } catch (cause) {
      log.warning(
        `Could not record release ${release.number} as ${ended}: ${describeError(cause)} The next run completes it.`,
      );
    }
  }

  async #phase<Result>(name: string, work: () => Promise<Result>): Promise<Result> {
    const began = performance.now();
    const phase = { name, seconds: 0 };
    this.#phases.push(phase);
    try {
      return await this.#ports.log.group(name[0]?.toUpperCase() + name.slice(1), work);
    } finally {
      phase.seconds = (performance.now() - began) / 1000;
    }
  }
}

function restsAtZero({ scaling }: Workload): boolean {
  return scaling.kind === 'events' && scaling.minReplicas === 0;
}
