import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import * as v from 'valibot';
import { type Lab, startLab } from '../lab.ts';
import type { LabCloud } from '../lab-cloud.ts';
import { waitUntil } from '../processes.ts';
import { addIdentity } from './resources.ts';
import { unassign } from './roles.ts';
import { type Principal, trust } from './state.ts';

const operator = 'system:serviceaccount:kube-system:keda-operator';
const reader = 'Storage Queue Data Reader';
const scaled = v.object({
  status: v.object({ conditions: v.array(v.object({ type: v.string(), status: v.string() })) }),
});
const deployment = v.object({ spec: v.object({ replicas: v.number() }) });

describe('KEDA with workload identity', () => {
  let lab: Lab & { readonly cloud: LabCloud };
  let identity: Principal;
  before(async () => {
    lab = await startLab({ node: 'fake', cloud: true, log: line => console.error(line) });
    const { cloud } = lab;
    identity = addIdentity(cloud.state, cloud.home, 'orders');
  });
  after(() => lab?.stop());

  const replicas = async () => {
    const answer = await lab.request('GET', '/apis/apps/v1/namespaces/default/deployments/worker');
    return v.parse(deployment, answer.json()).spec.replicas;
  };
  /** The last sign-in that was answered so. */
  const signIn = (status: number) =>
    lab.cloud.requests.findLast(each => each.part === 'entra' && each.method === 'POST' && each.status === status);

  test('is refused as long as the identity does not trust its operator', async () => {
    await lab.queue.create('orders');
    for (const object of scaling(lab, identity)) await lab.apply(object);
    await waitUntil('Entra refuses', async () => signIn(401) !== undefined, 30_000);
    assert.equal(await replicas(), 0);
  });

  test('is refused by the queue as long as the identity has no role there', async () => {
    trust(identity, { issuer: lab.cloud.clusterIssuer, subject: operator });
    const refused = () => lab.cloud.requests.some(({ part, status }) => part === 'storage' && status === 403);
    await waitUntil('the queue refuses', async () => refused(), 60_000);
    assert.equal(signIn(200)?.principal, identity.objectId);
    assert.match(signIn(200)?.about ?? '', /^https:\/\/storage\.azure\.com\/\.default( |$)/);
  });

  test('scales 0 → 1 → 0 by the messages of a queue', async () => {
    const [account] = lab.cloud.state.storageAccounts;
    assert.ok(account);
    lab.cloud.assign(identity, reader, account.id);
    await lab.queue.put('orders', ['one']);
    await waitUntil('one replica is wanted', async () => (await replicas()) === 1, 60_000);
    await lab.queue.clear('orders');
    await waitUntil('no replica is left', async () => (await replicas()) === 0, 30_000);
    const names = [...new Set(lab.cloud.proxy.asked)].sort();
    assert.deepEqual(names, ['devstoreaccount1.queue.core.windows.net:443', 'login.microsoftonline.com:443']);
  });

  test('says so when the role is taken back', async () => {
    const ready = async () => {
      const answer = await lab.request('GET', '/apis/keda.sh/v1alpha1/namespaces/default/scaledobjects/worker');
      return v.parse(scaled, answer.json()).status.conditions.find(({ type }) => type === 'Ready');
    };
    await waitUntil('it is ready', async () => (await ready())?.status === 'True', 30_000);
    unassign(lab.cloud.state, identity.objectId, reader);
    await waitUntil('it is not ready', async () => (await ready())?.status === 'False', 60_000);
  });
});

function scaling(lab: Lab & { readonly cloud: LabCloud }, identity: Principal) {
  const place = { name: 'worker', namespace: 'default' };
  const [account] = lab.cloud.state.storageAccounts;
  const labels = { app: 'worker' };
  const accountName = account?.name;
  return [
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: place,
      spec: {
        replicas: 0,
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers: [{ name: 'worker', image: 'worker' }] } },
      },
    },
    {
      apiVersion: 'keda.sh/v1alpha1',
      kind: 'TriggerAuthentication',
      metadata: place,
      spec: { podIdentity: { provider: 'azure-workload', identityId: identity.clientId } },
    },
    {
      apiVersion: 'keda.sh/v1alpha1',
      kind: 'ScaledObject',
      metadata: place,
      spec: {
        scaleTargetRef: { name: 'worker' },
        ...{ minReplicaCount: 0, maxReplicaCount: 15, pollingInterval: 1, cooldownPeriod: 3 },
        triggers: [
          {
            type: 'azure-queue',
            metadata: { queueName: 'orders', queueLength: '5', accountName },
            authenticationRef: { name: 'worker' },
          },
        ],
      },
    },
  ];
}
