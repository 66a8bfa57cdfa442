import type { Manifest } from './manifests/object.ts';

/** Oldest KEDA that the manifests are valid for. */
const oldest = [2, 14] as const;

/** Fault message when the cluster's KEDA cannot run the plan, or undefined when it can. */
export function faultOfKeda(version: string | undefined): string | undefined {
  const cure = 'Install KEDA 2.14 or newer, or enable the AKS add-on with "az aks update --enable-keda".';
  if (version === undefined) return `The cluster has no KEDA: it does not know the kind "ScaledObject". ${cure}`;
  if (version === 'unknown' || isAtLeast(version, ...oldest)) return undefined;
  return `The cluster's KEDA "${version}" is too old. ${cure}`;
}

/**
 * The ScaledObject as it keeps one replica while there are no events. KEDA before 2.18 cannot be told so by an annotation
 * that leaves the scaling in place, hence the minimum there; pausing would take the HPA away and stop the scaling.
 */
export function wokenScaledObject(object: Manifest, version: string): Manifest {
  const { metadata, spec } = object;
  if (!isAtLeast(version, 2, 18))
    return { ...object, spec: { ...(typeof spec === 'object' ? spec : {}), minReplicaCount: 1 } };
  const annotations = { ...metadata.annotations, 'autoscaling.keda.sh/force-activation': 'true' };
  return { ...object, metadata: { ...metadata, annotations } };
}

function isAtLeast(version: string, major: number, minor: number): boolean {
  const [, ownMajor, ownMinor] = /^v?(\d+)\.(\d+)/.exec(version) ?? [];
  if (ownMajor === undefined || ownMinor === undefined) return false;
  return Number(ownMajor) > major || (Number(ownMajor) === major && Number(ownMinor) >= minor);
}
