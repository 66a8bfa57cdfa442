import assert from 'node:assert/strict';
import test from 'node:test';
import { discoverProject } from '../../../src/core/discovery.ts';
import { sourceTree } from '../source-tree.ts';

const manifest = (main: string) => ({
  'package.json': JSON.stringify({ main, dependencies: { '@azure/functions': '^4.0.0' } }),
});

/** Trigger of the first function, without its name. */
async function triggerOf(tree: ReturnType<typeof sourceTree>): Promise<unknown> {
  const { functions } = await discoverProject(tree);
  const { name: _, direction, ...trigger } = functions[0]?.bindings[0] ?? { name: '', direction: 'out' };
  assert.equal(direction, 'in');
  return trigger;
}

const queue = { type: 'queueTrigger', queueName: 'orders', connection: 'C' };

const libraries = [
  { name: 'a named import', given: "import { app } from '@azure/functions';\napp" },
  { name: 'a renamed import', given: "import { app as functions } from '@azure/functions';\nfunctions" },
  { name: 'a namespace import', given: "import * as func from '@azure/functions';\nfunc.app" },
  { name: 'a default import', given: "import func from '@azure/functions';\nfunc.app" },
  { name: 'a required package', given: "const func = require('@azure/functions');\nfunc.app" },
  { name: 'a member of a required package', given: "const functions = require('@azure/functions').app;\nfunctions" },
  { name: 'an import of TypeScript', given: "import func = require('@azure/functions');\nfunc.app" },
  { name: 'an awaited import', given: "const { app } = await import('@azure/functions');\napp" },
];

for (const { name, given } of libraries) {
  test(`the library is found through ${name}`, async () => {
    const tree = sourceTree({
      ...manifest('a.ts'),
      'a.ts': `${given}.storageQueue('f', { queueName: 'orders', connection: 'C', handler });`,
    });
    assert.deepEqual(await triggerOf(tree), queue);
  });
}

const linked: readonly { name: string; given: Readonly<Record<string, string>> }[] = [
  {
    name: 'CommonJS exports',
    given: {
      'a.js':
        "const { QUEUE, more } = require('./c'); const { app } = require('@azure/functions'); app.storageQueue('f', { queueName: QUEUE, ...more });",
      'c/index.js': "exports.QUEUE = 'orders'; module.exports.more = { connection: 'C' };",
    },
  },
  {
    name: 'module.exports',
    given: {
      'a.js':
        "const c = require('./c.js'); const { app } = require('@azure/functions'); app.storageQueue('f', { queueName: c.queue.name, connection: 'C' });",
      'c.js': "const name = 'orders'; module.exports = { queue: { name } };",
    },
  },
  {
    name: 'named and passed-on exports',
    given: {
      'a.js':
        "import { QUEUE } from './b.js'; import { app } from './lib.js'; app.storageQueue('f', { queueName: QUEUE, connection: 'C' });",
      'b.js': "export * from './c.js';",
      'c.js': "const QUEUE = 'orders'; export { QUEUE };",
      'lib.js': "export { app } from '@azure/functions';",
    },
  },
  {
    name: 'a default export and JSON',
    given: {
      'a.js':
        "import c from './c.mjs'; import q from './q.json' with { type: 'json' }; import { app } from '@azure/functions'; app.storageQueue('f', { queueName: q.name, connection: c.connection });",
      'c.mjs': "export default { connection: 'C' };",
      'q.json': '{"name": "orders"}',
    },
  },
  {
    name: 'a module that only registers',
    given: {
      'a.js': "import './functions/f.js';",
      'functions/f.js':
        "import { app } from '@azure/functions'; app.storageQueue('f', { queueName: 'orders', connection: 'C' });",
    },
  },
  {
    name: 'modules that import each other',
    given: {
      'a.js':
        "import { b } from './b.js'; import { app } from '@azure/functions'; export const a = 'orders'; app.storageQueue('f', { queueName: b, connection: 'C' });",
      'b.js': "import { a } from './a.js'; export const b = a;",
    },
  },
];

for (const { name, given } of linked) {
  test(`values come from other files by ${name}`, async () =>
    assert.deepEqual(await triggerOf(sourceTree({ ...manifest('a.js'), ...given })), queue));
}

test('what the TypeScript compiler makes of a module is read', async () => {
  const tree = sourceTree({
    ...manifest('dist/f.js'),
    'dist/f.js': `"use strict";
var __importDefault = (this && this.__importDefault) || function (mod) { return (mod && mod.__esModule) ? mod : { "default": mod }; };
Object.defineProperty(exports, "__esModule", { value: true });
const functions_1 = require("./library");
const config_1 = require("./config");
const more_1 = __importDefault(require("./more"));
functions_1.app.storageQueue('f', { queueName: config_1.Queues.Orders, connection: more_1.default.connection, handler });`,
    'dist/library.js': `Object.defineProperty(exports, "__esModule", { value: true });
exports.app = void 0;
var functions_1 = require("@azure/functions");
Object.defineProperty(exports, "app", { enumerable: true, get: function () { return functions_1.app; } });`,
    'dist/config.js': '__exportStar(require("./queues"), exports);',
    'dist/queues.js': `exports.Queues = void 0;
var Queues;
(function (Queues) {
    Queues["Orders"] = "orders";
    Queues[Queues["Count"] = 1] = "Count";
})(Queues || (exports.Queues = Queues = {}));`,
    'dist/more.js': 'exports.default = { connection: "C" };',
  });
  assert.deepEqual(await triggerOf(tree), queue);
});

test('TypeScript of all kinds is read', async () => {
  const tree = sourceTree({
    ...manifest('a.ts'),
    'a.ts': `import { app, type InvocationContext } from '@azure/functions';
import type { Gone } from './gone';
enum Queues { Orders = 'orders' }
const options = { connection: 'C' } as const;
@sealed class A { @field x = 1; constructor(private readonly y: number) {} }
namespace N { export const z = 1; }
app.storageQueue<string>('f', { queueName: Queues.Orders as string, connection: options.connection!, handler: async (m: string, c: InvocationContext): Promise<void> => {} } satisfies object);`,
  });
  assert.deepEqual(await triggerOf(tree), queue);
});

const built =
  "import { app } from '@azure/functions'; app.storageQueue('f', { queueName: 'orders', connection: 'C' });";
const entries: readonly { name: string; given: Readonly<Record<string, string>> }[] = [
  {
    name: 'a glob with braces',
    given: {
      ...manifest('src/{index.js,functions/*.js}'),
      'src/index.js': '',
      'src/functions/f.js': built,
      'src/other/g.js': 'syntax error',
    },
  },
  { name: 'a double star', given: { ...manifest('./src/**/*.js'), 'src/a/b/f.js': built } },
  { name: 'a name without extension', given: { ...manifest('src/index'), 'src/index.js': built } },
  {
    name: 'the sources by outDir and rootDir',
    given: {
      ...manifest('out/functions/*.js'),
      'tsconfig.json': '{ // c\n "compilerOptions": { "outDir": "./out/", "rootDir": "source" } }',
      'source/functions/f.ts': built,
    },
  },
  {
    name: 'the sources by the same path',
    given: { ...manifest('dist/src/functions/*.js'), 'src/functions/f.ts': built },
  },
  { name: 'the sources under src', given: { ...manifest('dist/index.js'), 'src/index.ts': built } },
  {
    name: 'the sources of a bundle that tells nothing',
    given: { ...manifest('dist/main.js'), 'dist/main.js': 'var e=1;', 'src/main.ts': built },
  },
];

for (const { name, given } of entries) {
  test(`the entry points are found by ${name}`, async () =>
    assert.deepEqual(await triggerOf(sourceTree(given)), queue));
}
