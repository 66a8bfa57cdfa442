import type { Kind } from '../../src/flows/cluster-port.ts';
import { FakeCluster } from './fake-cluster.ts';

/** A cluster in which some objects stay until a finalizer is taken away. */
export class HoldingCluster extends FakeCluster {
  readonly held = new Set<string>();

  override async remove(kind: Kind, namespace: string, name: string): Promise<boolean> {
    const key = `${kind}/${name}`;
    if (!this.held.has(key)) return super.remove(kind, namespace, name);
    this.changes.push(`remove ${key}`);
    const live = this.objects.get(key);
    this.objects.set(key, {
      ...live,
      metadata: { ...live?.metadata, deletionTimestamp: '2026-01-01T00:00:00Z', finalizers: ['finalizer.keda.sh'] },
    });
    return true;
  }
}
