import { releaseName } from '../core/names.ts';
import type { Plan } from '../core/plan.ts';
import { type Beginning, isUnderWay, pendingRelease, type Release, releaseObjectOf } from '../core/release.ts';
import { UserError } from '../errors.ts';
import { createNamespace } from './apply.ts';
import type { Cluster } from './cluster-port.ts';
import { assertNotForeign, type ClusterState } from './cluster-state.ts';
import { Deadline } from './deadline.ts';
import type { Log } from './ports.ts';
import { endRelease, readRelease, trimReleases, withLastWords } from './releases.ts';

/** A release that this run may make, and the cluster as it was when nobody else was at work on the app. */
export interface Claim {
  readonly state: ClusterState;
  readonly plan: Plan;
  readonly release: Release;
}

/** What claiming a release needs. */
export interface ClaimPorts {
  readonly cluster: Cluster;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** Reads the cluster anew. */
  readonly look: () => Promise<ClusterState>;
  readonly planOf: (state: ClusterState) => Plan;
  /** Told of a namespace that was created. */
  readonly onNamespace: () => void;
}

/** How the release is to be claimed. */
export interface ClaimRequest extends Omit<Beginning, 'plan' | 'number'> {
  /** Seconds to wait for another run. */
  readonly patience: number;
}

/** Tags that a record holds at most. */
const tagsRemembered = 500;
/** Milliseconds after which the log says that the run still waits. */
const quietTime = 30_000;

/**
 * Makes this run the only one at work on the app: waits while another one is, takes over what a killed one left, and records
 * the release before the first change. Throws UserError when the other run does not end in time or a name is taken.
 */
export async function claimRelease(state: ClusterState, request: ClaimRequest, ports: ClaimPorts): Promise<Claim> {
  const { cluster, log } = ports;
  const deadline = new Deadline(request.patience, ports.signal);
  for (let known = await settled(state, deadline, ports); ; ) {
    const plan = ports.planOf(known);
    await assertNotForeign(cluster, plan.app, plan.objects, known.owned);
    if (!known.namespaceExists) {
      await createNamespace(cluster, plan.app.namespace);
      log.info(`Created namespace ${plan.app.namespace}`);
      ports.onNamespace();
    }
    const number = nextNumber(known);
    const context = { ...request.context, tags: tagsOf(request, known) };
    const release = await begin({ ...request, context, plan, number }, ports);
    if (release) return { state: known, plan, release };
    // Only the API server decides between two runs that begin at once; the one that comes second looks again.
    known = await settled(await ports.look(), deadline, ports);
    if (nextNumber(known) === number) throw new UserError(takenName(plan, number));
  }
}

/** Tags are remembered beyond the records that are kept, newest first, so that they are known as ours. */
function tagsOf({ context }: ClaimRequest, { releases }: ClusterState): readonly string[] {
  return [...new Set([...(context.tags ?? []), ...(releases[0]?.tags ?? [])])].slice(0, tagsRemembered);
}

function nextNumber({ releases }: ClusterState): number {
  return (releases[0]?.number ?? 0) + 1;
}

/** The state of the cluster once no other run is at work on the app. */
async function settled(state: ClusterState, deadline: Deadline, ports: ClaimPorts): Promise<ClusterState> {
  const { cluster } = ports;
  for (let known = state; ; known = await ports.look()) {
    const newest = known.releases[0];
    if (!newest || !isUnderWay(newest, cluster.date())) return known;
    await waitForEnd(newest, ports.planOf(known), deadline, ports);
  }
}

async function waitForEnd(
  release: Release,
  { app }: Plan,
  deadline: Deadline,
  { cluster, log }: ClaimPorts,
): Promise<void> {
  const { number, run, until } = release;
  const whose = `Release ${number} of "${app.name}", which another run${run ? ` (${run})` : ''} is making,`;
  log.info(`${whose} is awaited; that run ends by ${until} at the latest`);
  let said = performance.now();
  await deadline.until(
    async () => {
      const live = await readRelease(cluster, app, number);
      if (!live || !isUnderWay(live, cluster.date())) return true;
      if (performance.now() - said < quietTime) return undefined;
      said = performance.now();
      log.info(`Release ${number} is still being made`);
      return undefined;
    },
    () =>
      [
        `${whose} did not end`,
        `Nothing was changed. If that run was killed, let the next one begin at once with: kubectl delete secret ${releaseName(app.name, number)} -n ${app.namespace}`,
      ].join('\n'),
  );
}

/** Records the release; undefined when there is a Secret of that name already. */
async function begin(beginning: Beginning, { cluster, log, signal }: ClaimPorts): Promise<Release | undefined> {
  const { app } = beginning.plan;
  const release = pendingRelease(beginning, cluster.date());
  try {
    return (await cluster.create(releaseObjectOf(app, release))) ? release : undefined;
  } catch (error) {
    // The request may have reached the server all the same, and nobody is at work on what it recorded.
    await withLastWords(cluster, signal, async closing => {
      const left = await readRelease(closing, app, release.number);
      if (JSON.stringify(left) !== JSON.stringify(release)) return;
      const state = signal.aborted ? 'interrupted' : 'failed';
      await endRelease(closing, app, release, { state, reason: 'The run ended before it changed anything.' });
    }).catch(() => log.debug(`It is not known whether release ${release.number} was recorded`));
    throw error;
  }
}

/** Ends the records of runs that could not do it themselves, whose work is this run's from now on, and drops what is too old. */
export async function tidyRecords(
  { plan: { app }, release, state }: Claim,
  { cluster, log }: Pick<ClaimPorts, 'cluster' | 'log'>,
): Promise<void> {
  for (const left of state.releases.filter(earlier => earlier.state === 'pending')) {
    const reason = `Its run ended without recording how. Release ${release.number} took over.`;
    await endRelease(cluster, app, left, { state: 'interrupted', reason });
    log.info(`Took over release ${left.number}, whose run was to end by ${left.until} and left no word`);
  }
  await trimReleases(cluster, app, [release, ...state.releases], log);
}

function takenName({ app }: Plan, number: number): string {
  return `Secret "${releaseName(app.name, number)}" in the namespace "${app.namespace}" has the name of the next release's record and was not made by aks-functions. Delete it, or choose another name for the app.`;
}
