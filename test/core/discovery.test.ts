import assert from 'node:assert/strict';
import test from 'node:test';
import { discoverProject } from '../../src/core/discovery.ts';
import { discoveryJson, renderDiscovery } from '../../src/core/discovery-report.ts';
import { mergeSettings, plainLayer } from '../../src/core/settings.ts';
import { settleProject } from '../../src/core/settle.ts';
import { faultsOf } from './faults.ts';
import { sourceTree } from './source-tree.ts';

const classic = (bindings: readonly unknown[], more: object = {}) => JSON.stringify({ bindings, ...more });
const http = { type: 'httpTrigger', direction: 'in', name: 'req', authLevel: 'anonymous', methods: ['get'] };
const queue = { type: 'queueTrigger', direction: 'in', name: 'm', queueName: 'orders', connection: 'C' };

test('function.json is read as it is, trigger first', async () => {
  const output = { type: 'http', direction: 'out', name: 'res' };
  const project = await discoverProject(
    sourceTree({ 'hello/function.json': classic([output, http]), 'hello/__init__.py': '' }),
  );
  assert.equal(project.model, 'function.json');
  assert.equal(project.runtime, 'python');
  assert.deepEqual(
    project.functions.map(({ name, bindings }) => ({ name, bindings })),
    [{ name: 'hello', bindings: [http, output] }],
  );
});

test('function.json may have comments and trailing commas, as the host reads it', async () => {
  const text = '\uFEFF{ /* c */ "bindings": [ // c\n { "type": "httpTrigger", "name": "req" }, ], "disabled": true, }';
  const { functions } = await discoverProject(sourceTree({ 'a/function.json': text, 'a/index.js': '' }));
  assert.deepEqual(functions[0]?.place, { file: 'a/function.json', line: 2, column: 2 });
  assert.equal(functions[0]?.disabled, true);
});

const runtimes: readonly { given: Readonly<Record<string, string>>; expected: string }[] = [
  { given: { 'a/function.json': classic([http]), 'a/index.js': '' }, expected: 'node' },
  {
    given: {
      'a/function.json': classic([http], { scriptFile: '../dist/a/index.js' }),
      'a/index.ts': '',
      'package.json': '{"main":"index.js"}',
    },
    expected: 'node',
  },
  { given: { 'a/function.json': classic([http]), 'a/run.ps1': '', 'profile.ps1': '' }, expected: 'powershell' },
  { given: { 'a/function.json': classic([http], { scriptFile: '../app.jar' }) }, expected: 'java' },
  { given: { 'a/function.json': classic([http], { scriptFile: '../bin/app.dll' }) }, expected: 'dotnet' },
  {
    given: { 'a/function.json': classic([http]), 'host.json': '{"version":"2.0","customHandler":{"description":{}}}' },
    expected: 'custom',
  },
];

for (const { given, expected } of runtimes) {
  test(`${Object.keys(given).join(', ')} runs on ${expected}`, async () => {
    assert.equal((await discoverProject(sourceTree(given))).runtime, expected);
  });
}

const nothing =
  'Point "app-directory" at the folder of the app, and build it first if its functions are only in the build output.';
const faulty: readonly { name: string; given: Readonly<Record<string, string>>; expected: readonly string[] }[] = [
  {
    name: 'no functions',
    given: {},
    expected: [
      `host.json: No functions were found; looked at function_app.py, "main" in package.json, and function.json in the folders of the app. ${nothing}`,
    ],
  },
  {
    name: 'every fault of function.json files together',
    given: {
      'a/function.json': '{"bindings": [}',
      'b/function.json': classic([http, { ...queue }]),
      'b/index.js': '',
      'c/function.json': '{}',
      'd/function.json': classic([{ type: 'http', direction: 'out' }]),
      'd/index.js': '',
      'e/function.json': classic([http], { scriptFile: 'main.js' }),
    },
    expected: [
      'a/function.json:1:15: The file is not JSON. A JSON value is expected here.',
      'c/function.json:1:1: Key "bindings" must be a list with a trigger. Add it.',
      'e/function.json:1:123: Script "e/main.js" of function "e" does not exist. Correct "scriptFile", or build the app first.',
      'b/function.json:1:14: Function "b" has 2 triggers: httpTrigger, queueTrigger. Make one function for each.',
      'd/function.json:1:1: Function "d" has no trigger. Add one binding whose type ends in "Trigger".',
    ],
  },
  {
    name: 'a host.json that is no JSON',
    given: { 'host.json': '{"version" "2.0"}', 'a/function.json': classic([http]), 'a/index.js': '' },
    expected: ['host.json:1:12: The file is not JSON. A ":" is expected here.'],
  },
  {
    name: 'a host.json of another version',
    given: { 'host.json': '{"version": "1.0"}', 'a/function.json': classic([http]), 'a/index.js': '' },
    expected: ['host.json:1:13: Key "version" must be "2.0", got "1.0".'],
  },
  {
    name: 'a host.json without version',
    given: { 'host.json': '{}', 'a/function.json': classic([http]), 'a/index.js': '' },
    expected: ['host.json:1:1: Key "version" must be "2.0", it is missing.'],
  },
  {
    name: 'two runtimes in one app',
    given: {
      'a/function.json': classic([http]),
      'a/index.js': '',
      'b/function.json': classic([http]),
      'b/__init__.py': '',
    },
    expected: ['host.json: The functions are written for several runtimes: node, python. Make one app for each.'],
  },
  {
    name: 'a name that the host refuses',
    given: { '1st/function.json': classic([http]), '1st/index.js': '' },
    expected: [
      '1st/function.json:1:14: Function name "1st" is refused by the host. Start with a letter, use at most 128 letters, digits, "_" and "-", and not the word "host".',
    ],
  },
];

for (const { name, given, expected } of faulty) {
  test(`discovery reports ${name}`, async () => {
    assert.deepEqual(await faultsOf(() => discoverProject(sourceTree(given))), expected);
  });
}

test('an app without host.json is told what to do', async () => {
  const tree = { ...sourceTree({}), texts: new Map<string, string>() };
  assert.deepEqual(await faultsOf(() => discoverProject(tree)), [
    'The app folder has no "host.json". Point the input "app-directory" at the folder that has it.',
  ]);
});

test('no bytes make the readers fail with anything but a UserError', async () => {
  const texts = [
    '',
    '\0',
    '{',
    '"',
    '[[[[',
    '\uD800',
    '{"a":'.repeat(500),
    '@',
    'import',
    "'''",
    '`${`',
    'class{',
    '@app.route(',
    'f"{',
    '\\',
  ];
  for (const text of texts) {
    await faultsOf(() => discoverProject(sourceTree({ 'function_app.py': text })));
    await faultsOf(() => discoverProject(sourceTree({ 'package.json': '{"main":"a.ts"}', 'a.ts': text })));
    await faultsOf(() =>
      discoverProject(sourceTree({ 'package.json': text, 'a/function.json': text, 'host.json': text })),
    );
  }
});

const app = {
  'package.json': '{"main":"a.js"}',
  'a.js': `const { app } = require('@azure/functions');
app.http('hello', { handler });
app.storageQueue('jobs', { queueName: process.env.QUEUE ?? 'jobs', connection: 'C', handler });
if (process.env.X) app.timer('night', { handler });`,
};

test('the table is aligned and says what is not known', async () => {
  const project = await discoverProject(sourceTree(app));
  assert.equal(
    renderDiscovery(project, new Map([['hello', { workload: 'http' }]])),
    `app: node, node-v4

FUNCTION  TRIGGER                          SOURCE  WORKLOAD  NOTE
hello     httpTrigger GET,POST /api/hello  a.js:2  http
jobs      queueTrigger                     a.js:3            bindings[0].queueName unknown

a.js:4:20: functions cannot be known from the source. It names "night". This registration is inside a condition, a loop or a function. Register each function by a statement of its own at the top level of a file, so that it can be found.
a.js:3:39: bindings[0].queueName cannot be known from the source. It is the setting "QUEUE", else "jobs".
`,
  );
});

test('the JSON has functions with bindings, place and what is unresolved', async () => {
  const json = discoveryJson(
    await discoverProject(sourceTree({ 'a/function.json': classic([queue]), 'a/index.js': '' })),
  );
  assert.deepEqual(json, {
    runtime: 'node',
    model: 'function.json',
    functions: [{ name: 'a', bindings: [queue], file: 'a/function.json', line: 1, disabled: false, unresolved: [] }],
    unresolved: [],
  });
});

const settled = [
  { name: 'by the setting when it is there', given: mergeSettings([plainLayer({ QUEUE: 'x' })]), expected: '%QUEUE%' },
  { name: 'by the text of the code when the setting is missing', given: mergeSettings([]), expected: 'jobs' },
  {
    name: 'by the setting when it may be in an unread object',
    given: mergeSettings([], [{ kind: 'Secret', name: 's' }]),
    expected: '%QUEUE%',
  },
];

for (const { name, given, expected } of settled) {
  test(`a value that is a setting or a text is settled ${name}`, async () => {
    const jobs = settleProject(await discoverProject(sourceTree(app)), given).functions[1];
    assert.equal(jobs?.bindings[0].queueName, expected);
    assert.deepEqual(jobs?.unresolved, []);
  });
}
