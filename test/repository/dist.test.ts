import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';
import { buildBundle, closureOf, sizeOf } from '../../scripts/bundle.ts';
import { root } from './sources.ts';

/** Bytes of all committed JavaScript together. */
const sizeLimit = 2_100_000;
/** Bytes that an entry loads before its first line runs. */
const closureLimit = 60_000;

const folder = await mkdtemp(join(tmpdir(), 'aks-functions-dist-'));
after(() => rm(folder, { recursive: true, force: true }));
const bundle = await buildBundle({ root, directory: join(folder, 'dist') });
const entries = bundle.files.filter(file => file.isEntry).map(file => file.name);

test('dist is what the sources build, byte for byte', async () => {
  const [committed, built] = [await contentsOf(join(root, 'dist')), await contentsOf(join(folder, 'dist'))];
  assert.deepEqual([...committed.keys()], [...built.keys()]);
  assert.deepEqual(
    [...built]
      .filter(([name, content]) => !content.equals(committed.get(name) ?? Buffer.alloc(0)))
      .map(([name]) => name),
    [],
  );
});

test('another folder builds the same bytes', async () => {
  const copy = join(folder, 'elsewhere', 'copy');
  await cp(join(root, 'src'), join(copy, 'src'), { recursive: true });
  await cp(join(root, 'package.json'), join(copy, 'package.json'));
  await symlink(join(root, 'node_modules'), join(copy, 'node_modules'), 'dir');
  await buildBundle({ root: copy, directory: join(copy, 'dist') });
  assert.deepEqual(await contentsOf(join(copy, 'dist')), await contentsOf(join(folder, 'dist')));
});

test('the JavaScript stays within its budget', () => {
  assert.ok(sizeOf(bundle.files) <= sizeLimit, `${sizeOf(bundle.files)} bytes`);
});

for (const entry of entries) {
  test(`${entry} loads little before it starts, and nothing of undici`, () => {
    const closure = closureOf(bundle, entry);
    assert.ok(
      sizeOf(closure) <= closureLimit,
      `${sizeOf(closure)} bytes in ${closure.map(file => file.name).join(', ')}`,
    );
    assert.ok(!closure.some(file => file.name === 'undici.cjs'));
  });
}

test('no file knows where it was built', async () => {
  const built = [...(await contentsOf(join(folder, 'dist')))];
  assert.deepEqual(
    built.filter(([, content]) => content.includes(root) || content.includes(folder)).map(([name]) => name),
    [],
  );
});

test('every file can be loaded by itself', async () => {
  const names = bundle.files.filter(file => !file.isEntry).map(file => `./${file.name}`);
  const script = `for (const name of ${JSON.stringify(names)}) require(name);`;
  await promisify(execFile)(process.execPath, ['-e', script], { cwd: join(root, 'dist') });
});

test('the command line starts by its name', async () => {
  const { stdout } = await promisify(execFile)(join(root, 'dist/cli.cjs'), ['--help'], {
    env: { PATH: process.env.PATH },
  });
  assert.match(stdout, /^Usage: aks-functions COMMAND/m);
});

async function contentsOf(directory: string): Promise<ReadonlyMap<string, Buffer>> {
  const names = (await readdir(directory)).toSorted();
  return new Map(await Promise.all(names.map(async name => [name, await readFile(join(directory, name))] as const)));
}
