import assert from 'node:assert/strict';
import test from 'node:test';
import { discoveryRows, triggerText } from '../../src/core/discovery-rows.ts';
import type { Project } from '../../src/core/project.ts';
import { triggerOf } from '../support/resolved.ts';

const project = (types: Readonly<Record<string, string>>): Project => ({
  folder: 'shop',
  runtime: 'node',
  model: 'function.json',
  host: {},
  functions: Object.entries(types).map(([name, type]) => ({
    name,
    bindings: [{ ...triggerOf(type), type, direction: 'in', name: 'x' }],
    place: { file: `${name}/function.json` },
    disabled: name === 'off',
    unresolved: [],
  })),
  unresolved: [],
});

test('rows say the workload and what scales a function, without knowing its settings', () => {
  const app = project({ jobs: 'queueTrigger', hello: 'httpTrigger', night: 'timerTrigger', off: 'queueTrigger' });
  assert.deepEqual(Object.fromEntries(discoveryRows(app, {})), {
    jobs: { workload: 'events', scaling: '0 to 100 by azure-queue "jobs", 16 messages each' },
    hello: { workload: 'http', scaling: '1 fixed' },
    night: { workload: 'always', scaling: '1 fixed' },
  });
});

test('a function beside a scaled one shares its replicas', () => {
  const app = project({ jobs: 'queueTrigger', hello: 'httpTrigger' });
  const rows = discoveryRows(app, { workloads: { all: { functions: ['jobs', 'hello'], scale: { maxReplicas: 3 } } } });
  assert.deepEqual(rows.get('hello'), { workload: 'all', scaling: 'with "jobs"' });
  assert.equal(rows.get('jobs')?.workload, 'all');
});

const texts = [
  { type: 'timerTrigger', expected: 'timerTrigger 0 0 * * * *' },
  { type: 'httpTrigger', expected: 'httpTrigger /api/f' },
] as const;

for (const { type, expected } of texts) {
  test(`the trigger ${type} is shown with what it listens to`, () => {
    const app = project({ f: type });
    const [fn = assert.fail()] = app.functions;
    assert.equal(triggerText(app, fn), expected);
  });
}
