import { gunzipSync, gzipSync } from 'node:zlib';
import type { App } from './app.ts';
import { type Manifest, metadataOf } from './manifests/object.ts';
import { labelKeys, releaseName } from './names.ts';
import { keyOf, type Plan, sameObjects } from './plan.ts';
import { Secret } from './secret.ts';

/** Type of the Secret that records a release. */
export const releaseType = 'aks-functions.io/release.v1';
/** How many records stay. */
const releasesKept = 10;

/** `pending` from the first change to the end of the verification. */
export type ReleaseState = 'pending' | 'deployed' | 'failed' | 'interrupted';

/** How far a release is looked at before it counts as good, least first. */
const levels = ['none', 'ready', 'loaded'] as const;

/** How far a release was looked at: not at all, until its pods were ready, or until their hosts had loaded the functions. */
export type VerifyLevel = (typeof levels)[number];

/** What differs on every run and therefore is kept in the record, not on the objects. */
export interface RunContext {
  readonly run?: string | undefined;
  readonly commit?: string | undefined;
  readonly repository?: string | undefined;
  /** Tags that this and earlier releases gave to images. */
  readonly tags?: readonly string[] | undefined;
}

/** A recorded release, without any secret value. */
export interface Release extends RunContext {
  readonly number: number;
  readonly state: ReleaseState;
  readonly image: string;
  /** ISO time of the last change of the record. */
  readonly time: string;
  /** ISO time by which the run that made it has ended, whatever became of it. Both times are the API server's. */
  readonly until: string;
  /** How far it is looked at before it counts as `deployed`. */
  readonly verify: VerifyLevel;
  readonly reason?: string | undefined;
  readonly objects: readonly Manifest[];
}

/** What a run says of the release that it is about to make. */
export interface Beginning {
  readonly plan: Plan;
  readonly number: number;
  readonly context: RunContext;
  readonly verify: VerifyLevel;
  /** Seconds after which the run has certainly ended. */
  readonly lifetime: number;
}

/** The record of a release before its first change. */
export function pendingRelease({ plan, number, context, verify, lifetime }: Beginning, now: Date): Release {
  return {
    ...context,
    number,
    state: 'pending',
    image: plan.image,
    time: now.toISOString(),
    until: new Date(now.getTime() + lifetime * 1000).toISOString(),
    verify,
    objects: plan.objects,
  };
}

/** The record as a Secret; the plan's secret values stand in it as `***`. */
export function releaseObjectOf(app: App, release: Release): Manifest {
  const metadata = metadataOf(app, releaseName(app.name, release.number));
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    type: releaseType,
    metadata: {
      ...metadata,
      labels: { ...metadata.labels, [labelKeys.release]: String(release.number), [labelKeys.state]: release.state },
    },
    data: { release: new Secret(gzipSync(JSON.stringify(release)).toString('base64')) },
  };
}

/** The release of a recorded Secret, or undefined when it holds none. */
export function parseRelease(data: Readonly<Record<string, string>> | undefined): Release | undefined {
  if (!data?.release) return undefined;
  const release: Release = JSON.parse(gunzipSync(Buffer.from(data.release, 'base64')).toString());
  return release;
}

/** Whether another run may still be at work on the release. */
export function isUnderWay({ state, until }: Release, now: Date): boolean {
  return state === 'pending' && now.getTime() <= Date.parse(until);
}

/** Whether the release made the same objects and was found good by looking at least as far as `level`. */
export function vouchesFor(release: Release | undefined, plan: Plan, level: VerifyLevel): boolean {
  return (
    release?.state === 'deployed' &&
    levels.indexOf(release.verify) >= levels.indexOf(level) &&
    sameObjects(release.objects, plan.objects)
  );
}

/** The releases whose records stay: the newest ones, and always the last that was good. */
export function keptReleases(releases: readonly Release[]): readonly Release[] {
  const newest = releases.slice(0, releasesKept);
  const good = releases.find(release => release.state === 'deployed');
  return good && !newest.includes(good) ? [...newest, good] : newest;
}

/** Keys (`Kind/name`) of all objects that the releases refer to. */
export function keysOfReleases(releases: readonly Release[]): ReadonlySet<string> {
  return new Set(releases.flatMap(release => release.objects.map(keyOf)));
}
