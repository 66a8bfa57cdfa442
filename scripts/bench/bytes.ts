import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { root } from '../../test/support/action.ts';
import { type Bundle, type BundleFile, buildBundle, closureOf, sizeOf } from '../bundle.ts';
import { type Figure, type Goal, neverAbove, type Row } from './figure.ts';
import { figures, type Group } from './group.ts';

/** Bytes of the committed JavaScript, in all and before the first line of each entry. */
export const bytes: Group = {
  name: 'bytes',
  measure: async () => {
    const folder = await mkdtemp(join(tmpdir(), 'aks-functions-bench-'));
    try {
      const bundle = await buildBundle({ root, directory: join(folder, 'dist') });
      const contents = await Promise.all(bundle.files.map(committed));
      const stale = (await Promise.all(bundle.files.map(file => isStale(file, folder)))).some(Boolean);
      return figures(totals(contents, stale), closures(bundle));
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};

function committed({ name }: BundleFile): Promise<Buffer> {
  return readFile(join(root, 'dist', name)).catch(() => Buffer.alloc(0));
}

async function isStale(file: BundleFile, folder: string): Promise<boolean> {
  return !(await committed(file)).equals(await readFile(join(folder, 'dist', file.name)));
}

function totals(contents: readonly Buffer[], stale: boolean): Figure {
  const sum = (sizes: readonly number[]) => sizes.reduce((total, size) => total + size, 0) / 1000;
  const all: Row = { name: 'JavaScript in dist', values: [sum(contents.map(content => content.length))] };
  const compressed: Row = { name: 'compressed by gzip', values: [sum(contents.map(file => gzipSync(file).length))] };
  const notes = stale ? ['dist is not what the sources build. Run "npm run build" first.'] : [];
  return {
    title: 'Size of the bundle',
    unit: 'KB',
    rows: [all, compressed],
    ratios: false,
    goals: [neverAbove(2100, 'KB', all)],
    notes,
  };
}

function closures(bundle: Bundle): Figure {
  const entries = bundle.files.filter(file => file.isEntry);
  const loaded = entries.map(entry => ({ entry, closure: closureOf(bundle, entry.name) }));
  const rows = loaded.map(({ entry, closure }) => ({ name: entry.name, values: [sizeOf(closure) / 1000] }));
  const undici: Goal = {
    text: 'nothing of undici before the first line of an entry',
    ...verdictOf(
      loaded.filter(({ closure }) => closure.some(file => file.name === 'undici.cjs')).map(one => one.entry),
    ),
  };
  const goals = [...rows.map(row => neverAbove(60, 'KB', row)), undici];
  return { title: 'What an entry loads before its first line', unit: 'KB', rows, ratios: false, goals };
}

function verdictOf(offenders: readonly BundleFile[]): Pick<Goal, 'measured' | 'met'> {
  const names = offenders.map(file => file.name).join(', ');
  return { measured: names === '' ? 'none' : names, met: names === '' };
}
