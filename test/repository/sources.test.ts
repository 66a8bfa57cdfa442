import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { readSources, root } from './sources.ts';

const sources = await readSources('src');
const longestFile = 250;

test('every export has a docstring', () => {
  assert.deepEqual(
    sources.flatMap(({ path, text }) => undocumented(text).map(line => `${path}: ${line}`)),
    [],
  );
});

test('no file is longer than a reader can keep in mind', () => {
  const lengths = sources.map(({ path, text }) => [path, text.trimEnd().split('\n').length] as const);
  assert.deepEqual(
    lengths.filter(([, length]) => length > longestFile),
    [],
  );
});

test('no file or folder has a name that says nothing', async () => {
  const names = sources.flatMap(({ path }) => path.replace(/\.ts$/, '').split('/'));
  assert.deepEqual(
    names.filter(name => /^(utils?|helpers?|common|types|misc)$/.test(name)),
    [],
  );
});

test('the apps of the tests are named in no file of the product or of the lab', async () => {
  const files = [...(await filesIn('src')), ...(await filesIn('dist')), ...(await filesIn('test/lab'))];
  const texts = await Promise.all(files.map(async file => [file, await readFile(join(root, file), 'utf8')] as const));
  assert.deepEqual(
    texts.filter(([, text]) => /js-queue|python-http/.test(text)).map(([file]) => file),
    [],
  );
});

/** Lines of exports without a comment above them; an export that only passes a name on has its own elsewhere. */
function undocumented(text: string): readonly string[] {
  const lines = text.split('\n');
  return lines.filter((line, index) => /^export (?!\{|type \{|\*)/.test(line) && !/\*\/\s*$/.test(above(lines, index)));
}

/** The nearest line above that is not an overload of the same function. */
function above(lines: readonly string[], index: number): string {
  const name = /^export function (\w+)/.exec(lines[index] ?? '')?.[1];
  const previous = lines[index - 1] ?? '';
  return name !== undefined && previous.startsWith(`export function ${name}`) ? above(lines, index - 1) : previous;
}

async function filesIn(folder: string): Promise<readonly string[]> {
  const entries = await readdir(join(root, folder), { withFileTypes: true, recursive: true });
  const files = entries
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name).slice(root.length + 1));
  return files.filter(file => !/(^|\/)(node_modules|\.cache)\//.test(file));
}
