import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { UserError } from '../../src/errors.ts';
import type { Deployment, DeployPorts } from '../../src/flows/deploy.ts';
import type { BuiltImage } from '../../src/flows/ports.ts';
import type { FakeCluster } from '../support/fake-cluster.ts';
import { connection, deployOrders, prepareOrders, shopCluster } from '../support/orders-deployment.ts';

let cluster: FakeCluster;
beforeEach(() => {
  cluster = shopCluster();
});

const run = (options?: Partial<Deployment>, ports?: Partial<DeployPorts>) => deployOrders(cluster, options, ports);

test('records the release before the first change and the scaler after the workload', async () => {
  await run();
  const order = cluster.changes.map(change => change.replace(/-[0-9a-f]{8,}/, '-#'));
  assert.equal(order[0], 'create Secret/orders.release.v1');
  assert(order.indexOf('apply Deployment/orders') < order.indexOf('apply ScaledObject/orders'));
  assert.equal(order.at(-1), 'merge Secret/orders.release.v1');
});

test('creates the namespace only when it is missing', async () => {
  cluster.objects.delete('Namespace/shop');
  await run();
  assert.equal(cluster.changes[0], 'create Namespace/shop');
});

test('says which right is missing when the namespace may not be created, and changes nothing else', async () => {
  cluster.objects.delete('Namespace/shop');
  cluster.failOnce('create Namespace/shop', 403, 'User "x" cannot create resource "namespaces"');
  await assert.rejects(run(), /lacks the verb "create" on the resource "namespaces"/);
  assert.deepEqual(cluster.changes, ['create Namespace/shop']);
});

test('changes nothing when KEDA is missing', async () => {
  cluster.keda = undefined;
  await assert.rejects(run(), /The cluster has no KEDA/);
  assert.deepEqual(cluster.changes, []);
});

test('changes nothing when the image cannot be built', async () => {
  await assert.rejects(
    run({}, { images: { build: () => Promise.reject(new UserError('The registry refused.')) } }),
    /The registry refused/,
  );
  assert.deepEqual(cluster.changes, []);
});

test('stops the build when the cluster cannot be deployed to', async () => {
  cluster.keda = '2.11.2';
  let stopped = false;
  const build = (signal: AbortSignal) =>
    new Promise<BuiltImage>((_, reject) =>
      signal.addEventListener('abort', () => {
        stopped = true;
        reject(new Error('stopped'));
      }),
    );
  await assert.rejects(run({}, { images: { build } }), /KEDA "2.11.2" is too old/);
  assert(stopped);
});

test('leaves objects of others alone and names them', async () => {
  cluster.objects.set('Deployment/orders', { kind: 'Deployment', metadata: { name: 'orders' } });
  await assert.rejects(run(), /Deployment "orders" exists in the namespace "shop" and was not made by aks-functions/);
  assert.deepEqual(cluster.changes, []);
});

test('keeps existing function keys', async () => {
  await run();
  cluster.changes.length = 0;
  await run();
  assert(!cluster.changes.some(change => change.startsWith('create Secret/func-keys')));
});

test('changes no object the second time', async () => {
  await run({ verify: 'none' });
  const result = await run({ verify: 'none' });
  assert.deepEqual(
    [result.changes.created, result.changes.changed, result.changes.deleted, result.release],
    [[], [], [], 2],
  );
});

for (const [version, annotation, woken] of [
  ['2.21.0', { 'autoscaling.keda.sh/force-activation': 'true' }, 0],
  ['2.17.3', undefined, 1],
  ['unknown', undefined, 1],
] as const)
  test(`wakes a workload at zero for its verification and lets it go again with KEDA ${version}`, async () => {
    cluster.keda = version;
    const seen: unknown[] = [];
    const apply = cluster.apply.bind(cluster);
    cluster.apply = async object => {
      const { spec, metadata } = object;
      if (object.kind === 'ScaledObject' && typeof spec === 'object' && spec !== null && 'minReplicaCount' in spec)
        seen.push(metadata.annotations, spec.minReplicaCount);
      return apply(object);
    };
    await run();
    assert.deepEqual(seen, [annotation, woken, undefined, 0]);
  });

test('deletes what the plan no longer has and keeps the settings of recorded releases', async () => {
  await run();
  const settings = [...cluster.objects.keys()].filter(key => key.startsWith('Secret/orders-secret-settings'));
  cluster.objects.set('Service/orders-http', {
    kind: 'Service',
    metadata: { name: 'orders-http', labels: { 'aks-functions.io/app': 'orders' } },
  });
  const result = await run({
    prepared: await prepareOrders({ 'secret-settings': `Orders=${connection}\nOTHER=value-of-it` }),
  });
  assert.deepEqual(
    result.changes.deleted.filter(key => !key.startsWith('TriggerAuthentication')),
    ['Service/orders-http'],
  );
  for (const key of settings) assert(cluster.objects.has(key));
});

test('knows the image of the last good release', async () => {
  await run();
  const result = await run();
  assert.equal(result.previousImage, `shop.azurecr.io/orders@sha256:${'a'.repeat(64)}`);
});

test('applies no scaler when the deployment failed before it came to one', async () => {
  cluster.failOnce('apply Deployment/orders', 403);
  await assert.rejects(run({ verify: 'loaded' }), /refused: apply Deployment/);
  assert(!cluster.changes.some(change => change.includes('ScaledObject')));
});

test('reports a refusing registry and an unsuitable cluster together', async () => {
  cluster.keda = undefined;
  const build = () => Promise.reject(new UserError('Registry "r" refused user "ci".'));
  await assert.rejects(run({}, { images: { build } }), /Registry "r" refused user "ci"\.\nThe cluster has no KEDA/);
});

test('takes the replicas back by force, once, when a workload gets a fixed number', async () => {
  await run();
  cluster.changes.length = 0;
  const prepared = await prepareOrders({}, 'version: 1\nworkloads: { events: { scaling: fixed } }');
  await run({ prepared, prune: false });
  const order = cluster.changes.filter(change => /Deployment|ScaledObject/.test(change));
  assert.deepEqual(order, ['remove ScaledObject/orders', 'apply Deployment/orders by force']);
  await run({ prepared });
  assert(cluster.changes.includes('apply Deployment/orders'));
});

test('takes the replicas by force also after a release that failed when its scaler was gone', async () => {
  await run();
  const prepared = await prepareOrders({}, 'version: 1\nworkloads: { events: { scaling: fixed } }');
  cluster.failOnce('apply Deployment/orders', 500);
  await assert.rejects(run({ prepared }));
  cluster.changes.length = 0;
  await run({ prepared });
  assert(cluster.changes.includes('apply Deployment/orders by force'));
});

test('hands over the replicas that it fixed before a scaler decides them, and only then', async () => {
  const prepared = await prepareOrders({}, 'version: 1\nworkloads: { events: { scaling: fixed } }');
  await run({ prepared });
  const fields = { 'f:spec': { 'f:replicas': {} } };
  const live = cluster.objects.get('Deployment/orders');
  const managedFields = [{ manager: 'aks-functions', operation: 'Apply', fieldsV1: fields }];
  cluster.objects.set('Deployment/orders', { ...live, metadata: { ...live?.metadata, managedFields } });
  cluster.changes.length = 0;
  await run({ prepared });
  const deployments = () => cluster.changes.filter(change => change.includes('Deployment/'));
  assert.deepEqual(deployments(), ['apply Deployment/orders']);
  cluster.objects.set('Deployment/orders', { ...live, metadata: { ...live?.metadata, managedFields } });
  cluster.changes.length = 0;
  await run();
  assert.deepEqual(deployments(), ['apply Deployment/orders as aks-functions-replicas', 'apply Deployment/orders']);
});
