import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Workload } from '../../src/core/app.ts';
import { faultsOfHost } from '../../src/core/loaded.ts';
import type { AppFunction } from '../../src/core/project.ts';

const fn: AppFunction = {
  name: 'orders',
  bindings: [{ type: 'queueTrigger', direction: 'in', name: 'message' }],
  place: { file: 'orders.js' },
  disabled: false,
  unresolved: [],
};
const workload: Workload = {
  name: 'events',
  objectName: 'shop',
  functions: [fn],
  servesHttp: false,
  scaling: { kind: 'fixed', replicas: 1 },
  pod: {},
  resources: {},
};
const good = {
  status: { state: 'Running', errors: [] },
  functions: [{ name: 'orders' }],
  functionStatus: new Map([['orders', { errors: [] }]]),
};

const cases = [
  { name: 'finds nothing wrong with a host that loaded everything', given: good, expected: [] },
  {
    name: 'names a function that the host did not load',
    given: { ...good, functions: [] },
    expected: ['The host did not load the function "orders", which the code declares.'],
  },
  {
    name: 'names the state of a host that does not run',
    given: { ...good, status: { state: 'Error', errors: ['no storage\n    at start (host.js:1)'] } },
    expected: ['The host reported: no storage.', 'The host is in state "Error", not "Running".'],
  },
  {
    name: 'gives the error of a function',
    given: { ...good, functionStatus: new Map([['orders', { errors: ['listener failed'] }]]) },
    expected: ['Function "orders": listener failed.'],
  },
  {
    name: 'lets a host list a function of another workload',
    given: { ...good, functions: [{ name: 'orders' }, { name: 'greet' }] },
    expected: [],
  },
  {
    name: 'does not count a disabled function of the host',
    given: { ...good, functions: [{ name: 'orders' }, { name: 'old', isDisabled: true }] },
    expected: [],
  },
];

for (const { name, given, expected } of cases)
  test(name, () => assert.deepEqual(faultsOfHost(workload, ['orders', 'greet'], given), expected));

test('names a function that the code does not declare', () => {
  const [fault] = faultsOfHost(workload, ['orders'], { ...good, functions: [{ name: 'orders' }, { name: 'ghost' }] });
  assert.match(fault ?? '', /loaded the function "ghost", which was not found/);
});
