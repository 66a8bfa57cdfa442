import assert from 'node:assert/strict';
import { test } from 'node:test';
import { brokenLimits, type Curve, curveOf, type Sample } from '../../src/core/scale-curve.ts';

const none = { expectReplicas: undefined, firstReplicaWithin: undefined, drainedWithin: undefined };

function sampled(
  rows: readonly (readonly [seconds: number, wanted: number, ready: number, messages: number])[],
): readonly Sample[] {
  return rows.map(([seconds, wanted, ready, messages]) => ({
    seconds,
    countedSeconds: seconds,
    wanted,
    ready,
    messages,
  }));
}

const outAndBack = sampled([
  [0, 0, 0, 0],
  [1, 0, 0, 900],
  [2, 1, 0, 1000],
  [3, 4, 1, 990],
  [4, 8, 4, 900],
  [5, 15, 8, 800],
  [30, 15, 15, 40],
  [40, 15, 15, 0],
  [55, 0, 0, 0],
]);

test('tells peak, steps and times of a workload that scales out and back', () => {
  assert.deepEqual(curveOf(outAndBack, 0, 1.5), {
    peak: 15,
    steps: [0, 1, 4, 8, 15, 0],
    firstReplicaSeconds: 3,
    drainedSeconds: 40,
    settledSeconds: 55,
  });
});

test('takes an empty queue for drained only after the last message was put', () => {
  assert.equal(curveOf(outAndBack, 0, undefined).drainedSeconds, undefined);
  assert.equal(
    curveOf(
      sampled([
        [0, 0, 0, 0],
        [1, 0, 0, 0],
      ]),
      0,
      0.5,
    ).drainedSeconds,
    1,
  );
});

test('does not take a count from before the last message for an empty queue', () => {
  const stale: Sample = { seconds: 2, countedSeconds: 0.1, wanted: 0, ready: 0, messages: 0 };
  assert.equal(curveOf([stale], 0, 1).drainedSeconds, undefined);
});

test('is not settled while a replica above the least number is left', () => {
  assert.equal(
    curveOf(
      sampled([
        [1, 2, 2, 0],
        [2, 1, 2, 0],
      ]),
      1,
      0,
    ).settledSeconds,
    undefined,
  );
  assert.equal(
    curveOf(
      sampled([
        [1, 2, 2, 0],
        [2, 1, 1, 0],
      ]),
      1,
      0,
    ).settledSeconds,
    2,
  );
});

const curve: Curve = {
  peak: 8,
  steps: [0, 8, 0],
  firstReplicaSeconds: 9.96,
  drainedSeconds: undefined,
  settledSeconds: undefined,
};

const cases = [
  { name: 'no limit is set', limits: none, expected: [] },
  { name: 'every limit is kept', limits: { ...none, expectReplicas: 8, firstReplicaWithin: 10 }, expected: [] },
  {
    name: 'too few replicas',
    limits: { ...none, expectReplicas: 15 },
    expected: [/^Expected 15 replicas, got at most 8\. Put more messages/],
  },
  {
    name: 'a late first replica',
    limits: { ...none, firstReplicaWithin: 5 },
    expected: [/^Expected a first ready replica within 5 s, got it after 10\.0 s\. Lower "polling-interval"/],
  },
  {
    name: 'a queue that is never empty',
    limits: { ...none, drainedWithin: 60 },
    expected: [/^Expected an empty queue within 60 s, got it not at all\. Raise "max-replicas"/],
  },
] as const;

for (const { name, limits, expected } of cases) {
  test(`judges a test: ${name}`, () => {
    const faults = brokenLimits(curve, limits);
    assert.equal(faults.length, expected.length);
    for (const [index, pattern] of expected.entries()) assert.match(faults[index] ?? '', pattern);
  });
}
