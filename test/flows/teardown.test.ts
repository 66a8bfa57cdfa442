import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { noSettings } from '../../src/core/settings.ts';
import { UserError } from '../../src/errors.ts';
import type { LiveObject } from '../../src/flows/cluster-port.ts';
import { assertDeletable, type Teardown, teardownApp } from '../../src/flows/teardown.ts';
import { FakeQueues } from '../support/fake-queues.ts';
import { HoldingCluster } from '../support/holding-cluster.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { keepingLog } from '../support/quiet-log.ts';

let cluster: HoldingCluster;
let clock: ManualClock;
let queues: FakeQueues;
let log: ReturnType<typeof keepingLog>;

beforeEach(() => {
  cluster = new HoldingCluster();
  clock = new ManualClock();
  queues = new FakeQueues('orders', 'orders-poison');
  log = keepingLog();
  put('Namespace', 'team', {});
  for (const [kind, name] of [
    ['Deployment', 'shop'],
    ['Secret', 'func-keys-kube-secret-shop'],
    ['Service', 'shop'],
    ['ConfigMap', 'shop-settings-1'],
  ] as const)
    put(kind, name, { app: 'shop' });
  put('ScaledObject', 'shop', {
    app: 'shop',
    fields: {
      spec: {
        triggers: [
          { type: 'azure-queue', metadata: { queueName: 'orders' }, authenticationRef: { name: 'shop-auth' } },
        ],
      },
    },
  });
  put('TriggerAuthentication', 'shop-auth', {
    app: 'shop',
    fields: { spec: { secretTargetRef: [{ parameter: 'connection', name: 'settings', key: 'Store' }] } },
  });
  put('Secret', 'settings', {
    app: 'shop',
    fields: { data: { Store: Buffer.from('AccountName=shop;AccountKey=c2VjcmV0').toString('base64') } },
  });
});

function put(kind: string, name: string, { app, fields = {} }: { app?: string; fields?: object }): void {
  const labels: Readonly<Record<string, string>> = app ? { 'aks-functions.io/app': app } : {};
  const object: LiveObject = { kind, metadata: { name, uid: `${kind}/${name}`, labels }, ...fields };
  cluster.objects.set(`${kind}/${name}`, object);
}

function run(options: Partial<Teardown> = {}) {
  const request: Teardown = {
    name: 'shop',
    namespace: 'team',
    deleteNamespace: 'no',
    images: undefined,
    setUp: undefined,
    queues: undefined,
    dryRun: false,
    timeout: 600,
    ...options,
  };
  return teardownApp(request, {
    cluster,
    log,
    mask: () => {},
    clock,
    signal: new AbortController().signal,
    learn: () => {},
  });
}

const queueSearch = () => ({ project: undefined, settings: noSettings, openQueue: queues.open, log });

test('deletes what has the label, the scaler first, and leaves the rest', async () => {
  put('ConfigMap', 'theirs', {});
  const { deleted, faults } = await run();
  assert.equal(deleted[0], 'ScaledObject/shop');
  assert.equal(deleted.length, 7);
  assert.deepEqual(faults, []);
  assert.deepEqual([...cluster.objects.keys()], ['Namespace/team', 'ConfigMap/theirs']);
});

test('only lists in a dry run', async () => {
  const { deleted } = await run({ dryRun: true, queues: queueSearch(), deleteNamespace: 'asked' });
  assert.deepEqual(cluster.changes, []);
  assert.ok(deleted.includes('Queue/orders-poison') && deleted.includes('Namespace/team'));
});

test('is content when there is nothing', async () => {
  cluster.objects.clear();
  const { deleted, faults } = await run({ deleteNamespace: 'asked' });
  assert.deepEqual([deleted, faults], [[], []]);
  assert.ok(log.lines.includes('notice: There is nothing of "shop" in the namespace "team".'));
});

test('waits until pods are gone', async () => {
  put('Pod', 'shop-1', { app: 'shop' });
  clock.onPause = now => {
    if (now >= 5000) cluster.objects.delete('Pod/shop-1');
  };
  assert.deepEqual((await run()).faults, []);
  assert.ok(clock.now() >= 5000);
});

test('names the pods that stay', async () => {
  put('Pod', 'shop-1', { app: 'shop' });
  const { faults } = await run({ timeout: 30 });
  assert.match(faults[0] ?? '', /^Pod "shop-1" is still there though it was deleted\. Raise the input "timeout"/);
});

test('deletes the rest when KEDA does not let go of its object, and says how to go on', async () => {
  cluster.held.add('ScaledObject/shop');
  const { deleted, faults } = await run();
  assert.ok(deleted.includes('Deployment/shop'));
  assert.match(
    faults[0] ?? '',
    /^ScaledObject "shop" is marked for deletion but held by the finalizer "finalizer\.keda\.sh" of KEDA.*kubectl patch scaledobject shop -n team/,
  );
  assert.ok(clock.now() < 200_000);
});

test('finds the queues by the scalers and deletes them after the pods', async () => {
  put('Pod', 'shop-1', { app: 'shop' });
  clock.onPause = () => {
    assert.equal(queues.queues.size, 2);
    cluster.objects.delete('Pod/shop-1');
  };
  const { deleted } = await run({ queues: queueSearch() });
  assert.deepEqual(deleted.slice(-2), ['Queue/orders', 'Queue/orders-poison']);
  assert.equal(queues.queues.size, 0);
});

test('does not list queues that do not exist', async () => {
  queues.queues.delete('orders-poison');
  const { deleted } = await run({ dryRun: true, queues: queueSearch() });
  assert.deepEqual(
    deleted.filter(key => key.startsWith('Queue/')),
    ['Queue/orders'],
  );
});

test('changes nothing when a queue cannot be known', async () => {
  cluster.objects.delete('TriggerAuthentication/shop-auth');
  await assert.rejects(
    run({ queues: queueSearch() }),
    /The connection of the queue "orders" cannot be read from the cluster/,
  );
  assert.deepEqual(cluster.changes, []);
});

test('deletes the namespace last and waits for it', async () => {
  const { deleted } = await run({ deleteNamespace: 'asked' });
  assert.equal(deleted.at(-1), 'Namespace/team');
});

test('refuses a namespace with objects of others before it changes anything', async () => {
  put('PersistentVolumeClaim', 'data', {});
  put('Certificate', 'tls', {});
  put('EndpointSlice', 'shop-abc', {});
  put('Deployment', 'other', { app: 'other' });
  await assert.rejects(
    run({ deleteNamespace: 'asked' }),
    error =>
      error instanceof UserError &&
      /holds objects that are not of "shop": Certificate\/tls, Deployment\/other, PersistentVolumeClaim\/data\..*Nothing was changed\./.test(
        error.message,
      ),
  );
  assert.deepEqual(cluster.changes, []);
});

test('with everything, takes the namespace only where it was made by us and nobody else uses it', async () => {
  const before = [...cluster.objects];
  assert.ok(!(await run({ deleteNamespace: 'everything' })).deleted.includes('Namespace/team'));
  for (const [key, object] of before) cluster.objects.set(key, object);
  cluster.objects.set('Namespace/team', {
    kind: 'Namespace',
    metadata: { name: 'team', labels: { 'app.kubernetes.io/managed-by': 'aks-functions' } },
  });
  put('ConfigMap', 'theirs', {});
  assert.ok(!(await run({ deleteNamespace: 'everything' })).deleted.includes('Namespace/team'));
  cluster.objects.delete('ConfigMap/theirs');
  assert.ok((await run({ deleteNamespace: 'everything' })).deleted.includes('Namespace/team'));
});

test('with everything, leaves a namespace that it may not read', async () => {
  cluster.failOnce('read Namespace/team', 403);
  const { deleted } = await run({ deleteNamespace: 'everything' });
  assert.ok(deleted.includes('Deployment/shop') && !deleted.includes('Namespace/team'));
  assert.ok(log.lines.some(line => /^notice: The namespace "team" stays/.test(line)));
});

test('with everything, leaves a namespace of which it may not list all', async () => {
  cluster.objects.set('Namespace/team', {
    kind: 'Namespace',
    metadata: { name: 'team', labels: { 'app.kubernetes.io/managed-by': 'aks-functions' } },
  });
  cluster.failOnce('inventory', 403, 'cannot list certificates');
  const { deleted } = await run({ deleteNamespace: 'everything' });
  assert.ok(deleted.includes('Deployment/shop') && !deleted.includes('Namespace/team'));
  assert.ok(log.lines.some(line => /^notice: The namespace "team" stays, .+ cannot list certificates/.test(line)));
  cluster.failOnce('inventory', 403, 'cannot list certificates');
  await assert.rejects(run({ deleteNamespace: 'asked' }), /cannot list certificates/);
});

test('leaves a Secret of keys that another tool made', async () => {
  put('Secret', 'func-keys-kube-secret-shop', {});
  await run();
  assert.ok(cluster.objects.has('Secret/func-keys-kube-secret-shop'));
  assert.ok(log.lines.some(line => /^notice: Secret "func-keys-kube-secret-shop" .* It stays\.$/.test(line)));
});

test('refuses namespaces that the cluster needs', () => {
  assert.throws(() => assertDeletable('kube-system'), /cannot be deleted/);
  assertDeletable('team');
});
