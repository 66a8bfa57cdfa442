import type { InspectedCluster } from '../../flows/doctor-port.ts';
import { Api } from './api.ts';
import { type ConnectionOptions, openConnection } from './connection.ts';
import { ApiInspection } from './inspection.ts';
import { KubernetesCluster } from './kubernetes-cluster.ts';

/** Connects to the cluster of a kubeconfig and to what the doctor asks beside, over one connection. */
export async function connectForInspection(options: ConnectionOptions): Promise<InspectedCluster> {
  const api = new Api(await openConnection(options), options.signal);
  return { cluster: new KubernetesCluster(api), inspection: new ApiInspection(api) };
}
