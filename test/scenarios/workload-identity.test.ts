import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import * as v from 'valibot';
import { pushBaseImages } from '../lab/base-image.ts';
import { addIdentity } from '../lab/cloud/resources.ts';
import { type Principal, trust } from '../lab/cloud/state.ts';
import { type Lab, startLab } from '../lab/lab.ts';
import type { LabCloud } from '../lab/lab-cloud.ts';
import { waitUntil } from '../lab/processes.ts';
import { root, runStep } from '../support/action.ts';

const deployment = v.object({
  spec: v.object({ replicas: v.number() }),
  status: v.object({ readyReplicas: v.optional(v.number(), 0) }),
});
const workload = '/apis/apps/v1/namespaces/orders/deployments/shop';
const limit = 180_000;
// Enough work for the pod to become ready meanwhile.
const messages = Array.from({ length: 12 }, (_, index) => `order ${index}`);

describe('an app whose queue has no connection string', () => {
  let lab: Lab & { readonly cloud: LabCloud };
  let identity: Principal;
  before(async () => {
    lab = await startLab({ cloud: true, log: line => console.error(line) });
    const { cloud } = lab;
    identity = addIdentity(cloud.state, cloud.home, 'orders');
    for (const account of ['kube-system:keda-operator', 'orders:shop'])
      trust(identity, { issuer: cloud.clusterIssuer, subject: `system:serviceaccount:${account}` });
    const [storage] = cloud.state.storageAccounts;
    assert.ok(storage);
    cloud.assign(identity, 'Storage Queue Data Contributor', storage.id);
    await lab.queue.create('function');
  });
  after(() => lab?.stop());

  async function deploy() {
    const { tools, registry } = lab;
    const bases = await pushBaseImages({ tools, registry: registry.host, credentials: registry });
    return runStep('root', {
      with: {
        ...{ auth: 'none', kubeconfig: lab.kubeconfig, namespace: 'orders', name: 'shop', 'base-image': bases.node },
        registry: `${registry.host}/orders`,
        'registry-username': registry.username,
        'registry-password': registry.password,
        ...{ 'identity-client-id': identity.clientId, settings: 'QueueConnString__accountName=devstoreaccount1' },
        ...{ 'polling-interval': '1', 'cooldown-period': '2', 'max-replicas': '1' },
      },
      workspace: join(root, 'test/apps/js-queue'),
    });
  }

  /** Wanted and ready: a pod that woke for the verification may still be ready when none is wanted any more. */
  const hasReplicas = async (count: number) => {
    const { spec, status } = v.parse(deployment, (await lab.request('GET', workload)).json());
    return spec.replicas === count && status.readyReplicas === count;
  };

  test('is deployed, and scaled from 0 and back by KEDA as the identity', async () => {
    const result = await deploy();
    assert.equal(result.code, 0, result.log);
    await waitUntil('it rests', () => hasReplicas(0), limit);
    await lab.queue.put('function', messages);
    await waitUntil('a replica is ready', () => hasReplicas(1), limit);
    if (lab.nodeKind === 'fake') await lab.queue.clear('function');
    await waitUntil('it rests again', () => hasReplicas(0), limit);
    assert.equal(await lab.queue.count('function'), 0);
  });

  test('takes its messages as the identity', t => {
    if (lab.nodeKind === 'fake') return t.skip(lab.nodeObstacle);
    const taken = lab.cloud.requests.filter(
      ({ part, method, path }) => part === 'storage' && method === 'DELETE' && path.includes('/messages/'),
    );
    assert.equal(taken.length, messages.length);
    for (const { principal, status } of taken) assert.deepEqual([principal, status], [identity.objectId, 204]);
  });
});
