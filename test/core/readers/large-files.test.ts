import assert from 'node:assert/strict';
import test from 'node:test';
import { discoverProject } from '../../../src/core/discovery.ts';
import { faultsOf } from '../faults.ts';
import { sourceTree } from '../source-tree.ts';
import { csharp, type Files, node, python } from './one-file-apps.ts';

const unread =
  'The file is too large to be read. Declare its functions with "functions.<name>.bindings" in aks-functions.yml, in the shape of function.json.';
const small = "require('@azure/functions').app.http('f', { handler });";
const large: readonly { name: string; given: Files; path: string }[] = [
  { name: 'a Node file', given: { 'package.json': '{"main":"*.js"}', 'a.js': small }, path: 'big.js' },
  {
    name: 'a Node file that is loaded',
    given: node("require('./big.js');\napp.http('f', { handler });"),
    path: 'big.js',
  },
  { name: 'a Python module', given: python("import big\n@app.route(route='f')\ndef f(req): pass\n"), path: 'big.py' },
  {
    name: 'a C# file',
    given: csharp('class A { [Function("f")] void F([HttpTrigger] T m) {} }'),
    path: 'Big.cs',
  },
];

for (const { name, given, path } of large) {
  test(`${name} that is too large is told, and the others are read`, async () => {
    const tree = sourceTree(given);
    const { functions, unresolved } = await discoverProject({
      ...tree,
      paths: [...tree.paths, path].sort(),
      tooLarge: new Set([path]),
    });
    assert.deepEqual(
      functions.map(fn => fn.name),
      ['f'],
    );
    assert.deepEqual(unresolved, [{ what: 'functions', place: { file: path }, advice: unread }]);
  });
}

test('a bundle that is too large is read from its sources', async () => {
  const tree = sourceTree({ 'package.json': '{"main":"dist/index.js"}', 'src/index.ts': small });
  const { functions, unresolved } = await discoverProject({
    ...tree,
    paths: [...tree.paths, 'dist/index.js'].sort(),
    tooLarge: new Set(['dist/index.js']),
  });
  assert.deepEqual([functions.map(fn => fn.name), unresolved], [['f'], []]);
});

test('a declaration of the app that is too large is a fault', async () => {
  const tree = { ...sourceTree({}), tooLarge: new Set(['a/function.json', 'data/numbers.json', 'package.json']) };
  assert.deepEqual(await faultsOf(() => discoverProject(tree)), [
    'a/function.json: The file is too large to be read. Check that it is the right one.',
    'package.json: The file is too large to be read. Check that it is the right one.',
  ]);
});
