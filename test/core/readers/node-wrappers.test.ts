import assert from 'node:assert/strict';
import test from 'node:test';
import { discoverProject } from '../../../src/core/discovery.ts';
import { sourceTree } from '../source-tree.ts';

const head = `const { app } = require('@azure/functions');\nconst df = require('durable-functions');\n`;

async function read(code: string, more: Readonly<Record<string, string>> = {}) {
  const tree = sourceTree({ 'package.json': '{"main":"a.js"}', 'a.js': head + code, ...more });
  const { functions, unresolved } = await discoverProject(tree);
  const found = functions.map(({ name, bindings: [trigger], place }) => [
    name,
    trigger.queueName ?? trigger.route ?? trigger.schedule,
    `${place.file}:${place.line}`,
  ]);
  return { found, unresolved: unresolved.map(({ place }) => place.line), functions };
}

const wrappers: readonly { name: string; given: string; more?: Readonly<Record<string, string>>; expected: unknown }[] =
  [
    {
      name: 'a function with parameters, at the places of its calls',
      given: `function add(name, queueName) { app.storageQueue(name, { queueName, connection: 'C', handler }); }
add('a', 'q1');
add('b', \`q\${2}\`);`,
      expected: [
        ['a', 'q1', 'a.js:4'],
        ['b', 'q2', 'a.js:5'],
      ],
    },
    {
      name: 'an arrow function with an options object, defaults and names of its own',
      given: `const prefix = 'p';
const add = ({ name, queue = 'none', ...rest }) => {
  const prefix = 'x-';
  const options = { queueName: prefix + queue, handler, ...rest };
  app.storageQueue(name, options);
};
add({ name: 'a', queue: 'q', connection: 'C' });
add({ name: 'b' });`,
      expected: [
        ['a', 'x-q', 'a.js:9'],
        ['b', 'x-none', 'a.js:10'],
      ],
    },
    {
      name: 'a function of another file that is given the app',
      given: `const { register } = require('./lib/register');\nregister(app, 'a', { route: 'r' });`,
      more: {
        'lib/register.js': 'exports.register = (target, name, more) => target.http(name, { ...more, handler });',
      },
      expected: [['a', 'r', 'a.js:4']],
    },
    {
      name: 'a function that calls another one',
      given: `const one = (name, route) => app.get(name, { route, handler });
function both(name) { one(name + '1', 'x'); one(name + '2', 'y'); }
both('a');`,
      expected: [
        ['a1', 'x', 'a.js:5'],
        ['a2', 'y', 'a.js:5'],
      ],
    },
    {
      name: 'a loop over a list in the text',
      given: `const queues = ['q1', 'q2'];\nfor (const q of queues) { const name = 'on-' + q; app.storageQueue(name, { queueName: q, handler }); }`,
      expected: [
        ['on-q1', 'q1', 'a.js:4'],
        ['on-q2', 'q2', 'a.js:4'],
      ],
    },
    {
      name: 'a loop over the entries of an object',
      given: `for (const [name, { route }] of Object.entries({ a: { route: 'x' }, b: { route: 'y' } })) app.http(name, { route, handler });`,
      expected: [
        ['a', 'x', 'a.js:3'],
        ['b', 'y', 'a.js:3'],
      ],
    },
    {
      name: 'forEach with an index',
      given: `['x', 'y'].forEach((route, index) => app.http(\`f\${index}\`, { route, handler }));`,
      expected: [
        ['f0', 'x', 'a.js:3'],
        ['f1', 'y', 'a.js:3'],
      ],
    },
  ];

for (const { name, given, more, expected } of wrappers) {
  test(`a Node app registers through ${name}`, async () => {
    const { found, unresolved } = await read(given, more);
    assert.deepEqual(found, expected);
    assert.deepEqual(unresolved, []);
  });
}

test('a wrapper that is called under a condition is unresolved there, its certain calls are not', async () => {
  const { found, unresolved } = await read(
    "const add = name => app.http(name, { handler, route: name });\nadd('a');\nif (X) add('b');",
  );
  assert.deepEqual(found, [['a', 'a', 'a.js:4']]);
  assert.deepEqual(unresolved, [5]);
});

test('a wrapper that calls itself ends', async () => {
  const { found } = await read("function f(n) { app.http(n, { route: n }); f(n + 'x'); }\nf('a');");
  assert.deepEqual(found, [['a', 'a', 'a.js:4']]);
});

test('a parameter hides a name around it', async () => {
  const { functions } = await read(
    "const q = 'outer';\nfunction add(n, q) { app.storageQueue(n, { queueName: q }); }\nadd('a', make());",
  );
  assert.equal(functions[0]?.bindings[0].queueName, undefined);
  assert.deepEqual(
    functions[0]?.unresolved.map(({ what }) => what),
    ['bindings[0].queueName'],
  );
});

test('Durable functions have their triggers, and starters a client', async () => {
  const { functions } = await read(`df.app.orchestration('o', function* () {});
df.app.activity('a', { handler });
df.app.entity('e', () => {});
df.app.client.http('s', { handler });
app.http('t', { extraInputs: [df.input.durableClient()], handler });`);
  assert.deepEqual(
    functions.map(({ name, bindings }) => [name, ...bindings.map(({ type }) => type)]),
    [
      ['o', 'orchestrationTrigger'],
      ['a', 'activityTrigger'],
      ['e', 'entityTrigger'],
      ['s', 'httpTrigger', 'durableClient', 'http'],
      ['t', 'httpTrigger', 'durableClient', 'http'],
    ],
  );
});
