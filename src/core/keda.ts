/** Oldest KEDA that the manifests are valid for. */
const oldest = [2, 14] as const;

/** Fault message when the cluster's KEDA cannot run the plan, or undefined when it can. */
export function faultOfKeda(version: string | undefined): string | undefined {
  const cure = 'Install KEDA 2.14 or newer, or enable the AKS add-on with "az aks update --enable-keda".';
  if (version === undefined) return `The cluster has no KEDA: it does not know the kind "ScaledObject". ${cure}`;
  if (version === 'unknown' || isAtLeast(version, ...oldest)) return undefined;
  return `The cluster's KEDA "${version}" is too old. ${cure}`;
}

/** Annotation by which KEDA keeps one replica while there are no events; the newer one leaves the HPA in place. */
export function wakeAnnotationOf(version: string): Readonly<Record<string, string>> {
  return isAtLeast(version, 2, 18)
    ? { 'autoscaling.keda.sh/force-activation': 'true' }
    : { 'autoscaling.keda.sh/paused-replicas': '1' };
}

function isAtLeast(version: string, major: number, minor: number): boolean {
  const [, ownMajor, ownMinor] = /^v?(\d+)\.(\d+)/.exec(version) ?? [];
  if (ownMajor === undefined || ownMinor === undefined) return false;
  return Number(ownMajor) > major || (Number(ownMajor) === major && Number(ownMinor) >= minor);
}
