import assert from 'node:assert/strict';
import test from 'node:test';
import { discoverProject } from '../../../src/core/discovery.ts';
import { faultsOf } from '../faults.ts';
import { sourceTree } from '../source-tree.ts';
import { csharp, type Files, node, python } from './one-file-apps.ts';

const java = (members: string): Files => ({ 'pom.xml': '<project/>', 'A.java': members });

const nested = (open: string, inside: string, close: string, times = 20_000) =>
  open.repeat(times) + inside + close.repeat(times);
const doubled = (first: string, next: (before: string, name: string) => string, name: (index: number) => string) =>
  [first, ...Array.from({ length: 60 }, (_, index) => next(name(index), name(index + 1)))].join('\n');
const queueOf = (value: string) => `app.storageQueue('f', { queueName: ${value}, connection: 'C', handler });`;
const pythonQueue = (value: string) =>
  `@app.queue_trigger(arg_name='m', queue_name=${value}, connection='C')\ndef f(m): pass\n`;

const tooDeep: readonly { name: string; given: Files; expected: string }[] = [
  {
    name: 'JavaScript lists',
    given: node(`const x = ${nested('[', '', ']')};`),
    expected: 'a.js: The file nests too deeply to be read. Take it out of "main".',
  },
  {
    name: 'JavaScript calls',
    given: node(`f${nested('(', 'f', ')')};`),
    expected: 'a.js: The file nests too deeply to be read. Take it out of "main".',
  },
  {
    name: 'JavaScript sums',
    given: node(queueOf(Array(20_000).fill("'a'").join('+'))),
    expected: 'a.js: The file nests too deeply to be read. Take it out of "main".',
  },
  {
    name: 'C# types',
    given: csharp(nested('class A {', '', '}')),
    expected: 'A.cs:1:901: The types of the file nest too deeply to be read. Make them flatter.',
  },
  {
    name: 'JSON',
    given: { 'f/function.json': nested('{"a":', '1', '}') },
    expected:
      'f/function.json:1:1006: The file is not JSON. The JSON is nested deeper than 200 levels. Make it flatter.',
  },
];

for (const { name, given, expected } of tooDeep) {
  test(`${name} that nest without end are a fault with its file`, async () => {
    assert.deepEqual(await faultsOf(() => discoverProject(sourceTree(given))), [expected]);
  });
}

const bodiesThatNest: readonly { name: string; given: Files }[] = [
  { name: 'a JavaScript member chain', given: node(`x${'.a'.repeat(20_000)}();\n${queueOf("'q'")}`) },
  {
    name: 'a C# method body',
    given: csharp(
      `class A { void M() { ${nested('{', '', '}')} } [Function("f")] void F([QueueTrigger("q")] T m) {} }`,
    ),
  },
  {
    name: 'C# brackets',
    given: csharp(`class A { [Function("f")] void F([QueueTrigger(${nested('(', '"q"', ')')})] T m) {} }`),
  },
  {
    name: 'Java brackets',
    given: java(`class A { @FunctionName("f") void f(@QueueTrigger(queueName = ${nested('(', '"q"', ')')}) T m) {} }`),
  },
  {
    name: 'Python blocks',
    given: python(
      `${Array.from({ length: 90 }, (_, depth) => `${' '.repeat(depth)}if x:`).join('\n')}\n${' '.repeat(90)}pass\n${pythonQueue("'q'")}`,
    ),
  },
];

for (const { name, given } of bodiesThatNest) {
  test(`${name} that nests deeply is read`, async () => {
    const { functions } = await discoverProject(sourceTree(given));
    assert.deepEqual(
      functions.map(({ bindings }) => bindings[0].queueName),
      ['q'],
    );
  });
}

const growing: readonly { name: string; given: Files; expected: string | undefined }[] = [
  {
    name: 'JavaScript texts',
    given: node(
      `${doubled(
        "const a0 = 'aaaaaaaaaa';",
        (before, name) => `const ${name} = ${before} + ${before}; app.storageQueue('${name}', { queueName: ${name} });`,
        index => `a${index}`,
      )}\n${queueOf('a60')}`,
    ),
    expected: undefined,
  },
  {
    name: 'Python texts',
    given: python(
      `${doubled(
        "a0 = 'aaaaaaaaaa'",
        (before, name) => `${name} = ${before} + ${before}`,
        index => `a${index}`,
      )}\n${pythonQueue('a60')}`,
    ),
    expected: undefined,
  },
  {
    name: 'C# texts',
    given: csharp(
      `class A { ${doubled(
        'const string a0 = "aaaaaaaaaa";',
        (before, name) => `const string ${name} = ${before} + ${before};`,
        index => `a${index}`,
      )} [Function("f")] void F([QueueTrigger(a60)] T m) {} }`,
    ),
    expected: undefined,
  },
  {
    name: 'JavaScript lists',
    given: node(
      `${doubled(
        'const a0 = [1];',
        (before, name) => `const ${name} = [${before}, ${before}];`,
        index => `a${index}`,
      )}\n${queueOf('a30')}`,
    ),
    expected: 'The bindings of function "f" have more than 10000 values. Shorten their lists.',
  },
  {
    name: 'Python lists',
    given: python(
      `${doubled(
        'a0 = [1]',
        (before, name) => `${name} = [${before}, ${before}]`,
        index => `a${index}`,
      )}\n${pythonQueue('a30')}`,
    ),
    expected: 'The bindings of function "f" have more than 10000 values. Shorten their lists.',
  },
];

for (const { name, given, expected } of growing) {
  test(`${name} that double each other end in an unknown value or a fault`, async () => {
    let unknown: readonly string[] = [];
    const faults = await faultsOf(async () => {
      const { functions } = await discoverProject(sourceTree(given));
      unknown = functions.at(-1)?.unresolved.map(({ what }) => what) ?? [];
    });
    assert.deepEqual(faults, expected === undefined ? [] : [expected]);
    assert.deepEqual(unknown, expected === undefined ? ['bindings[0].queueName'] : []);
  });
}

test('loops within loops end, and a name that they repeat is told once', async () => {
  const loops = ['a', 'b', 'c', 'd', 'e', 'f'].map(name => `for (const ${name} of [1,2,3,4,5,6,7,8,9]) `).join('');
  const faults = await faultsOf(() => discoverProject(sourceTree(node(`${loops}{ app.http('f', { handler }); }`))));
  assert.deepEqual(faults, [
    `a.js:2:${loops.length + 3}: Function name "f" is used a second time; the first is in a.js:2. Rename one of them.`,
  ]);
});

test('a function that calls itself registers what is certain and notes the rest', async () => {
  const code = "function more(n) { app.http('f' + n, { handler }); more(n + 1); more(n + 2); }\nmore(0);";
  const { functions, unresolved } = await discoverProject(sourceTree(node(code)));
  assert.deepEqual(
    functions.map(({ name }) => name),
    ['f0'],
  );
  assert.deepEqual(
    unresolved.map(({ place }) => place),
    [
      { file: 'a.js', line: 2, column: 52 },
      { file: 'a.js', line: 2, column: 65 },
    ],
  );
});

const cycles: readonly { name: string; given: Files; expected: unknown }[] = [
  {
    name: 'JavaScript modules that take a constant from each other',
    given: node(`import { q as other } from './b.js';\nexport const q = other;\n${queueOf('q')}`, {
      'b.js': "import { q as other } from './a.js';\nexport const q = other;",
    }),
    expected: { queueName: undefined, unresolved: [{ file: 'a.js', line: 3, column: 18 }] },
  },
  {
    name: 'JavaScript modules that pass on each other',
    given: node(`import { q } from './b.js';\n${queueOf('q')}`, {
      'b.js': "export * from './c.js';",
      'c.js': "export * from './b.js'; export * from './d.js';",
      'd.js': "export const q = 'orders';",
    }),
    expected: { queueName: 'orders', unresolved: [] },
  },
  {
    name: 'Python modules',
    given: python(`from b import Q\nR = Q\n${pythonQueue('R')}`, { 'b.py': 'from function_app import R\nQ = R\n' }),
    expected: { queueName: undefined, unresolved: [{ file: 'function_app.py', line: 4, column: 5 }] },
  },
];

for (const { name, given, expected } of cycles) {
  test(`${name} end`, async () => {
    const { functions } = await discoverProject(sourceTree(given));
    assert.deepEqual(
      functions.map(({ bindings, unresolved }) => ({
        queueName: bindings[0].queueName,
        unresolved: unresolved.map(({ place }) => place),
      })),
      [expected],
    );
  });
}
