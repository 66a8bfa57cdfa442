import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Import, readSources, type Source } from './sources.ts';

/** Packages that neither keep state nor touch anything outside. */
const pure = ['@babel/parser', '@babel/types', '@lezer/common', '@lezer/python', 'ignore', 'js-yaml', 'valibot'];
const calculating = ['node:crypto', 'node:util', 'node:zlib'];
const anywhere = ['src/errors.ts'];

/** What a folder of `src` may import: the start of a path of ours, or a whole name. */
interface Layer {
  readonly folder: string;
  readonly own: readonly string[];
  readonly packages: readonly string[] | 'all';
}

const layers: readonly Layer[] = [
  { folder: 'src/core/', own: ['src/core/'], packages: [...pure, ...calculating] },
  {
    folder: 'src/flows/',
    own: ['src/core/', 'src/flows/'],
    packages: [...calculating, 'modern-tar', 'node:timers/promises'],
  },
  { folder: 'src/edges/', own: ['src/core/', 'src/flows/', 'src/edges/'], packages: 'all' },
  {
    folder: 'src/commands/',
    own: ['src/core/', 'src/flows/', 'src/edges/', 'src/commands/', 'src/inputs.ts', 'src/outputs.ts', 'src/run.ts'],
    packages: ['node:path'],
  },
  { folder: 'src/entries/', own: ['src/commands/', 'src/inputs.ts', 'src/run-action.ts'], packages: [] },
];

/** Files that read the environment or the arguments, and why they do it themselves. */
const readers: Readonly<Record<string, string>> = {
  'src/inputs.ts': 'the reader of inputs and environment',
  'src/entries/cli.ts': 'hands its arguments on',
  'src/edges/cluster/exec-plugin.ts': 'gives the environment to the command of the kubeconfig, with what that adds',
  'src/edges/agents.ts': 'gives the proxy variables to the agent, which reads them by itself',
};

const sources = await readSources('src');

test('each layer imports only what lies below it', () => {
  assert.deepEqual(
    layers.flatMap(layer => inFolder(layer.folder).flatMap(source => strangers(source, layer))),
    [],
  );
});

test('an edge imports no file of another edge', () => {
  const edges = inFolder('src/edges/');
  const edgeOf = (path: string) => /^src\/edges\/([^/]+)\//.exec(path)?.[1];
  const crossings = edges.flatMap(source =>
    source.imports
      .filter(({ target }) => edgeOf(target) !== undefined && edgeOf(target) !== edgeOf(source.path))
      .map(({ target }) => `${source.path} imports ${target}`),
  );
  assert.deepEqual(crossings, []);
});

test('nobody imports an entry', () => {
  assert.deepEqual(
    sources
      .filter(source => source.imports.some(({ target }) => target.startsWith('src/entries/')))
      .map(source => source.path),
    [],
  );
});

test('only the reader of inputs reads environment and arguments', () => {
  assert.deepEqual(pathsWith(/\bprocess\.(env|argv)\b/), Object.keys(readers).toSorted());
});

test('only the writer of outputs writes to the terminal', () => {
  assert.deepEqual(pathsWith(/\bprocess\.(stdout|stderr)\.write\b|\bconsole\.\w/), ['src/outputs.ts']);
});

test('nothing ends the process from inside', () => {
  assert.deepEqual(pathsWith(/\bprocess\.exit\(/), []);
});

test('the global fetch is never called, since no dispatcher of ours fits it', () => {
  const own = /(?:import|const|let|function)\b[^;=]*\bfetch\b/;
  assert.deepEqual(
    sources
      .filter(source => /(?<![.\w])fetch\(/.test(code(source)) && !own.test(source.text))
      .map(source => source.path),
    [],
  );
});

function inFolder(folder: string): readonly Source[] {
  return sources.filter(source => source.path.startsWith(folder));
}

function strangers(source: Source, layer: Layer): readonly string[] {
  return source.imports
    .filter(found => !isAllowed(found, layer))
    .map(({ target }) => `${source.path} imports ${target}`);
}

function isAllowed({ target, typeOnly }: Import, { own, packages }: Layer): boolean {
  if (target.startsWith('src/')) return [...own, ...anywhere].some(start => target.startsWith(start));
  return typeOnly || packages === 'all' || packages.includes(target);
}

function pathsWith(pattern: RegExp): readonly string[] {
  return sources
    .filter(source => pattern.test(code(source)))
    .map(source => source.path)
    .toSorted();
}

/** The text without its comments. */
function code({ text }: Source): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '');
}
