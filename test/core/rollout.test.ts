import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { V1Deployment, V1Pod } from '@kubernetes/client-node';
import { newestPodsOf, rolloutStateOf } from '../../src/core/rollout.ts';

function deploymentWith(status: V1Deployment['status'], replicas = 2, generation = 3): V1Deployment {
  return {
    metadata: { name: 'orders', generation },
    spec: { replicas, selector: {}, template: {} },
    ...(status ? { status } : {}),
  };
}

function podWith(
  state: NonNullable<NonNullable<V1Pod['status']>['containerStatuses']>[number]['state'],
  restartCount = 0,
  lastExit?: number,
): V1Pod {
  const lastState =
    lastExit === undefined ? {} : { lastState: { terminated: { exitCode: lastExit, reason: 'Error' } } };
  return {
    metadata: { name: 'orders-1' },
    status: {
      containerStatuses: [
        {
          name: 'orders',
          image: 'shop.azurecr.io/orders:1',
          imageID: '',
          ready: false,
          restartCount,
          ...(state ? { state } : {}),
          ...lastState,
        },
      ],
    },
  };
}

const complete = { observedGeneration: 3, replicas: 2, updatedReplicas: 2, readyReplicas: 2 };

const wanted = { minimum: 0, goal: 'complete' } as const;

const states = [
  {
    name: 'done when all pods are new and available',
    given: { deployment: deploymentWith(complete) },
    expected: { kind: 'done', replicas: 2 },
  },
  {
    name: 'done with no pod for a workload at zero',
    given: { deployment: deploymentWith({ observedGeneration: 3 }, 0) },
    expected: { kind: 'done', replicas: 0 },
  },
  {
    name: 'in progress for a workload at zero that must be woken',
    given: { deployment: deploymentWith({ observedGeneration: 3 }, 0), minimum: 1 },
    expected: { kind: 'progress', detail: '0 of 1 pods are new' },
  },
  {
    name: 'in progress until the change is observed',
    given: { deployment: deploymentWith({ ...complete, observedGeneration: 2 }) },
    expected: { kind: 'progress', detail: 'not observed yet' },
  },
  {
    name: 'in progress while an old pod remains',
    given: { deployment: deploymentWith({ ...complete, replicas: 3 }) },
    expected: { kind: 'progress', detail: '1 old pods remain' },
  },
  {
    name: 'in progress while a pod is not ready',
    given: { deployment: deploymentWith({ ...complete, readyReplicas: 1 }) },
    expected: { kind: 'progress', detail: '1 of 2 pods are ready' },
  },
  {
    name: 'in progress before the Deployment is there',
    given: { deployment: undefined },
    expected: { kind: 'progress', detail: 'not there yet' },
  },
] as const;

for (const { name, given, expected } of states) {
  test(`is ${name}`, () => {
    assert.deepEqual(
      rolloutStateOf(given.deployment, [], { minimum: 'minimum' in given ? given.minimum : 0, goal: 'complete' }),
      expected,
    );
  });
}

test('fails for an image that cannot be pulled and says what to check', () => {
  const state = rolloutStateOf(
    deploymentWith(complete),
    [
      podWith({
        waiting: {
          reason: 'ImagePullBackOff',
          message: 'Back-off pulling: rpc error: code = NotFound desc = no such image',
        },
      }),
    ],
    wanted,
  );
  assert(state.kind === 'failed');
  assert.match(
    state.message,
    /^Image "shop\.azurecr\.io\/orders:1" of container ".+" cannot be pulled \(code = NotFound desc = no such image\)\. Check that the image exists/,
  );
});

test('fails for a container that crashed twice and gives its exit code', () => {
  const state = rolloutStateOf(
    deploymentWith(complete),
    [podWith({ waiting: { reason: 'CrashLoopBackOff' } }, 2, 134)],
    wanted,
  );
  assert(state.kind === 'failed' && state.crashed);
  assert.match(state.message, /crashed 2 times, the last time with exit code 134/);
});

test('forgives a single crash', () => {
  assert.equal(
    rolloutStateOf(deploymentWith({ ...complete, readyReplicas: 1 }), [podWith({ running: {} }, 1, 1)], wanted).kind,
    'progress',
  );
});

test('takes the pods of the youngest template for the newest', () => {
  const pod = (name: string, hash: string, second: number): V1Pod => ({
    metadata: { name, labels: { 'pod-template-hash': hash }, creationTimestamp: new Date(second * 1000) },
  });
  assert.deepEqual(
    newestPodsOf([pod('a', 'old', 1), pod('b', 'new', 3), pod('c', 'new', 2)]).map(one => one.metadata?.name),
    ['b', 'c'],
  );
});

const refusing = { type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message: 'exceeded quota: pods.' };
const deadlinePassed = {
  type: 'Progressing',
  status: 'False',
  reason: 'ProgressDeadlineExceeded',
  message: 'timed out',
};

test('fails for pods that the cluster refuses and gives its reason', () => {
  const state = rolloutStateOf(deploymentWith({ observedGeneration: 3, conditions: [refusing] }), [], wanted);
  assert(state.kind === 'failed');
  assert.match(
    state.message,
    /^The cluster refuses the pods of Deployment "orders": exceeded quota: pods\. Change the/,
  );
});

test('is done in spite of pods that were refused before', () => {
  assert.equal(rolloutStateOf(deploymentWith({ ...complete, conditions: [refusing] }), [], wanted).kind, 'done');
});

test('says that Kubernetes gave up waiting', () => {
  const state = rolloutStateOf(deploymentWith({ observedGeneration: 3, conditions: [deadlinePassed] }), [], wanted);
  assert(state.kind === 'progress');
  assert.match(
    state.detail,
    /0 of 2 pods are new, and Kubernetes gave up waiting \(ProgressDeadlineExceeded: timed out\)/,
  );
});

const readyPod: V1Pod = {
  metadata: { name: 'orders-2' },
  status: { conditions: [{ type: 'Ready', status: 'True' }] },
};
const begun = { observedGeneration: 3, replicas: 3, updatedReplicas: 1, readyReplicas: 3 };

const beginnings = [
  { name: 'begun when one new pod is ready', status: begun, pods: [readyPod], expected: { kind: 'done', replicas: 3 } },
  {
    name: 'not begun while no new pod is ready',
    status: begun,
    pods: [podWith({ running: {} })],
    expected: { kind: 'progress', detail: 'no new pod is ready' },
  },
  {
    name: 'not begun while the pods that are ready are old',
    status: { ...begun, updatedReplicas: 0 },
    pods: [readyPod],
    expected: { kind: 'progress', detail: 'no new pod is ready' },
  },
] as const;

for (const { name, status, pods, expected } of beginnings) {
  test(`is ${name}`, () => {
    assert.deepEqual(rolloutStateOf(deploymentWith(status), pods, { minimum: 0, goal: 'begun' }), expected);
  });
}

test('is begun at zero replicas where none are wanted', () => {
  const state = rolloutStateOf(deploymentWith({ observedGeneration: 3 }, 0), [], { minimum: 0, goal: 'begun' });
  assert.deepEqual(state, { kind: 'done', replicas: 0 });
});
