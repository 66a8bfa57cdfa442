import type { V1ContainerStatus, V1Deployment, V1Pod } from '@kubernetes/client-node';

/** How far a Deployment is. */
export type RolloutState =
  | { readonly kind: 'done'; readonly replicas: number }
  | { readonly kind: 'progress'; readonly detail: string }
  | FailedRollout;

/** A rollout that time alone does not complete, and why; without a pod where none could be made. */
export interface FailedRollout {
  readonly kind: 'failed';
  readonly message: string;
  readonly pod?: { readonly name: string; readonly container: string };
  readonly crashed: boolean;
}

const pullCure =
  'Check that the image exists and that the cluster may pull it: AcrPull for the kubelet identity, or "pod.imagePullSecrets".';

/** Reasons of a waiting container that time alone does not cure, with what to do. */
const waitingFaults: Readonly<Record<string, string>> = {
  ErrImagePull: pullCure,
  ImagePullBackOff: pullCure,
  InvalidImageName: 'Correct the image name.',
  CreateContainerConfigError: 'Check that the Secrets and ConfigMaps it refers to exist and have the keys.',
  CreateContainerError: 'Check the command and the mounts of the container.',
  RunContainerError: 'Check the command and the mounts of the container.',
  CrashLoopBackOff: 'Read its last log lines.',
};

/** A container that ended this often while starting is taken for crashing. */
const crashesTolerated = 1;

/** How far a rollout must be: one new pod is ready where any is wanted, or all are and no old one is left. */
export type RolloutGoal = 'begun' | 'complete';

/** State of a rollout from the Deployment and the pods of its newest template; `minimum` replicas are wanted, or as many as it says. */
export function rolloutStateOf(
  deployment: V1Deployment | undefined,
  pods: readonly V1Pod[],
  { minimum, goal }: { readonly minimum: number; readonly goal: RolloutGoal },
): RolloutState {
  if (!deployment) return { kind: 'progress', detail: 'not there yet' };
  const failed = faultOfPods(pods);
  if (failed) return failed;
  const { status = {}, metadata } = deployment;
  if ((status.observedGeneration ?? 0) < (metadata?.generation ?? 0))
    return { kind: 'progress', detail: 'not observed yet' };
  const missing = goal === 'begun' ? missingToBegin(deployment, pods, minimum) : missingOf(deployment, minimum);
  if (missing === undefined) return { kind: 'done', replicas: status.readyReplicas ?? 0 };
  return refusalOf(deployment) ?? { kind: 'progress', detail: `${missing}${delayOf(deployment)}` };
}

/** What the Deployment lacks until a pod of its newest template answers, or undefined when one does or none is wanted. */
function missingToBegin({ spec, status = {} }: V1Deployment, pods: readonly V1Pod[], minimum: number) {
  if (Math.max(spec?.replicas ?? 1, minimum) === 0 || (status.updatedReplicas && pods.some(isReady))) return undefined;
  return 'no new pod is ready';
}

/**
 * What the Deployment still lacks, or undefined when it is complete. Kubernetes takes an old pod away only when a new one has
 * stayed ready for `minReadySeconds`; where no old one is left there is nothing to wait for beyond readiness.
 */
function missingOf({ spec, status = {} }: V1Deployment, minimum: number): string | undefined {
  const wanted = Math.max(spec?.replicas ?? 1, minimum);
  const { updatedReplicas = 0, readyReplicas = 0, replicas = 0 } = status;
  if (updatedReplicas < wanted) return `${updatedReplicas} of ${wanted} pods are new`;
  if (replicas > updatedReplicas) return `${replicas - updatedReplicas} old pods remain`;
  if (readyReplicas < Math.max(minimum, updatedReplicas))
    return `${readyReplicas} of ${updatedReplicas} pods are ready`;
  return undefined;
}

/** The fault when a quota, a policy or an admission refuses the pods themselves, so that there is none to look at. */
function refusalOf({ metadata, status }: V1Deployment): FailedRollout | undefined {
  const refused = status?.conditions?.find(one => one.type === 'ReplicaFailure' && one.status === 'True');
  if (!refused) return undefined;
  const said = (refused.message ?? refused.reason ?? 'no reason given').trim().replace(/\.$/, '');
  const message = `The cluster refuses the pods of Deployment "${metadata?.name}": ${said}. Change the quota or policy that refuses them, or the pods' resources and security context.`;
  return { kind: 'failed', message, crashed: false };
}

function delayOf({ status }: V1Deployment): string {
  const late = status?.conditions?.find(one => one.type === 'Progressing' && one.reason === 'ProgressDeadlineExceeded');
  return late ? `, and Kubernetes gave up waiting (ProgressDeadlineExceeded: ${late.message ?? ''})` : '';
}

/** Pods of the newest template: those that carry the hash of the youngest pod. */
export function newestPodsOf(pods: readonly V1Pod[]): readonly V1Pod[] {
  const alive = pods.filter(pod => !pod.metadata?.deletionTimestamp);
  const youngest = [...alive].sort((a, b) => timeOf(b) - timeOf(a))[0];
  const hash = youngest?.metadata?.labels?.['pod-template-hash'];
  return alive.filter(pod => pod.metadata?.labels?.['pod-template-hash'] === hash);
}

/** Whether the pod answers requests and stays. */
export function isReady(pod: V1Pod): boolean {
  return (
    !pod.metadata?.deletionTimestamp &&
    (pod.status?.conditions ?? []).some(one => one.type === 'Ready' && one.status === 'True')
  );
}

/** The first fault among the pods that time alone does not cure. */
export function faultOfPods(pods: readonly V1Pod[]): FailedRollout | undefined {
  return pods.map(faultOfPod).find(fault => fault !== undefined);
}

function faultOfPod(pod: V1Pod): FailedRollout | undefined {
  for (const status of pod.status?.containerStatuses ?? []) {
    const message = faultOfContainer(status);
    if (message)
      return {
        kind: 'failed',
        message,
        pod: { name: pod.metadata?.name ?? '', container: status.name },
        crashed: status.restartCount > 0,
      };
  }
  return undefined;
}

function faultOfContainer({ name, image, state, lastState, restartCount }: V1ContainerStatus): string | undefined {
  const reason = state?.waiting?.reason ?? '';
  const ended = lastState?.terminated ?? state?.terminated;
  if (restartCount > crashesTolerated && ended) {
    return `Container "${name}" crashed ${restartCount} times, the last time with exit code ${ended.exitCode}${ended.reason ? ` (${ended.reason})` : ''}. ${waitingFaults.CrashLoopBackOff}`;
  }
  const cure = waitingFaults[reason];
  if (!cure || reason === 'CrashLoopBackOff') return undefined;
  const said = (state?.waiting?.message ?? '').trim().replace(/\.$/, '');
  if (cure === pullCure)
    return `Image "${image}" of container "${name}" cannot be pulled (${lastPart(said) || reason}). ${cure}`;
  return `Container "${name}" with the image "${image}" does not start: ${reason}${said ? `, ${said}` : ''}. ${cure}`;
}

/** The innermost of the reasons that a container runtime strings together with colons. */
function lastPart(said: string): string {
  return said.split(/: /).at(-1)?.trim() ?? '';
}

function timeOf(pod: V1Pod): number {
  return new Date(pod.metadata?.creationTimestamp ?? 0).getTime();
}
