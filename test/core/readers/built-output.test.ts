import assert from 'node:assert/strict';
import test from 'node:test';
import { discoverProject } from '../../../src/core/discovery.ts';
import { faultsOf } from '../faults.ts';
import { sourceTree } from '../source-tree.ts';

const entry = (name: string, type = 'queueTrigger') => ({
  name,
  scriptFile: 'app.dll',
  entryPoint: `A.${name}.Run`,
  language: 'dotnet-isolated',
  properties: { IsCodeless: false },
  bindings: [{ name: 'm', direction: 'In', type, properties: {} }],
});

const app = (files: Readonly<Record<string, string>>) =>
  discoverProject(sourceTree({ 'a.csproj': '<Project/>', ...files }));

test('functions.metadata is read however it is written', async () => {
  const list = [entry('a'), entry('b', 'timerTrigger')];
  for (const text of [
    JSON.stringify(list),
    JSON.stringify(list, undefined, 2).replaceAll('\n', '\r\n'),
    `\uFEFF${JSON.stringify(list)}\n`,
  ]) {
    const { functions, model, runtime } = await app({ 'bin/Release/net8.0/functions.metadata': text });
    assert.deepEqual([model, runtime], ['functions.metadata', 'dotnet-isolated']);
    assert.deepEqual(
      functions.map(fn => [fn.name, fn.bindings[0].type, fn.bindings[0].direction]),
      [
        ['a', 'queueTrigger', 'in'],
        ['b', 'timerTrigger', 'in'],
      ],
    );
  }
});

test('the output that is deployed is read, and never what a build keeps for itself', async () => {
  const text = (name: string) => JSON.stringify([entry(name)]);
  const { functions } = await app({
    'bin/Debug/net8.0/functions.metadata': text('debug'),
    'bin/Release/net8.0/functions.metadata': text('release'),
    'bin/Release/net8.0/publish/functions.metadata': text('published'),
    'obj/Release/net8.0/functions.metadata': text('obj'),
  });
  assert.deepEqual(
    functions.map(fn => fn.name),
    ['published'],
  );
});

test('a folder that is itself the output needs no project file', async () => {
  const tree = sourceTree({ 'functions.metadata': JSON.stringify([entry('a')]) });
  assert.equal((await discoverProject(tree)).model, 'functions.metadata');
});

test('function.json files of a build are those of an app in the process of the host', async () => {
  const declared = JSON.stringify({
    configurationSource: 'attributes',
    scriptFile: '../bin/app.dll',
    bindings: [{ type: 'queueTrigger', queueName: 'q', name: 'm' }],
  });
  const { functions, runtime, model } = await app({
    'bin/Release/net8.0/orders/function.json': declared,
    'obj/x/other/function.json': declared,
  });
  assert.deepEqual([runtime, model, functions.map(fn => fn.name)], ['dotnet', 'function.json', ['orders']]);
});

const faulty = [
  { given: '{}', expected: 'The file must be a list of functions. Build the app again.' },
  { given: '[{"bindings": []}]', expected: 'The function has no "name". Build the app again.' },
  { given: '[{"name": "a"}]', expected: 'Key "bindings" must be a list with a trigger. Add it.' },
  { given: '[', expected: 'The file is not JSON. A JSON value is expected here.' },
];

for (const { given, expected } of faulty) {
  test(`functions.metadata with ${given} is a fault`, async () => {
    const lines = await faultsOf(() => app({ 'bin/functions.metadata': given }));
    assert.match(lines.join(), new RegExp(`^bin/functions.metadata\\S*: ${expected.replace(/[.[\]"]/g, '\\$&')}$`));
  });
}
