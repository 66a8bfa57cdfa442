import type { Manifest } from './manifests/object.ts';

/** Oldest KEDA that the manifests are valid for. */
const oldest = '2.14';

/** A minor version of KEDA, e.g. `2.21`. */
export type KedaMinor = `${number}.${number}`;

/** Fault message when the cluster's KEDA cannot run the plan, or undefined when it can. */
export function faultOfKeda(version: string | undefined): string | undefined {
  const cure = 'Install KEDA 2.14 or newer, or enable the AKS add-on with "az aks update --enable-keda".';
  if (version === undefined) return `The cluster has no KEDA: it does not know the kind "ScaledObject". ${cure}`;
  if (version === 'unknown' || kedaIsAtLeast(version, oldest)) return undefined;
  return `The cluster's KEDA "${version}" is too old. ${cure}`;
}

/** Fault message for the KEDA that manifests are wanted for, or undefined when they can be made for it. */
export function faultOfKedaFlag(version: string): string | undefined {
  if (!kedaIsKnown(version)) return `must be a version of KEDA such as "2.21", got "${version}".`;
  return kedaIsAtLeast(version, oldest) ? undefined : `must be ${oldest} or newer, got "${version}".`;
}

/**
 * The ScaledObject as it keeps one replica while there are no events. KEDA before 2.18 cannot be told so by an annotation
 * that leaves the scaling in place, hence the minimum there; pausing would take the HPA away and stop the scaling.
 */
export function wokenScaledObject(object: Manifest, version: string): Manifest {
  const { metadata, spec } = object;
  if (!kedaIsAtLeast(version, '2.18'))
    return { ...object, spec: { ...(typeof spec === 'object' ? spec : {}), minReplicaCount: 1 } };
  const annotations = { ...metadata.annotations, 'autoscaling.keda.sh/force-activation': 'true' };
  return { ...object, metadata: { ...metadata, annotations } };
}

/** Whether the version says which KEDA it is. */
export function kedaIsKnown(version: string | undefined): version is string {
  return version !== undefined && numbersOf(version) !== undefined;
}

/** Whether it is certainly that KEDA or a newer one. */
export function kedaIsAtLeast(version: string | undefined, minor: KedaMinor): boolean {
  const own = numbersOf(version ?? '');
  const [wantedMajor = 0, wantedMinor = 0] = numbersOf(minor) ?? [];
  return own !== undefined && (own[0] > wantedMajor || (own[0] === wantedMajor && own[1] >= wantedMinor));
}

/** Whether it is certainly an older KEDA. */
export function kedaIsBelow(version: string | undefined, minor: KedaMinor): boolean {
  return kedaIsKnown(version) && !kedaIsAtLeast(version, minor);
}

function numbersOf(version: string): readonly [number, number] | undefined {
  const [, major, minor] = /^v?(\d+)\.(\d+)/.exec(version) ?? [];
  return major === undefined || minor === undefined ? undefined : [Number(major), Number(minor)];
}
