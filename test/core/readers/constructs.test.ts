import assert from 'node:assert/strict';
import test from 'node:test';
import { discoverProject } from '../../../src/core/discovery.ts';
import { sourceTree } from '../source-tree.ts';

type Files = Readonly<Record<string, string>>;

interface Case {
  readonly name: string;
  readonly given: Files;
  /** `name type value-of-the-trigger`, and `?` before a value that is told as unknown. */
  readonly expected: readonly string[];
}

const node = (code: string, others: Files = {}): Files => ({
  'package.json': '{"main":"src/functions/*.ts"}',
  'src/functions/a.ts': `import { app } from '@azure/functions';\nconst handler = async () => ({});\n${code}`,
  ...others,
});
const python = (code: string, others: Files = {}): Files => ({
  'function_app.py': `import os\nimport azure.functions as func\napp = func.FunctionApp()\n${code}`,
  ...others,
});
const pythonQueue = (queue: string) =>
  `@app.queue_trigger(arg_name='m', queue_name=${queue}, connection='C')\ndef f(m): pass\n`;

const cases: readonly Case[] = [
  {
    name: 'static methods of a class',
    given: node("class Api { static add(name: string) { app.http(name, { handler }); } }\nApi.add('a'); Api.add('b');"),
    expected: ['a httpTrigger', 'b httpTrigger'],
  },
  {
    name: 'static properties of a class',
    given: node("class Names { static queue = 'q'; }\napp.storageQueue('a', { queueName: Names.queue, handler });"),
    expected: ['a queueTrigger q'],
  },
  {
    name: 'methods and functions of an object',
    given: node(
      "const add = { http(name: string) { app.http(name, { handler }); }, queue: (q: string) => app.storageQueue(q, { queueName: q, handler }) };\nadd.http('a'); add.queue('b');",
    ),
    expected: ['a httpTrigger', 'b queueTrigger b'],
  },
  {
    name: 'a function that CommonJS exports',
    given: node("require('../add').add('a');", {
      'src/add.js':
        "const { app } = require('@azure/functions');\nmodule.exports = { add(name) { app.http(name, { handler: async () => ({}) }); } };",
    }),
    expected: ['a httpTrigger'],
  },
  {
    name: 'entries of an object in a loop',
    given: node(
      `const queues = { a: 'q1', b: 'q2' };\nfor (const [name, queueName] of Object.entries(queues)) app.storageQueue(\`on-\${name}\`, { queueName, handler });`,
    ),
    expected: ['on-a queueTrigger q1', 'on-b queueTrigger q2'],
  },
  {
    name: 'functions that make options',
    given: node(
      "const options = (queueName: string) => ({ queueName, connection: 'C' });\nfunction whole(queueName: string) { const connection = 'C'; return { queueName, connection, handler }; }\napp.storageQueue('a', { ...options('q'), handler }); app.storageQueue('b', whole('r'));",
    ),
    expected: ['a queueTrigger q', 'b queueTrigger r'],
  },
  {
    name: 'functions that make a text',
    given: node(
      `const every = (minutes: number) => \`0 */\${minutes} * * * *\`;\napp.timer('a', { schedule: every(5), handler });`,
    ),
    expected: ['a timerTrigger 0 */5 * * * *'],
  },
  {
    name: 'a function that reads a setting',
    given: node(
      "const setting = (name: string, other?: string) => process.env[name] ?? other;\napp.storageQueue('a', { queueName: setting('Q'), handler }); app.storageQueue('b', { queueName: setting('Q', 'q'), handler });",
    ),
    expected: ['a queueTrigger %Q%', 'b queueTrigger ?Q or q'],
  },
  {
    name: 'settings taken apart',
    given: node(
      "const { QUEUE, OTHER = 'q' } = process.env;\napp.storageQueue('a', { queueName: QUEUE, handler }); app.storageQueue('b', { queueName: OTHER, handler });",
    ),
    expected: ['a queueTrigger %QUEUE%', 'b queueTrigger ?OTHER or q'],
  },
  {
    name: 'a default that speaks of another parameter',
    given: node(
      `function queue(name: string, queueName = \`\${name}-items\`) { app.storageQueue(name, { queueName, handler }); }\nqueue("a"); queue("b", "c");`,
    ),
    expected: ['a queueTrigger a-items', 'b queueTrigger c'],
  },
  {
    name: 'the name of the handler',
    given: node('async function hello() {}\napp.http(hello.name, { handler: hello });'),
    expected: ['hello httpTrigger'],
  },
  {
    name: 'methods of texts and lists',
    given: node(
      "app.storageQueue('a', { queueName: ['a', 'b'].join('-'), handler }); app.storageQueue('b', { queueName: 'B'.concat('C').toLowerCase(), handler });",
    ),
    expected: ['a queueTrigger a-b', 'b queueTrigger bc'],
  },
  {
    name: 'conditions that are known',
    given: node(
      "const more = 2 > 1;\nif (more) app.http('a', { handler }); else app.http('b', { handler });\nif (!more) app.http('c', { handler });",
    ),
    expected: ['a httpTrigger'],
  },
  {
    name: 'a constant of a package, which is in no file',
    given: node("import { QUEUE } from '@shop/names';\napp.storageQueue('a', { queueName: QUEUE, handler });"),
    expected: ['a queueTrigger ?'],
  },
  {
    name: 'a static member of a base class',
    given: node(
      "import { Base } from '@shop/names';\nclass Names extends Base {}\napp.storageQueue('a', { queueName: Names.queue, handler });",
    ),
    expected: ['a queueTrigger ?'],
  },
  {
    name: 'a choice in Python',
    given: python(`LIVE = False\n${pythonQueue("'a' if LIVE else 'b'")}`),
    expected: ['f queueTrigger b'],
  },
  {
    name: 'methods of texts in Python',
    given: python(pythonQueue("'-'.join(['A', 'b']).lower()")),
    expected: ['f queueTrigger a-b'],
  },
  { name: 'format in Python', given: python(pythonQueue("'{}-x'.format('a')")), expected: ['f queueTrigger a-x'] },
  {
    name: 'a constant of a class in a class in Python',
    given: python(`class Names:\n    class Queues:\n        first = 'q'\n${pythonQueue('Names.Queues.first')}`),
    expected: ['f queueTrigger q'],
  },
  {
    name: 'a constant that Python finds on a path of its own',
    given: python(`from names import QUEUE\n${pythonQueue('QUEUE')}`, { 'shared/names.py': "QUEUE = 'q'" }),
    expected: ['f queueTrigger ?'],
  },
];

for (const { name, given, expected } of cases) {
  test(`${name}: read, or told as unknown`, async () => {
    const { functions, unresolved } = await discoverProject(sourceTree(given));
    const shown = functions.map(({ name: called, bindings: [trigger], unresolved: [unknown] }) => {
      const or = unknown?.settingOr ? `${unknown.settingOr.setting} or ${unknown.settingOr.otherwise}` : '';
      const value = unknown ? `?${or}` : (trigger.queueName ?? trigger.schedule);
      return [called, trigger.type, value].filter(part => part !== undefined).join(' ');
    });
    assert.deepEqual([shown, unresolved], [expected, []]);
  });
}
