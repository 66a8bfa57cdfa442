import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import * as v from 'valibot';
import { discoverProject } from '../../src/core/discovery.ts';
import type { SourceTree } from '../../src/core/project.ts';
import { parseScript } from '../../src/core/readers/node/babel.ts';
import { parsePython } from '../../src/core/readers/python/lezer.ts';
import { root } from '../../test/support/action.ts';
import { treeOnDisk } from '../../test/support/source-tree.ts';
import { type Figure, type Goal, median, type Row } from './figure.ts';
import { type Bench, figures, type Group } from './group.ts';
import { manyFunctions } from './many-functions.ts';
import { millisecondsToEnd } from './process.ts';
import { interleaved } from './rounds.ts';

/** Time of discovery in a warm process beside the parser alone, and what is loaded for an app that needs no parser. */
export const discovery: Group = {
  name: 'discovery',
  measure: async bench => {
    const many = [];
    for (const { name, tree } of manyFunctions)
      many.push(await discoveryOf(bench, { title: `200 functions in 100 files, ${name}`, tree, limit: 300 }));
    const usual = [];
    for (const app of ['js-queue', 'python-http', 'js-queue-classic'])
      usual.push(await discoveryOf(bench, { title: `the app "${app}"`, tree: appOnDisk(app), limit: 50 }));
    return figures(...many, ...usual, await parsersLoaded());
  },
};

const appOnDisk = (app: string) => treeOnDisk(join(root, 'test/apps', app));

interface Measured {
  readonly title: string;
  readonly tree: SourceTree;
  /** Most milliseconds. */
  readonly limit: number;
}

async function discoveryOf({ rounds }: Bench, { title, tree, limit }: Measured): Promise<Figure> {
  const parsing = { name: 'the parser alone, every file once', run: async () => elapsed(() => parseAll(tree)) };
  const ours = { name: 'discovery', run: () => elapsed(() => discoverProject(tree)) };
  const variants = parserOf(tree.paths) === undefined ? [ours] : [parsing, ours];
  const rows = await interleaved(variants, rounds);
  const found = rows.find(row => row.name === ours.name);
  const goals = found ? [medianBelow(limit, found)] : [];
  return { title: `Discovery in a warm process, ${title}`, unit: 'ms', rows, goals };
}

async function elapsed(work: () => unknown): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

function medianBelow(limit: number, row: Row): Goal {
  const measured = median(row.values);
  return {
    text: `median of "${row.name}" below ${limit} ms`,
    measured: `${measured.toFixed(1)} ms`,
    met: measured < limit,
  };
}

const parsers: readonly (readonly [RegExp, (text: string, file: string) => unknown])[] = [
  [/\.[jt]s$/, parseScript],
  [/\.py$/, parsePython],
];

/** The parser of the app's language; none where every function has a `function.json`. */
function parserOf(paths: readonly string[]) {
  if (paths.some(path => path.endsWith('/function.json'))) return undefined;
  return parsers.find(([pattern]) => paths.some(path => pattern.test(path)));
}

/** The trees of all files, which discovery needs at once too: one file refers to another. */
function parseAll({ paths, texts }: SourceTree): readonly unknown[] {
  const [pattern, parse] = parserOf(paths) ?? [];
  return [...texts].filter(([file]) => pattern?.test(file)).map(([file, text]) => parse?.(text, file));
}

const probed = v.object({ loaded: v.array(v.string()) });

async function parsersLoaded(): Promise<Figure> {
  const rows: Row[] = [];
  for (const app of ['js-queue-classic', 'python-http-classic']) {
    const loaded = await filesLoadedFor(join(root, 'test/apps', app));
    rows.push({ name: `parsers loaded for "${app}"`, values: [loaded.filter(isParser).length] });
  }
  const goals = rows.map(row => ({ text: `${row.name}: none`, measured: `${row.values}`, met: row.values[0] === 0 }));
  return { title: 'Parsers loaded for function.json', digits: 0, rows, ratios: false, goals };
}

const isParser = (file: string) => /(babel|lezer|annotations)/.test(file);

/** Names of the files of the bundle that the command line loads to show the functions of an app. */
async function filesLoadedFor(app: string): Promise<readonly string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'aks-functions-bench-'));
  try {
    const probe = join(folder, 'probe.json');
    const options = `--require ${JSON.stringify(join(import.meta.dirname, 'probe.cjs'))}`;
    const env = { ...process.env, NODE_OPTIONS: options, BENCH_PROBE: probe };
    await millisecondsToEnd({ script: join(root, 'dist/cli.cjs'), arguments: ['discover', app], env }, 0);
    return v.parse(probed, JSON.parse(await readFile(probe, 'utf8'))).loaded.map(file => basename(file));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
