import { labelKeys, releaseName } from '../core/names.ts';
import type { Plan } from '../core/plan.ts';
import { type Release, type ReleaseState, type RunContext, releaseObjectOf, releasesKept } from '../core/release.ts';
import { UserError } from '../errors.ts';
import type { Cluster } from './cluster-port.ts';

/** Writes the record of a release before the first change; throws UserError when another run took the number. */
export async function beginRelease(
  cluster: Cluster,
  plan: Plan,
  earlier: readonly Release[],
  context: RunContext,
  now: Date,
): Promise<Release> {
  const number = (earlier[0]?.number ?? 0) + 1;
  const release: Release = {
    ...context,
    number,
    state: 'pending',
    image: plan.image,
    time: now.toISOString(),
    objects: plan.objects,
  };
  if (await cluster.create(releaseObjectOf(plan, release))) return release;
  throw new UserError(
    `Another run is deploying "${plan.app.name}" into the namespace "${plan.app.namespace}": it has recorded release ${number}. Run again when it has ended.`,
  );
}

/** Records how the release ended. */
export async function endRelease(
  cluster: Cluster,
  plan: Plan,
  release: Release,
  state: ReleaseState,
  now: Date,
  reason?: string,
): Promise<void> {
  const ended = releaseObjectOf(plan, { ...release, state, time: now.toISOString(), reason });
  await cluster.merge('Secret', plan.app.namespace, releaseName(plan.app.name, release.number), {
    metadata: { labels: { [labelKeys.state]: state } },
    data: ended.data,
  });
}

/** The releases whose records stay: the newest ones, and always the last that was good. */
export function keptReleases(releases: readonly Release[]): readonly Release[] {
  const newest = releases.slice(0, releasesKept);
  const good = releases.find(release => release.state === 'deployed');
  return good && !newest.includes(good) ? [...newest, good] : newest;
}
