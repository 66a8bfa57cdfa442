import { readinessOf } from '../core/azure/managed-cluster.ts';
import type { Secret } from '../core/secret.ts';
import { UserError } from '../errors.ts';
import type { ClusterId, ManagedCluster, ManagedClusters } from './azure-port.ts';
import type { Clock } from './clock.ts';
import type { Log } from './ports.ts';

/** Pause between two looks at a cluster that changes, in milliseconds: reads of clusters are throttled early. */
const pause = 5000;

/** What the flow needs. */
export interface ReadyClusterPorts {
  readonly clusters: ManagedClusters;
  readonly log: Pick<Log, 'info'>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** A cluster that serves, and its kubeconfig. */
export interface ReadyCluster {
  readonly cluster: ManagedCluster;
  readonly kubeconfig: Secret;
}

/**
 * The cluster and its credentials, asked for at once. Waits `timeout` seconds for one that is being changed; throws
 * UserError for one that is not there, is stopped, or goes on being changed.
 */
export async function readyCluster(id: ClusterId, timeout: number, ports: ReadyClusterPorts): Promise<ReadyCluster> {
  const { clusters, log, clock, signal } = ports;
  const until = clock.now() + timeout * 1000;
  const [found, credentials] = await Promise.allSettled([clusters.find(id, signal), clusters.kubeconfig(id, signal)]);
  // What is wrong with the cluster itself explains the other failure.
  if (found.status === 'rejected') throw found.reason;
  let cluster = found.value;
  let said: string | undefined;
  for (;;) {
    const readiness = readinessOf(id, cluster);
    if (readiness.kind === 'unusable') throw new UserError(readiness.fault);
    if (readiness.kind === 'ready') break;
    if (clock.now() + pause > until)
      throw new UserError(
        `Cluster "${id.name}" is still being changed (${readiness.state}) after ${timeout} s. Wait until that has ended, or raise the input "timeout".`,
      );
    if (readiness.state !== said)
      log.info(`Cluster "${id.name}" is being changed (${readiness.state}). Waiting for it to end.`);
    said = readiness.state;
    await clock.pause(pause, signal);
    cluster = await clusters.find(id, signal);
  }
  // A cluster that was being made had none to give.
  if (credentials.status === 'rejected' && said === undefined) throw credentials.reason;
  return {
    cluster,
    kubeconfig: credentials.status === 'fulfilled' ? credentials.value : await clusters.kubeconfig(id, signal),
  };
}
