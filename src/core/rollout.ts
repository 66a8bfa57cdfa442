import type { V1ContainerStatus, V1Deployment, V1Pod } from '@kubernetes/client-node';

/** How far a Deployment is. */
export type RolloutState =
  | { readonly kind: 'done'; readonly replicas: number }
  | { readonly kind: 'progress'; readonly detail: string }
  | {
      readonly kind: 'failed';
      readonly message: string;
      readonly pod: string;
      readonly container: string;
      readonly crashed: boolean;
    };

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
  CrashLoopBackOff: 'Read its last log lines below.',
};

/** A container that ended this often while starting is taken for crashing. */
const crashesTolerated = 1;

/** State of a rollout from the Deployment and its pods; `minimum` replicas must be available, or one pod per wanted replica. */
export function rolloutStateOf(
  deployment: V1Deployment | undefined,
  pods: readonly V1Pod[],
  minimum: number,
): RolloutState {
  if (!deployment) return { kind: 'progress', detail: 'not there yet' };
  const failed = pods.map(faultOfPod).find(fault => fault !== undefined);
  if (failed) return failed;
  const { status = {}, spec, metadata } = deployment;
  if ((status.observedGeneration ?? 0) < (metadata?.generation ?? 0))
    return { kind: 'progress', detail: 'not observed yet' };
  const wanted = Math.max(spec?.replicas ?? 1, minimum);
  const { updatedReplicas = 0, availableReplicas = 0, replicas = 0 } = status;
  if (updatedReplicas < wanted) return { kind: 'progress', detail: `${updatedReplicas} of ${wanted} pods are new` };
  if (replicas > updatedReplicas) return { kind: 'progress', detail: `${replicas - updatedReplicas} old pods remain` };
  if (availableReplicas < Math.max(minimum, updatedReplicas))
    return { kind: 'progress', detail: `${availableReplicas} of ${updatedReplicas} pods are ready` };
  return { kind: 'done', replicas: availableReplicas };
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

function faultOfPod(pod: V1Pod): RolloutState | undefined {
  for (const status of pod.status?.containerStatuses ?? []) {
    const message = faultOfContainer(status);
    if (message)
      return {
        kind: 'failed',
        message,
        pod: pod.metadata?.name ?? '',
        container: status.name,
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
