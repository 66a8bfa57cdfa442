import assert from 'node:assert/strict';
import test from 'node:test';
import { discoverProject } from '../../../src/core/discovery.ts';
import { sourceTree } from '../source-tree.ts';

const manifest = (main: string) => ({
  'package.json': JSON.stringify({ main, dependencies: { '@azure/functions': '^4.0.0' } }),
});

/** The app of one JavaScript file, after the library's import. */
const script = (code: string) =>
  sourceTree({
    ...manifest('a.js'),
    'a.js': `const { app, input, output, trigger } = require('@azure/functions');\n${code}`,
  });

/** Trigger of the first function, without its name. */
async function triggerOf(tree: ReturnType<typeof sourceTree>): Promise<unknown> {
  const { functions } = await discoverProject(tree);
  const { name: _, direction, ...trigger } = functions[0]?.bindings[0] ?? { name: '', direction: 'out' };
  assert.equal(direction, 'in');
  return trigger;
}

const http = { type: 'httpTrigger', authLevel: 'anonymous', methods: ['GET', 'POST'] };
const queue = { type: 'queueTrigger', queueName: 'orders', connection: 'C' };

const registrations = [
  { name: 'app.http with its defaults', given: "app.http('f', { handler });", expected: http },
  {
    name: 'app.http with route, methods and level',
    given: "app.http('f', { methods: ['GET'], authLevel: 'function', route: 'a/{id}', handler: async () => ({}) });",
    expected: { type: 'httpTrigger', authLevel: 'function', methods: ['GET'], route: 'a/{id}' },
  },
  {
    name: 'app.get with a handler alone',
    given: "app.get('f', async () => ({}));",
    expected: { ...http, methods: ['GET'] },
  },
  { name: 'app.post', given: "app.post('f', { handler });", expected: { ...http, methods: ['POST'] } },
  { name: 'app.put', given: "app.put('f', handler); function handler() {}", expected: { ...http, methods: ['PUT'] } },
  { name: 'app.patch', given: "app.patch('f', { handler });", expected: { ...http, methods: ['PATCH'] } },
  {
    name: 'app.deleteRequest',
    given: "app.deleteRequest('f', { handler });",
    expected: { ...http, methods: ['DELETE'] },
  },
  {
    name: 'app.storageQueue',
    given: "app.storageQueue('f', { queueName: 'orders', connection: 'C', handler });",
    expected: queue,
  },
  {
    name: 'app.timer',
    given: "app.timer('f', { schedule: '0 * * * * *', runOnStartup: true, handler });",
    expected: { type: 'timerTrigger', schedule: '0 * * * * *', runOnStartup: true },
  },
  {
    name: 'app.serviceBusTopic',
    given: "app.serviceBusTopic('f', { topicName: 't', subscriptionName: 's', connection: 'C', handler });",
    expected: { type: 'serviceBusTrigger', topicName: 't', subscriptionName: 's', connection: 'C' },
  },
  {
    name: 'app.generic with a helper',
    given: "app.generic('f', { trigger: trigger.storageQueue({ queueName: 'orders', connection: 'C' }), handler });",
    expected: queue,
  },
  {
    name: 'app.generic with trigger.generic',
    given: "app.generic('f', { trigger: trigger.generic({ type: 'natsTrigger', subject: 'x' }), handler });",
    expected: { type: 'natsTrigger', subject: 'x' },
  },
  {
    name: 'app.generic with an object',
    given: "app.generic('f', { trigger: { type: 'queue', queueName: 'orders', connection: 'C' }, handler });",
    expected: queue,
  },
  {
    name: 'a member by text',
    given: "app['storageQueue']('f', { queueName: 'orders', connection: 'C', handler });",
    expected: queue,
  },
  {
    name: 'constants and templates',
    given: `const P = 'or'; const N = \`\${P}ders\`; app.storageQueue('f', { queueName: N, connection: 'C' + '', handler });`,
    expected: queue,
  },
  {
    name: 'spread options',
    given:
      "const base = Object.freeze({ connection: 'C', queueName: 'x' }); app.storageQueue('f', { ...base, queueName: 'orders', handler });",
    expected: { type: 'queueTrigger', connection: 'C', queueName: 'orders' },
  },
  {
    name: 'options by name',
    given: "const o = { queueName: 'orders', connection: 'C', handler }; app.storageQueue('f', o);",
    expected: queue,
  },
  {
    name: 'environment variables as %NAME%',
    given: `app.storageQueue('f', { queueName: \`\${process.env.ENV}-orders\`, connection: process.env['CONN'], handler });`,
    expected: { type: 'queueTrigger', queueName: '%ENV%-orders', connection: '%CONN%' },
  },
  {
    name: 'a function that is called at once',
    given:
      "(async () => { await start(); app.storageQueue('f', { queueName: 'orders', connection: 'C', handler }); })();",
    expected: queue,
  },
  {
    name: 'a function that is called by name',
    given:
      "function register() { app.storageQueue('f', { queueName: 'orders', connection: 'C', handler }); }\nregister();",
    expected: queue,
  },
  {
    name: 'a durable orchestration',
    given: "require('durable-functions').app.orchestration('f', function* () {});",
    expected: { type: 'orchestrationTrigger' },
  },
];

for (const { name, given, expected } of registrations) {
  test(`a Node app is read with ${name}`, async () => assert.deepEqual(await triggerOf(script(given)), expected));
}

test('inputs and outputs are recorded after the trigger, each with a name of its own', async () => {
  const { functions } = await discoverProject(
    script(`const out = output.storageQueue({ queueName: 'o', connection: 'C' });
app.http('f', { extraInputs: [input.storageBlob({ path: 'a/b', connection: 'C' })], extraOutputs: [out, output.storageQueue({ queueName: 'p', connection: 'C' })], handler });`),
  );
  assert.deepEqual(functions[0]?.bindings.slice(1), [
    { type: 'blob', direction: 'in', name: 'blobInput', path: 'a/b', connection: 'C' },
    { type: 'http', direction: 'out', name: '$return' },
    { type: 'queue', direction: 'out', name: 'queueOutput', queueName: 'o', connection: 'C' },
    { type: 'queue', direction: 'out', name: 'queueOutput2', queueName: 'p', connection: 'C' },
  ]);
});
