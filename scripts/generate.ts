import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { buildBundle } from './bundle.ts';
import { differenceOf, generatedFiles } from './generated-files.ts';

const root = join(import.meta.dirname, '..');
const check = process.argv.includes('--check');

/** Paths of the generated files that were out of date; written anew unless `check`, which shows what differs instead. */
async function bringUpToDate(): Promise<readonly string[]> {
  await using folder = await temporaryFolder();
  const { modules } = await buildBundle({ root, directory: folder.path });
  const stale: string[] = [];
  for (const [path, text] of await generatedFiles(root, modules)) {
    const present = await readFile(join(root, path), 'utf8').catch(() => '');
    if (present === text) continue;
    stale.push(path);
    if (check) console.log(`${path} is out of date.\n${differenceOf(present, text)}`);
    else await write(path, text);
  }
  return stale;
}

async function write(path: string, text: string): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), text);
}

async function temporaryFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'aks-functions-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

const stale = await bringUpToDate();
if (check && stale.length > 0) {
  console.log('Run "npm run generate" and commit the result.');
  process.exitCode = 1;
} else console.log(stale.length > 0 ? `Wrote ${stale.join(', ')}.` : 'Every generated file is up to date.');
