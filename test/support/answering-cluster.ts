import type { PodAnswer, PodRequest } from '../../src/flows/cluster-port.ts';
import { FakeCluster } from './fake-cluster.ts';

/** A cluster whose pods give the answers of a list, then `Hello`; it keeps what they were asked. */
export class AnsweringCluster extends FakeCluster {
  readonly asked: (PodRequest & { readonly pod: string })[] = [];
  readonly answers: PodAnswer[] = [];

  override async requestPod(_namespace: string, pod: string, request: PodRequest): Promise<PodAnswer> {
    this.asked.push({ ...request, pod });
    return this.answers.shift() ?? { status: 200, headers: {}, body: 'Hello' };
  }
}
