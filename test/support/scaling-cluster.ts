import type { Kind, Kinds } from '../../src/flows/cluster-port.ts';
import { FakeCluster } from './fake-cluster.ts';

/** A cluster whose one Deployment has as many replicas as the test says. */
export class ScalingCluster extends FakeCluster {
  replicas = 0;
  failing = false;

  override async read<K extends Kind>(kind: K, namespace: string, name: string): Promise<Kinds[K] | undefined> {
    const live = await super.read(kind, namespace, name);
    if (kind === 'Deployment' && live)
      return { ...live, spec: { replicas: this.replicas }, status: { readyReplicas: this.replicas } };
    if (kind === 'ScaledObject' && live && this.failing)
      return {
        ...live,
        status: { conditions: [{ type: 'Ready', status: 'False', reason: 'TriggerError', message: 'broken' }] },
      };
    return live;
  }
}
