import assert from 'node:assert/strict';
import test from 'node:test';
import type { App } from '../../src/core/app.ts';
import { planDeployment } from '../../src/core/plan.ts';
import { resolved, triggerOf, type Written } from '../support/resolved.ts';
import { faultsOf } from './faults.ts';

const client = { type: 'durableClient', direction: 'in', name: 'c' };
const eventGrid = { ...triggerOf('blobTrigger'), source: 'EventGrid' };

function placesIn(app: App): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries(app.workloads.map(({ name, functions }) => [name, functions.map(fn => fn.name)]));
}

const placements: readonly (Written & { name: string; expected: Readonly<Record<string, readonly string[]>> })[] = [
  {
    name: 'each trigger to its own',
    functions: { h: 'httpTrigger', q: 'queueTrigger', t: 'timerTrigger' },
    expected: { always: ['t'], events: ['q'], http: ['h'] },
  },
  {
    name: 'Durable with every client',
    functions: {
      a: 'activityTrigger',
      o: 'orchestrationTrigger',
      q: [triggerOf('queueTrigger'), client],
      r: 'queueTrigger',
    },
    expected: { events: ['r'], http: ['a', 'o', 'q'] },
  },
  {
    name: 'Durable where the file puts one of it',
    functions: { o: 'orchestrationTrigger', q: [triggerOf('queueTrigger'), client] },
    yaml: 'workloads: { flows: { functions: [o] } }',
    expected: { flows: ['o', 'q'] },
  },
  {
    name: 'polling blobs to the one that always runs',
    functions: { b: 'blobTrigger', c: 'blobTrigger' },
    expected: { always: ['b', 'c'] },
  },
  {
    name: 'all blobs to http with one of Event Grid',
    functions: { b: 'blobTrigger', c: [eventGrid] },
    expected: { http: ['b', 'c'] },
  },
  {
    name: 'all blobs where the file puts one',
    functions: { b: 'blobTrigger', c: [eventGrid] },
    yaml: 'workloads: { heavy: { functions: [b] } }',
    expected: { heavy: ['b', 'c'] },
  },
  {
    name: 'blobs with a Durable client to Durable',
    functions: { b: [triggerOf('blobTrigger'), client], c: 'blobTrigger', o: 'entityTrigger' },
    expected: { http: ['b', 'c', 'o'] },
  },
  {
    name: 'a warm-up beside others',
    functions: { q: 'queueTrigger', w: 'warmupTrigger' },
    expected: { events: ['q', 'w'] },
  },
  {
    name: 'by name in the file',
    functions: { q: 'queueTrigger', h: 'httpTrigger' },
    yaml: 'functions: { q: { workload: always } }',
    expected: { always: ['q'], http: ['h'] },
  },
  {
    name: 'no trigger to the one that always runs',
    functions: { q: 'queueTrigger' },
    yaml: 'functions: { q: { trigger: none } }',
    expected: { always: ['q'] },
  },
  {
    name: 'a hand-written trigger to events',
    functions: { n: 'natsTrigger' },
    yaml: 'functions: { n: { trigger: { type: nats-jetstream, metadata: { a: b } } } }',
    expected: { events: ['n'] },
  },
  {
    name: 'nothing for a function that a setting disables',
    functions: { q: 'queueTrigger', h: 'httpTrigger' },
    settings: { 'AzureWebJobs.q.Disabled': 'TRUE' },
    expected: { http: ['h'] },
  },
  {
    name: 'nothing for one that a setting without dots disables',
    functions: { q: 'queueTrigger', h: 'httpTrigger' },
    settings: { AzureWebJobs_q_Disabled: '1' },
    expected: { http: ['h'] },
  },
  {
    name: 'the function when the setting says no',
    functions: { q: 'queueTrigger' },
    settings: { 'AzureWebJobs.q.Disabled': 'false' },
    expected: { events: ['q'] },
  },
];

for (const { name, expected, ...written } of placements) {
  test(`places ${name}`, async () => {
    assert.deepEqual(placesIn(await resolved(written)), expected);
  });
}

const faults: readonly (Written & { name: string; expected: readonly RegExp[] })[] = [
  {
    name: 'Durable in two workloads',
    functions: { o: 'orchestrationTrigger', a: 'activityTrigger' },
    yaml: 'workloads: { x: { functions: [o] }, y: { functions: [a] } }',
    expected: [/^Durable functions and their clients must run in one workload, .*"a" into "y", "o" into "x"/],
  },
  {
    name: 'blobs in two workloads',
    functions: { b: 'blobTrigger', c: 'blobTrigger' },
    yaml: 'functions: { b: { workload: http }, c: { workload: always } }',
    expected: [/^Blob functions must run in one workload/],
  },
  {
    name: 'a workload that both name',
    functions: { q: 'queueTrigger' },
    yaml: 'workloads: { heavy: { functions: [q] } }\nfunctions: { q: { workload: heavy } }',
    expected: [],
  },
  {
    name: 'a misspelt workload of a function',
    functions: { q: 'queueTrigger' },
    yaml: 'functions: { q: { workload: event } }',
    expected: [
      /^aks-functions.yml:1:19: Key "functions.q.workload" .*"event", which does not exist. Did you mean "events"\?/,
    ],
  },
  {
    name: 'a misspelt workload',
    functions: { q: 'queueTrigger' },
    yaml: 'workloads: { evnts: { scale: { maxReplicas: 3 } } }',
    expected: [/^aks-functions.yml:1:14: Key "workloads.evnts" .* Did you mean "events"\?/],
  },
  { name: 'only a warm-up', functions: { w: 'warmupTrigger' }, expected: [/"w" is a warm-up, and no other function/] },
  {
    name: 'scaling by requests with Durable',
    functions: { o: 'orchestrationTrigger' },
    yaml: 'workloads: { http: { scaling: http } }',
    expected: [/cannot be "http", since "o" belongs to Durable/],
  },
  {
    name: 'scaling by requests without any',
    functions: { q: 'queueTrigger' },
    yaml: 'workloads: { events: { scaling: http } }',
    expected: [/cannot be "http", since no function/],
  },
  {
    name: 'a patch without a target',
    functions: { q: 'queueTrigger' },
    yaml: 'patches: [{ target: { kind: Deploymnt }, patch: {} }, { target: { kind: Deployment, name: shp }, patch: {} }]',
    expected: [
      /^Key "patches\[0\]" .*kind "Deploymnt", .* Did you mean "Deployment"\?/,
      /^Key "patches\[1\]" .*"Deployment\/shp", .* Did you mean "shop"\?/,
    ],
  },
  {
    name: 'patches that take objects apart',
    functions: { q: 'queueTrigger' },
    yaml: 'patches: [{ target: { kind: Deployment }, patch: { metadata: { name: x, labels: { aks-functions.io/app: y } }, spec: { replicas: 3, selector: null } } }]',
    expected: [/"metadata.name"/, /"spec.selector"/, /"spec.replicas"/, /"metadata.labels.aks-functions.io\/app"/],
  },
  {
    name: 'a patch of settings',
    functions: { q: 'queueTrigger' },
    yaml: 'patches: [{ target: { kind: ConfigMap }, patch: {} }]',
    expected: [/changes an object with settings/],
  },
  {
    name: 'a JSON patch that does not fit',
    functions: { q: 'queueTrigger' },
    yaml: 'patches: [{ target: { kind: Deployment }, patch: [{ op: remove, path: /spec/x }] }]',
    expected: [/names "\/spec\/x", which the object does not have. Correct the path\./],
  },
];

for (const { name, expected, ...written } of faults) {
  test(`${expected.length === 0 ? 'accepts' : 'refuses'} ${name}`, async () => {
    const lines = await faultsOf(() => resolved(written));
    assert.equal(lines.length, expected.length, lines.join('\n'));
    for (const [index, pattern] of expected.entries()) assert.match(lines[index] ?? '', pattern);
  });
}

const notices: readonly (Written & { name: string; expected: readonly RegExp[] })[] = [
  {
    name: 'a client that runs with Durable',
    functions: { o: 'orchestrationTrigger', q: [triggerOf('queueTrigger'), client] },
    expected: [/^Function "q" runs in workload "http" with its companions/],
  },
  {
    name: 'a warm-up',
    functions: { q: 'queueTrigger', w: 'warmupTrigger' },
    expected: [/^Function "w" is loaded in workload "events" but never runs/],
  },
  {
    name: 'an unused workload',
    functions: { q: 'queueTrigger' },
    yaml: 'workloads: { big: { pod: { port: 90 } } }',
    expected: [/^Key "workloads.big" .* has no effect/],
  },
  {
    name: 'keys of a fixed workload',
    functions: { h: 'httpTrigger' },
    yaml: 'workloads: { http: { scale: { minReplicas: 0, maxReplicas: 3 } } }',
    expected: [
      /^Key "workloads.http.scale.maxReplicas" has no effect/,
      /^Key "workloads.http.scale.minReplicas" has no effect: the workload needs at least 1 replica\./,
    ],
  },
  {
    name: 'intervals with a replica that stays',
    functions: { q: 'queueTrigger' },
    yaml: 'scale: { minReplicas: 1, pollingInterval: 5 }',
    expected: [/^Key "scale.pollingInterval" has no effect: a replica always stays/],
  },
  {
    name: 'a threshold without a scaler',
    functions: { h: 'httpTrigger' },
    yaml: 'functions: { h: { threshold: 5 } }',
    expected: [/^Key "functions.h.threshold" has no effect/],
  },
  {
    name: 'shared scale without events',
    functions: { h: 'httpTrigger' },
    yaml: 'scale: { maxReplicas: 5 }',
    expected: [/^Key "scale.maxReplicas" has no effect: no function is scaled by events/],
  },
];

for (const { name, expected, ...written } of notices) {
  test(`says ${name}`, async () => {
    const lines = (await resolved(written)).notices.map(({ message }) => message);
    for (const pattern of expected)
      assert.ok(
        lines.some(line => pattern.test(line)),
        lines.join('\n'),
      );
  });
}

const hubs: readonly (Written & { name: string; expected: string | undefined })[] = [
  { name: 'is made of app and namespace', functions: { o: 'orchestrationTrigger' }, expected: 'shop5be479caf0' },
  {
    name: 'is left to host.json',
    functions: { o: 'orchestrationTrigger' },
    host: { extensions: { DurableTask: { hubname: 'mine' } } },
    expected: undefined,
  },
  {
    name: 'is left to a setting',
    functions: { o: 'orchestrationTrigger' },
    settings: { AzureFunctionsJobHost__extensions__durableTask__hubName: 'mine' },
    expected: undefined,
  },
  { name: 'is not set without Durable', functions: { q: 'queueTrigger' }, expected: undefined },
];

for (const { name, expected, ...written } of hubs) {
  test(`the task hub ${name}`, async () => {
    const text = JSON.stringify(planDeployment(await resolved(written), { reference: 'i' }).objects);
    const found = /"AzureFunctionsJobHost__extensions__durableTask__hubName","value":"(\w+)"/.exec(text)?.[1];
    assert.equal(found, expected);
  });
}

test('a patch changes the object that it names, as a map or as a list', async () => {
  const app = await resolved({
    functions: { q: 'queueTrigger' },
    yaml: `patches:
  - { target: { kind: Deployment, name: shop }, patch: { spec: { minReadySeconds: 5, template: { spec: { priorityClassName: high } } } } }
  - { target: { kind: ScaledObject }, patch: [{ op: add, path: /spec/fallback, value: { failureThreshold: 3, replicas: 2 } }] }`,
  });
  const text = JSON.stringify(planDeployment(app, { reference: 'i' }).objects);
  assert.match(text, /"minReadySeconds":5/);
  assert.match(text, /"priorityClassName":"high"/);
  assert.match(text, /"fallback":\{"failureThreshold":3,"replicas":2\}/);
});

test('a workload that serves requests never goes to zero, whatever scalers it has', async () => {
  const app = await resolved({
    functions: { h: 'httpTrigger', q: 'queueTrigger' },
    yaml: 'functions: { q: { workload: http } }',
  });
  const [{ scaling } = assert.fail()] = app.workloads;
  assert.equal(scaling.kind === 'events' && scaling.minReplicas, 1);
});
