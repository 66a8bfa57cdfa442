import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { Secret } from '../../src/core/secret.ts';
import { checkQueue } from '../../src/flows/smoke-queue.ts';
import { FakeQueues } from '../support/fake-queues.ts';
import { ManualClock } from '../support/manual-clock.ts';

let queues: FakeQueues;
let clock: ManualClock;

beforeEach(() => {
  queues = new FakeQueues('orders');
  clock = new ManualClock();
});

function run(within = 60) {
  const check = { kind: 'queue', title: 'message to pack', function: 'pack', send: 'one', within } as const;
  const source = { connection: new Secret('AccountName=shop'), queue: 'orders', host: {}, until: 600_000 };
  return checkQueue(check, source, { openQueue: queues.open, clock, signal: new AbortController().signal });
}

test('puts one message and waits until it is consumed', async () => {
  clock.onPause = now => {
    if (now >= 2000) queues.consume('orders', 1);
  };
  const { faults, milliseconds, via } = await run();
  assert.deepEqual([faults, milliseconds, via], [[], 2000, 'queue orders']);
});

test('sees that its own message is gone though others are left', async () => {
  queues.queues.set('orders', ['theirs']);
  clock.onPause = () => queues.queues.set('orders', ['theirs']);
  assert.deepEqual((await run()).faults, []);
});

test('fails when nobody consumes the message in time', async () => {
  assert.match((await run(5)).faults[0] ?? '', /^the message was not consumed within 5 s/);
});

test('fails at once when the function gives the message up', async () => {
  clock.onPause = () => queues.queues.set('orders-poison', ['one']);
  const { faults, milliseconds } = await run();
  assert.match(faults[0] ?? '', /^the function failed on the message, which is now in the queue "orders-poison"/);
  assert.equal(milliseconds, 500);
});
