import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { parseRelease, type Release, releaseObjectOf } from '../../src/core/release.ts';
import { Interrupted, RemoteError } from '../../src/errors.ts';
import type { LiveObject } from '../../src/flows/cluster-port.ts';
import type { Deployment, DeployPorts, DeployResult } from '../../src/flows/deploy.ts';
import type { FakeCluster } from '../support/fake-cluster.ts';
import { deployOrders, prepareOrders, shopCluster } from '../support/orders-deployment.ts';
import { keepingLog } from '../support/quiet-log.ts';

let cluster: FakeCluster;
beforeEach(() => {
  cluster = shopCluster();
});

const run = (options?: Partial<Deployment>, ports?: Partial<DeployPorts>) => deployOrders(cluster, options, ports);

function recorded(number: number): Release | undefined {
  const record: LiveObject & { readonly data?: Readonly<Record<string, string>> } =
    cluster.objects.get(`Secret/orders.release.v${number}`) ?? {};
  return parseRelease(record.data);
}

const states = () =>
  Object.fromEntries(
    [...cluster.objects]
      .filter(([key]) => key.startsWith('Secret/orders.release.'))
      .map(([key, { metadata }]) => [key.split('.v')[1], metadata?.labels?.['aks-functions.io/state']]),
  );

/** Records a release that another run is making, or was when it was killed. */
async function putRecord(number: number, fields: Partial<Release> = {}): Promise<void> {
  const release: Release = {
    number,
    state: 'pending',
    image: 'i',
    time: '2026-01-01T11:59:00Z',
    until: '2026-01-01T12:10:00Z',
    verify: 'loaded',
    objects: [],
    run: 'https://github.com/acme/shop/actions/runs/7',
    ...fields,
  };
  await cluster.create(releaseObjectOf((await prepareOrders()).app, release));
  cluster.changes.length = 0;
}

const trimmedChanges = () => cluster.changes.filter(change => /release|Deployment/.test(change));

test('records a failed release with its reason', async () => {
  cluster.failOnce('apply Deployment/orders', 422);
  await assert.rejects(run(), /refused: apply Deployment\/orders/);
  assert.deepEqual(states(), { 1: 'failed' });
  assert.equal(recorded(1)?.reason, 'refused: apply Deployment/orders');
});

test('records an interrupted release as such', async () => {
  cluster.failures.set('apply Deployment/orders', new Interrupted('The run was interrupted.'));
  await assert.rejects(run());
  assert.deepEqual(states(), { 1: 'interrupted' });
});

test('records how it ended also when it is interrupted just then', async () => {
  const controller = new AbortController();
  cluster.failOnce('apply Deployment/orders', 422);
  const merge = cluster.merge.bind(cluster);
  cluster.merge = async () => {
    cluster.merge = merge;
    controller.abort();
    throw new Interrupted('The run was interrupted.');
  };
  await assert.rejects(run({}, { signal: controller.signal }), /refused: apply/);
  assert.deepEqual(states(), { 1: 'failed' });
});

test('waits until the release of another run has ended, and changes nothing before', async () => {
  await putRecord(1);
  const log = keepingLog();
  const second = run({}, { log });
  await new Promise(resolve => setTimeout(resolve, 300));
  assert.deepEqual(cluster.changes, []);
  assert(
    log.lines.some(line =>
      /^info: Release 1 of "orders", which another run \(https:\/\/github\.com\/acme\/shop\/actions\/runs\/7\) is making, is awaited; that run ends by 2026-01-01T12:10:00Z at the latest/.test(
        line,
      ),
    ),
    log.lines.join('\n'),
  );
  cluster.objects.delete('Secret/orders.release.v1');
  await putRecord(1, { state: 'deployed' });
  assert.equal((await second).release, 2);
});

test('stops when the release of another run does not end in time, and says how to go on', async () => {
  await putRecord(3);
  await assert.rejects(
    run({ timeout: 0.1 }),
    /^UserError: Release 3 of "orders", .+ did not end within 0\.1 s\. Raise the input "timeout".*\n.*kubectl delete secret orders\.release\.v3 -n shop$/s,
  );
  assert.deepEqual(cluster.changes, []);
});

test('takes over the release of a killed run once its time is over, by the clock of the API server', async () => {
  await putRecord(1);
  cluster.now = new Date('2026-01-01T12:10:01Z');
  const log = keepingLog();
  assert.equal((await run({}, { log })).release, 2);
  assert.deepEqual(states(), { 1: 'interrupted', 2: 'deployed' });
  assert.match(recorded(1)?.reason ?? '', /^Its run ended without recording how\. Release 2 took over\.$/);
  assert(log.lines.some(line => line.startsWith('info: Took over release 1')));
});

test('takes over every release that was left, not only the newest', async () => {
  await putRecord(1, { until: '2025-12-31T00:00:00Z' });
  await putRecord(2, { state: 'deployed' });
  await run();
  assert.deepEqual(states(), { 1: 'interrupted', 2: 'deployed', 3: 'deployed' });
});

test('says until when it may be at work, with time to end', async () => {
  await run({ timeout: 600 });
  assert.equal(recorded(1)?.until, '2026-01-01T12:12:00.000Z');
});

test('never interleaves with a run that begins at the same moment', async () => {
  const results = await Promise.all([run(), run()]);
  assert.deepEqual(results.map(result => result.release).sort(), [1, 2]);
  const [first, lost, ...rest] = trimmedChanges();
  assert.deepEqual([first, lost], Array(2).fill('create Secret/orders.release.v1'));
  assert.deepEqual(rest, [
    'apply Deployment/orders',
    'merge Secret/orders.release.v1',
    'create Secret/orders.release.v2',
    'apply Deployment/orders',
    'merge Secret/orders.release.v2',
  ]);
});

test('names a Secret that has the name of its record and belongs to somebody else', async () => {
  cluster.objects.set('Secret/orders.release.v1', { kind: 'Secret', metadata: { name: 'orders.release.v1' } });
  await assert.rejects(run(), /Secret "orders\.release\.v1" .+ was not made by aks-functions\. Delete it/);
  assert.deepEqual(cluster.changes, ['create Secret/orders.release.v1']);
});

test('ends the record of a request that failed though the server carried it out', async () => {
  const create = cluster.create.bind(cluster);
  cluster.create = async object => {
    await create(object);
    throw new RemoteError('The API server cannot be reached.', 504);
  };
  await assert.rejects(run(), /cannot be reached/);
  assert.deepEqual(states(), { 1: 'failed' });
});

test('leaves the record of another run alone when its own request failed', async () => {
  const create = cluster.create.bind(cluster);
  cluster.create = async object => {
    cluster.create = create;
    await putRecord(1);
    throw new RemoteError(`The API server refuses ${object.kind}.`, 500);
  };
  await assert.rejects(run(), /refuses Secret/);
  assert.deepEqual(states(), { 1: 'pending' });
});

test('knows a namespace that was created before the run failed', async () => {
  cluster.objects.delete('Namespace/shop');
  cluster.failOnce('create Secret/orders.release.v1', 403);
  let known: Partial<DeployResult> = {};
  const learn = (more: Partial<DeployResult>) => {
    known = { ...known, ...more };
  };
  await assert.rejects(run({}, { learn }));
  assert.deepEqual([known.createdNamespace, known.release], [true, undefined]);
});

for (const prune of [true, false])
  test(`keeps ten records and the last good one, also after failures, with prune: ${prune}`, async () => {
    await run({ prune });
    for (let count = 0; count < 12; count += 1) {
      cluster.failOnce('apply Deployment/orders', 422);
      await assert.rejects(run({ prune }));
    }
    assert.deepEqual(Object.keys(states()), ['1', '4', '5', '6', '7', '8', '9', '10', '11', '12', '13']);
  });

test('counts a record that is dropped as no change', async () => {
  for (let count = 0; count < 10; count += 1) await run({ wait: false });
  const { changes } = await run({ wait: false });
  assert.deepEqual([changes.created, changes.changed, changes.deleted], [[], [], []]);
  assert.equal(states()[1], undefined);
});

const readyPod = {
  kind: 'Pod',
  metadata: { name: 'orders-1', labels: { app: 'orders', 'aks-functions.io/app': 'orders' } },
  status: { conditions: [{ type: 'Ready', status: 'True' }] },
};
const trust = [
  { before: { verify: 'none' }, now: { verify: 'loaded' }, wakes: true },
  { before: { verify: 'ready' }, now: { verify: 'loaded' }, wakes: true },
  { before: { verify: 'none' }, now: { verify: 'ready' }, wakes: true },
  { before: { verify: 'loaded', wait: false }, now: { verify: 'loaded' }, wakes: true },
  { before: { verify: 'loaded' }, now: { verify: 'loaded' }, wakes: false },
  { before: { verify: 'loaded' }, now: { verify: 'ready' }, wakes: false },
  { before: { verify: 'ready' }, now: { verify: 'ready' }, wakes: false },
  { before: { verify: 'ready' }, now: { verify: 'loaded', wait: false }, wakes: false },
] as const;

for (const { before, now, wakes } of trust)
  test(`${wakes ? 'wakes' : 'does not wake'} the same plan for ${JSON.stringify(now)} after ${JSON.stringify(before)}`, async () => {
    cluster.objects.set('Pod/orders-1', readyPod);
    await run(before);
    let woken = false;
    const apply = cluster.apply.bind(cluster);
    cluster.apply = async (object, options) => {
      woken ||= JSON.stringify(object).includes('force-activation');
      return apply(object, options);
    };
    await run(now);
    assert.equal(woken, wakes);
  });
