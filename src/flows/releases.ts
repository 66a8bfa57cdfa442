import type { App } from '../core/app.ts';
import { labelKeys, releaseName } from '../core/names.ts';
import { keptReleases, parseRelease, type Release, type ReleaseState, releaseObjectOf } from '../core/release.ts';
import { RemoteError } from '../errors.ts';
import type { Cluster } from './cluster-port.ts';
import type { Log } from './ports.ts';

/** Milliseconds for the last words of an interrupted run, and of one that failed. */
const lastWordsTime = { interrupted: 4000, failed: 30_000 } as const;

/** Records how the release ended. */
export async function endRelease(
  cluster: Cluster,
  app: App,
  release: Release,
  ending: { readonly state: ReleaseState; readonly reason?: string },
): Promise<void> {
  const ended = releaseObjectOf(app, { ...release, ...ending, time: cluster.date().toISOString() });
  await cluster.merge('Secret', app.namespace, releaseName(app.name, release.number), {
    metadata: { labels: { [labelKeys.state]: ending.state } },
    data: ended.data,
  });
}

/** The record of a release as it is now, or undefined when there is none. */
export async function readRelease(
  cluster: Cluster,
  { name, namespace }: Pick<App, 'name' | 'namespace'>,
  number: number,
): Promise<Release | undefined> {
  const record = await cluster.read('Secret', namespace, releaseName(name, number));
  return parseRelease(record?.data);
}

/** Deletes the records that are too many. They are ours alone, so that this is no change of the app. */
export async function trimReleases(
  cluster: Cluster,
  { name, namespace }: Pick<App, 'name' | 'namespace'>,
  releases: readonly Release[],
  log: Log,
): Promise<void> {
  const kept = keptReleases(releases);
  const old = releases.filter(release => !kept.includes(release));
  try {
    await Promise.all(old.map(({ number }) => cluster.remove('Secret', namespace, releaseName(name, number))));
  } catch (error) {
    if (!(error instanceof RemoteError && error.status === 403)) throw error;
    log.notice(`Records of old releases stay, which does no harm: ${error.message}`);
  }
}

/**
 * Does the last of a run that did not end well: within half a minute, or within four seconds once the run is interrupted,
 * which may also happen meanwhile.
 */
export async function withLastWords(
  cluster: Cluster,
  signal: AbortSignal,
  work: (cluster: Cluster) => Promise<void>,
): Promise<void> {
  if (!signal.aborted) {
    try {
      return await work(cluster.endingAt(AbortSignal.any([signal, AbortSignal.timeout(lastWordsTime.failed)])));
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }
  return work(cluster.endingAt(AbortSignal.timeout(lastWordsTime.interrupted)));
}
