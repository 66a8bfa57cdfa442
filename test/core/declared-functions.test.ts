import assert from 'node:assert/strict';
import test from 'node:test';
import { parseConfig } from '../../src/core/config/parse.ts';
import { declaredFunctions } from '../../src/core/declared-functions.ts';
import { discoverProject } from '../../src/core/discovery.ts';
import { faultsOf } from './faults.ts';
import { sourceTree } from './source-tree.ts';

const declared = (text: string) =>
  declaredFunctions(parseConfig(text, { file: 'aks-functions.yml', environment: undefined }));
const orders = `version: 1
functions:
  orders:
    bindings: [{ type: queueTrigger, name: m, queueName: orders, connection: C }]
`;

test('functions of a worker that cannot be read are those of the file', async () => {
  const tree = sourceTree({ 'go.mod': 'module shop', 'main.go': 'package main' });
  const { functions, runtime, model } = await discoverProject(tree, declared(orders));
  assert.deepEqual([runtime, model], ['custom', 'aks-functions.yml']);
  assert.deepEqual(
    functions.map(({ name, bindings, place }) => [name, bindings, place]),
    [
      [
        'orders',
        [{ type: 'queueTrigger', direction: 'in', name: 'm', queueName: 'orders', connection: 'C' }],
        { file: 'aks-functions.yml', line: 4, column: 5 },
      ],
    ],
  );
});

test('a declared function stands in the place of the one that was found', async () => {
  const code = `const { app } = require('@azure/functions');
app.storageQueue('orders', { queueName: name(), connection: 'C', handler });
app.http('hello', { handler });`;
  const { functions, model } = await discoverProject(
    sourceTree({ 'package.json': '{"main":"a.js"}', 'a.js': code }),
    declared(orders),
  );
  assert.equal(model, 'node-v4');
  assert.deepEqual(
    functions.map(({ name, bindings, unresolved }) => [name, bindings[0].queueName, unresolved.length]),
    [
      ['hello', undefined, 0],
      ['orders', 'orders', 0],
    ],
  );
});

test('bindings that are none are faults', async () => {
  const text = orders.replace('type: queueTrigger, ', '').concat('  b:\n    bindings: []\n');
  assert.deepEqual(await faultsOf(() => discoverProject(sourceTree({}), declared(text))), [
    'aks-functions.yml:4:5: Key "functions.orders.bindings": The binding has no "type". Add one such as "httpTrigger".',
    'aks-functions.yml:6:5: Function "b" has no trigger. Add one binding whose type ends in "Trigger".',
  ]);
});
