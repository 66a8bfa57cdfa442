import { gunzipSync, gzipSync } from 'node:zlib';
import { type Manifest, metadataOf } from './manifests/object.ts';
import { labelKeys, releaseName } from './names.ts';
import { keyOf, type Plan } from './plan.ts';
import { Secret } from './secret.ts';

/** Type of the Secret that records a release. */
export const releaseType = 'aks-functions.io/release.v1';
/** How many records stay. */
export const releasesKept = 10;

/** `pending` from the first change to the end of the verification. */
export type ReleaseState = 'pending' | 'deployed' | 'failed' | 'interrupted';

/** What differs on every run and therefore is kept in the record, not on the objects. */
export interface RunContext {
  readonly run?: string | undefined;
  readonly commit?: string | undefined;
  readonly repository?: string | undefined;
}

/** A recorded release, without any secret value. */
export interface Release extends RunContext {
  readonly number: number;
  readonly state: ReleaseState;
  readonly image: string;
  /** ISO time of the last change of the record. */
  readonly time: string;
  readonly reason?: string | undefined;
  readonly objects: readonly Manifest[];
}

/** The record as a Secret; the plan's secret values stand in it as `***`. */
export function releaseObjectOf(plan: Plan, release: Release): Manifest {
  const { app } = plan;
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

/** Keys (`Kind/name`) of all objects that the releases refer to. */
export function keysOfReleases(releases: readonly Release[]): ReadonlySet<string> {
  return new Set(releases.flatMap(release => release.objects.map(keyOf)));
}
