import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { type ScaleResult, scaleOutputs, scaleSummary } from '../../src/core/scale-report.ts';
import { Secret } from '../../src/core/secret.ts';
import { mergeSettings, noSettings, secretLayer } from '../../src/core/settings.ts';
import { Interrupted, UserError } from '../../src/errors.ts';
import { runScaleTest, type ScaleTest } from '../../src/flows/scale-test.ts';
import { FakeQueues } from '../support/fake-queues.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { functionWith, projectOf } from '../support/project.ts';
import { keepingLog } from '../support/quiet-log.ts';
import { ScalingCluster } from '../support/scaling-cluster.ts';

const connection = 'AccountName=shop;AccountKey=c2VjcmV0';
const labels = { 'aks-functions.io/app': 'shop', 'aks-functions.io/workload': 'events' };
const project = projectOf([functionWith('pack', { type: 'queueTrigger', queueName: 'orders', connection: 'Store' })]);

let cluster: ScalingCluster;
let queues: FakeQueues;
let clock: ManualClock;
let log: ReturnType<typeof keepingLog>;
let masked: string[];
let learned: ScaleResult[];

beforeEach(() => {
  cluster = new ScalingCluster();
  queues = new FakeQueues('orders');
  clock = new ManualClock();
  log = keepingLog();
  [masked, learned] = [[], []];
  const container = {
    name: 'shop',
    env: [{ name: 'AzureFunctionsJobHost__functions__0', value: 'pack' }],
    envFrom: [{ secretRef: { name: 'shop-secrets' } }],
  };
  put('Deployment', 'shop', { spec: { template: { spec: { containers: [container] } } } });
  put('Secret', 'shop-secrets', { data: { Store: Buffer.from(connection).toString('base64') } });
  put('ScaledObject', 'shop', {
    spec: {
      minReplicaCount: 0,
      maxReplicaCount: 15,
      triggers: [{ type: 'azure-queue', metadata: { queueName: 'orders' } }],
    },
  });
});

function put(kind: string, name: string, fields: object): void {
  cluster.objects.set(`${kind}/${name}`, { kind, metadata: { name, labels }, ...fields });
}

/** Replicas follow the queue as KEDA and an autoscaler would have it, each working on 2 messages a look. */
function scaleWithQueue(): void {
  clock.onPause = () => {
    queues.consume('orders', cluster.replicas);
    const waiting = queues.queues.get('orders')?.length ?? 0;
    cluster.replicas = waiting === 0 ? 0 : Math.min(15, Math.max(1, cluster.replicas * 2), waiting);
  };
}

function run(options: Partial<ScaleTest> = {}, signal = new AbortController().signal) {
  const limits = { expectReplicas: undefined, firstReplicaWithin: undefined, drainedWithin: undefined };
  const test = {
    name: 'shop',
    namespace: 'team',
    project,
    settings: noSettings,
    function: undefined,
    messages: 100,
    messageBody: 'order {n}',
    limits,
    timeout: 600,
    ...options,
  };
  return runScaleTest(test, {
    cluster,
    openQueue: queues.open,
    log,
    mask: secret => masked.push(secret.reveal()),
    clock,
    signal,
    learn: partial => learned.push(partial),
  });
}

test('watches a workload from zero to its peak and back', async () => {
  scaleWithQueue();
  const result = await run();
  assert.deepEqual(result.curve.steps.slice(0, 5), [0, 1, 2, 4, 8]);
  assert.equal(result.curve.peak, 15);
  assert.equal(result.curve.steps.at(-1), 0);
  assert.deepEqual(result.faults, []);
  assert.ok((result.curve.settledSeconds ?? 0) > 0);
});

test('numbers the messages and encodes them', async () => {
  let first: readonly string[] = [];
  clock.onPause = () => {
    first = [...(queues.queues.get('orders') ?? []), ...first];
    queues.consume('orders', 100);
  };
  await run({ messages: 3 });
  assert.deepEqual(
    first.slice(0, 3).map(text => Buffer.from(text, 'base64').toString()),
    ['order 1', 'order 2', 'order 3'],
  );
});

test('masks what it reads of the settings in the cluster before it uses it', async () => {
  scaleWithQueue();
  await run();
  assert.deepEqual(masked, [connection]);
});

test('reads no Secret when the settings are given', async () => {
  scaleWithQueue();
  await run({ settings: mergeSettings([secretLayer(new Map([['Store', new Secret(connection)]]))]) });
  assert.deepEqual(masked, []);
});

test('waits for rest before the first message', async () => {
  cluster.replicas = 3;
  let pauses = 0;
  clock.onPause = () => {
    pauses += 1;
    if (pauses === 2) cluster.replicas = 0;
    if (pauses < 3) assert.equal(queues.queues.get('orders')?.length, 0);
    else queues.consume('orders', 100);
  };
  assert.equal((await run()).curve.steps[0], 0);
});

test('fails a test whose limit is broken, with what was expected and what was got', async () => {
  scaleWithQueue();
  const result = await run({
    messages: 3,
    limits: { expectReplicas: 15, firstReplicaWithin: undefined, drainedWithin: undefined },
  });
  assert.match(result.faults[0] ?? '', /^Expected 15 replicas, got at most [123]\./);
});

test('says how many messages are left when the time is over', async () => {
  const result = await run({ timeout: 60 });
  assert.match(
    result.faults[0] ?? '',
    /^Queue "orders" was not empty within 60 s: 100 messages are left\. Raise the input "timeout"/,
  );
});

test('warns of messages that the function gave up', async () => {
  clock.onPause = () => {
    queues.consume('orders', 100);
    queues.queues.set('orders-poison', ['a', 'b']);
  };
  const result = await run();
  assert.equal(result.poisoned, 2);
  assert.ok(log.lines.some(line => /^warning: Function "pack" gave up 2 messages/.test(line)));
});

test('ends early with the words of KEDA when the scaler fails', async () => {
  cluster.failing = true;
  put('Event', 'e', {
    type: 'Warning',
    reason: 'KEDAScalerFailed',
    message: 'queue not found: QueueNotFound',
    lastTimestamp: '2026-01-01T00:00:03Z',
    involvedObject: { kind: 'ScaledObject', name: 'shop' },
  });
  await assert.rejects(
    run(),
    error =>
      error instanceof UserError &&
      /^KEDA cannot scale "shop" for "pack" \(azure-queue on queue "orders"\): queue not found: QueueNotFound\. Create the queue/.test(
        error.message,
      ),
  );
  assert.ok(log.lines.some(line => /^warning: The test ended early; 100 messages/.test(line)));
});

test('hands over what it saw until it broke off, with the reason', async () => {
  cluster.failing = true;
  clock.onPause = now => {
    cluster.replicas = now > 1000 ? 3 : 0;
  };
  await assert.rejects(run());
  const [partial, ...more] = learned;
  assert.ok(partial && more.length === 0);
  assert.deepEqual([partial.messages, partial.curve.peak, partial.curve.steps], [100, 3, [0, 3]]);
  assert.match(partial.faults.join(), /^The test broke off: KEDA cannot scale "shop"/);
  assert.equal(JSON.parse(scaleOutputs(partial).report ?? '').passed, false);
  assert.match(scaleSummary(partial), /❌ Scale test of pack[\s\S]*> The test broke off: KEDA cannot scale/);
});

test('ends early with the log of a pod that crashes', async () => {
  put('Pod', 'shop-1', {
    metadata: { name: 'shop-1', labels: { ...labels, app: 'shop', 'pod-template-hash': '1' } },
    status: { containerStatuses: [{ name: 'shop', restartCount: 2, lastState: { terminated: { exitCode: 3 } } }] },
  });
  await assert.rejects(run(), /Container "shop" crashed 2 times, the last time with exit code 3[\s\S]*a last line/);
});

const impossible = [
  {
    name: 'an app that is not deployed',
    change: () => cluster.objects.delete('Deployment/shop'),
    expected: /The app "shop" is not deployed in the namespace "team"/,
  },
  {
    name: 'a queue that does not exist',
    change: () => queues.queues.delete('orders'),
    expected: /Queue "orders" does not exist/,
  },
  {
    name: 'a queue that no ScaledObject watches',
    change: () => cluster.objects.delete('ScaledObject/shop'),
    expected: /No ScaledObject of "shop" in the namespace "team" watches the queue "orders"/,
  },
  {
    name: 'a workload that does not come to rest',
    change: () => {
      cluster.replicas = 2;
    },
    expected: /"shop" did not come to rest within 600 s: it has 2 replicas/,
  },
] as const;

for (const { name, change, expected } of impossible) {
  test(`puts no message for ${name}`, async () => {
    change();
    await assert.rejects(run(), error => error instanceof UserError && expected.test(error.message));
    assert.deepEqual(queues.queues.get('orders') ?? [], []);
  });
}

test('ends at once when it is interrupted, and says what it leaves', async () => {
  const controller = new AbortController();
  clock.onPause = now => {
    if (now > 2000) controller.abort(new Interrupted('The run was interrupted.'));
  };
  await assert.rejects(run({}, controller.signal), Interrupted);
  assert.ok(log.lines.some(line => /^warning: The test ended early; 100 messages/.test(line)));
});
