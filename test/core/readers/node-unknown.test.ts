import assert from 'node:assert/strict';
import test from 'node:test';
import { discoverProject } from '../../../src/core/discovery.ts';
import { faultsOf } from '../faults.ts';
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

const advice = (name: string) => `Write it as a constant, or set "functions.${name}.trigger" in aks-functions.yml.`;
const values = [
  {
    name: 'a computed value',
    given: "app.storageQueue('f', { queueName: queue(), connection: 'C', handler });",
    expected: { what: 'bindings[0].queueName', place: { file: 'a.js', line: 2, column: 36 }, advice: advice('f') },
  },
  {
    name: 'a variable that changes',
    given: "let q = 'a'; q = 'b'; app.storageQueue('f', { queueName: q, connection: 'C', handler });",
    expected: { what: 'bindings[0].queueName', place: { file: 'a.js', line: 2, column: 58 }, advice: advice('f') },
  },
  {
    name: 'spread options of a call',
    given: "app.storageQueue('f', { queueName: 'q', ...more(), handler });",
    expected: { what: 'bindings[0]', place: { file: 'a.js', line: 2, column: 41 }, advice: advice('f') },
  },
  {
    name: 'a setting with a default',
    given: "app.storageQueue('f', { queueName: process.env.Q || 'orders', connection: 'C', handler });",
    expected: {
      what: 'bindings[0].queueName',
      place: { file: 'a.js', line: 2, column: 36 },
      advice: 'It is the setting "Q", else "orders".',
      settingOr: { setting: 'Q', otherwise: 'orders' },
    },
  },
];

for (const { name, given, expected } of values) {
  test(`${name} is unresolved with its place`, async () => {
    const { functions } = await discoverProject(script(given));
    assert.deepEqual(functions[0]?.unresolved, [expected]);
  });
}

const computed = [
  { name: 'in a condition', given: "if (process.env.X) app.timer('t', { handler });", line: 3, column: 20 },
  {
    name: 'in a loop',
    given: 'for (const q of queues()) app.storageQueue(q, { queueName: q });',
    line: 3,
    column: 27,
  },
  {
    name: 'in a callback',
    given: 'queues().forEach(q => app.storageQueue(q, { queueName: q }));',
    line: 3,
    column: 23,
  },
  {
    name: 'in a function that is called with what is not known',
    given: 'function add(q) { app.storageQueue(q, { queueName: q }); }\nadd(name());',
    line: 4,
    column: 1,
  },
  {
    name: 'in a function that is called nowhere',
    given: 'function add(q) { app.storageQueue(q, { queueName: q }); }',
    line: 3,
    column: 19,
  },
  {
    name: 'after a return under a condition',
    given: "const add = q => { if (X) return; app.storageQueue(q, {}); };\nadd('a');",
    line: 4,
    column: 1,
  },
  {
    name: 'in a loop that may end early',
    given: "for (const q of ['a', 'b']) { if (X) break; app.storageQueue(q, {}); }",
    line: 3,
    column: 45,
  },
  { name: 'in a function that is given the app', given: 'register(app);', line: 3, column: 1 },
  { name: 'of a kind of its own', given: "app.brandNew('x', {});", line: 3, column: 1 },
  { name: 'with a computed name', given: 'app.timer(name(), { handler });', line: 3, column: 1 },
  { name: 'in a file of a computed name', given: "require('./functions/' + name);", line: 3, column: 9 },
  {
    name: 'in files of a folder that is listed',
    given: "fs.readdirSync('x').forEach(f => require(path.join(__dirname, 'x', f)));",
    line: 3,
    column: 42,
  },
];

for (const { name, given, line, column } of computed) {
  test(`a registration ${name} is unresolved and never guessed`, async () => {
    const { functions, unresolved } = await discoverProject(script(`app.http('sure', { handler });\n${given}`));
    assert.deepEqual(
      functions.map(fn => fn.name),
      ['sure'],
    );
    assert.deepEqual(
      unresolved.map(({ what, place }) => ({ what, place })),
      [{ what: 'functions', place: { file: 'a.js', line, column } }],
    );
  });
}

const nothing =
  'Point "app-directory" at the folder of the app, and build it first if its functions are only in the build output.';
const faulty: readonly { name: string; given: Readonly<Record<string, string>>; expected: readonly string[] }[] = [
  {
    name: 'a main that matches nothing',
    given: { 'package.json': '{\n  "main": "dist/*.js"\n}' },
    expected: [
      'package.json:2:11: "main" is "dist/*.js", which matches no file of the app. Correct it, or build the app first.',
    ],
  },
  {
    name: 'no main',
    given: { 'package.json': '{}' },
    expected: [
      `host.json: No functions were found; looked at package.json, which has no "main" that names the files with the functions. ${nothing}`,
    ],
  },
  {
    name: 'a package.json that is no JSON',
    given: { 'package.json': '{main}' },
    expected: ['package.json:1:2: The file is not JSON. A key in double quotes or "}" is expected here.'],
  },
  {
    name: 'files without a registration',
    given: { ...manifest('a.js'), 'a.js': 'const express = require("express"); express().get("x", () => {});' },
    expected: [`host.json: No functions were found; looked at a.js ("main" of package.json is "a.js"). ${nothing}`],
  },
  {
    name: 'syntax errors of several files, and the faults of the others',
    given: {
      ...manifest('f/*.ts'),
      'f/a.ts': 'const x = {{;',
      'f/b.ts': 'let y: = 1;',
      'f/c.ts': `import { app } from '@azure/functions';\napp.http('1x', {});\napp.http('a', {});\napp.http('A', {});`,
    },
    expected: [
      'f/a.ts:1:12: The file has a syntax error: Unexpected token. Correct it.',
      'f/b.ts:1:8: The file has a syntax error: Unexpected token. Correct it.',
      'f/c.ts:2:1: Function name "1x" is refused by the host. Start with a letter, use at most 128 letters, digits, "_" and "-", and not the word "host".',
      'f/c.ts:4:1: Function name "A" is used a second time; the first is in f/c.ts:3. Rename one of them.',
    ],
  },
];

for (const { name, given, expected } of faulty) {
  test(`a Node app reports ${name}`, async () =>
    assert.deepEqual(await faultsOf(() => discoverProject(sourceTree(given))), expected));
}

test('an app of function.json with a main that npm wrote stays one', async () => {
  const declaration = '{"bindings": [{"type": "httpTrigger", "name": "req"}]}';
  const project = await discoverProject(
    sourceTree({ 'package.json': '{"main": "index.js"}', 'f/function.json': declaration, 'f/index.js': '' }),
  );
  assert.equal(project.model, 'function.json');
});

test('deep nesting ends in a fault', async () => {
  const deep = `const x = ${'['.repeat(20_000)}${']'.repeat(20_000)};`;
  assert.deepEqual(await faultsOf(() => discoverProject(script(deep))), [
    'a.js: The file nests too deeply to be read. Take it out of "main".',
  ]);
});
