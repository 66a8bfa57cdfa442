import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import * as v from 'valibot';
import { readSources, root } from './sources.ts';

const texts = v.optional(v.record(v.string(), v.string()), {});
const manifestSchema = v.object({ dependencies: texts, devDependencies: texts, scripts: texts });
const entry = v.object({
  version: v.optional(v.string()),
  resolved: v.optional(v.string()),
  hasInstallScript: v.optional(v.boolean()),
  optionalDependencies: texts,
});
const lockSchema = v.object({ packages: v.record(v.string(), entry) });

const manifest = v.parse(manifestSchema, await readJson('package.json'));
const lock = v.parse(lockSchema, await readJson('package-lock.json'));

/** Dependencies that no source imports, and why they are there. */
const indirect: Readonly<Record<string, string>> = {
  '@actions/http-client': 'held to one version for @actions/core by an override',
};

test('every version is exact', () => {
  const versions = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies });
  assert.deepEqual(
    versions.filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version)),
    [],
  );
});

test('every dependency is used by a source, and explained in CONTRIBUTING.md', async () => {
  const used = (await readSources('src')).flatMap(source => source.imports.map(({ target }) => `${target}/`));
  const isUsed = (name: string) => used.some(target => target.startsWith(`${name}/`)) || Object.hasOwn(indirect, name);
  const unused = Object.keys(manifest.dependencies).filter(name => !isUsed(name));
  const guide = await readFile(join(root, '.github/CONTRIBUTING.md'), 'utf8');
  const all = Object.keys({ ...manifest.dependencies, ...manifest.devDependencies });
  assert.deepEqual(
    { unused, unexplained: all.filter(name => !guide.includes(`\`${name}\``)) },
    { unused: [], unexplained: [] },
  );
});

test('the lock file names no place that packages come from', () => {
  assert.deepEqual(
    Object.entries(lock.packages).filter(([, { resolved }]) => resolved !== undefined),
    [],
  );
});

test('the lock file serves every platform', () => {
  const missing = Object.entries(lock.packages).flatMap(([, { optionalDependencies }]) =>
    Object.keys(optionalDependencies).filter(name => lock.packages[`node_modules/${name}`] === undefined),
  );
  assert.deepEqual(missing, []);
});

test('nothing of what ships runs a script when it is installed', () => {
  assert.deepEqual(
    Object.entries(lock.packages)
      .filter(([, { hasInstallScript }]) => hasInstallScript)
      .map(([name]) => name),
    [],
  );
});

test('every task starts by the script that brings Node 24', () => {
  assert.deepEqual(
    Object.values(manifest.scripts).filter(script => !/^node scripts\/run\.mjs [a-z ]+$/.test(script)),
    [],
  );
});

async function readJson(path: string): Promise<unknown> {
  return JSON.parse(await readFile(join(root, path), 'utf8'));
}
