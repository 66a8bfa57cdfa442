import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { dump } from 'js-yaml';
import { planDeployment } from '../../src/core/plan.ts';
import { UserError } from '../../src/errors.ts';
import { resolved, triggerOf } from '../support/resolved.ts';

const types = [
  'httpTrigger',
  'queueTrigger',
  'timerTrigger',
  'blobTrigger',
  'orchestrationTrigger',
  'warmupTrigger',
  'natsTrigger',
];
const functionName = fc.constantFrom('a', 'b', 'c');
const workloadName = fc.constantFrom(
  'http',
  'events',
  'always',
  'heavy',
  'abcdefghijklm',
  'abcdefghijklmn',
  '__proto__',
  'x_',
);
const client = { type: 'durableClient', direction: 'in', name: 'c' };

const bindings = fc
  .tuple(fc.constantFrom(...types), fc.boolean())
  .map(([type, durable]) => [triggerOf(type), ...(durable ? [client] : [])]);
const scale = fc.record(
  {
    minReplicas: fc.nat(3),
    maxReplicas: fc.nat(3),
    pollingInterval: fc.constantFrom(5, '5s', '5x'),
    cooldownPeriod: fc.nat(9),
  },
  { requiredKeys: [] },
);
const workload = fc.record(
  {
    functions: fc.uniqueArray(functionName, { maxLength: 2 }),
    scale,
    scaling: fc.constantFrom('fixed', 'cpu', 'http'),
    resources: fc.constant({ requests: { cpu: '100m' } }),
    pod: fc.record({ security: fc.constantFrom('baseline', 'restricted'), port: fc.nat(70_000) }, { requiredKeys: [] }),
  },
  { requiredKeys: [] },
);
const options = fc.record(
  {
    threshold: fc.integer({ min: -1, max: 9 }),
    trigger: fc.constantFrom('none', { type: 'nats', metadata: { a: 'b' } }),
    workload: workloadName,
  },
  { requiredKeys: [] },
);
const patch = fc.record({
  target: fc.record({ kind: fc.constantFrom('Deployment', 'ScaledObject', 'Service', 'Secret') }),
  patch: fc.oneof(
    fc.dictionary(fc.constantFrom('spec', 'metadata', 'kind', 'extra'), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 2 }),
    fc.array(
      fc.record({
        op: fc.constantFrom('add', 'remove', 'test'),
        path: fc.constantFrom('/spec', '/metadata/name', '/extra', ''),
        value: fc.jsonValue({ maxDepth: 1 }),
      }),
      { maxLength: 2 },
    ),
  ),
});
const config = fc.record(
  {
    scale,
    workloads: fc.dictionary(workloadName, workload, { maxKeys: 3 }),
    functions: fc.dictionary(functionName, options, { maxKeys: 3 }),
    patches: fc.array(patch, { maxLength: 2 }),
  },
  { requiredKeys: [] },
);
const appName = fc.oneof(
  { weight: 9, arbitrary: fc.stringMatching(/^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$/) },
  { weight: 1, arbitrary: fc.string({ maxLength: 45 }) },
);

test('any code, file and inputs give a plan of valid objects or a UserError', async () => {
  let plans = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.dictionary(functionName, bindings, { minKeys: 1, maxKeys: 3 }),
      config,
      appName,
      async (functions, written, name) => {
        const objects = await objectsOf({ functions, yaml: dump(written), inputs: { name } });
        if (objects === undefined) return;
        plans++;
        for (const { kind, metadata } of objects) {
          assert.ok(
            /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/.test(metadata.name) && metadata.name.length <= 63,
            metadata.name,
          );
          assert.ok(kind !== 'ScaledObject' || metadata.name.length <= 54, metadata.name);
        }
        assert.deepEqual(privateKeysIn(JSON.parse(JSON.stringify(objects))), []);
        const keys = objects.map(({ kind, metadata }) => `${kind}/${metadata.name}`);
        assert.equal(new Set(keys).size, keys.length);
      },
    ),
    { seed: 1, numRuns: 400 },
  );
  assert.ok(plans > 10, `only ${plans} plans`);
});

async function objectsOf(written: Parameters<typeof resolved>[0]) {
  try {
    return planDeployment(await resolved(written), { reference: 'r/i:1' }).objects;
  } catch (error) {
    assert.ok(error instanceof UserError, error instanceof Error ? error.stack : String(error));
    return undefined;
  }
}

/** Keys that only a slip of ours could bring into an object. */
function privateKeysIn(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, field]) => [
    ...(key.startsWith('_') ? [key] : []),
    ...privateKeysIn(field),
  ]);
}
