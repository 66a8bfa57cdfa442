import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Ajv } from 'ajv';
import { load } from 'js-yaml';
import { buildBundle } from '../../scripts/bundle.ts';
import { differenceOf, generatedFiles } from '../../scripts/generated-files.ts';
import { noticesText } from '../../scripts/notices.ts';
import { parseConfig } from '../../src/core/config/parse.ts';
import { root } from './sources.ts';

const folder = await mkdtemp(join(tmpdir(), 'aks-functions-generated-'));
after(() => rm(folder, { recursive: true, force: true }));
const { modules } = await buildBundle({ root, directory: folder });

for (const [path, expected] of await generatedFiles(root, modules)) {
  test(`${path} is up to date`, async () => {
    const present = await readFile(join(root, path), 'utf8').catch(() => '');
    assert.ok(present === expected, `Run "npm run generate".\n${differenceOf(present, expected)}`);
  });
}

test('a package without a licence file stops the notices', async () => {
  const notPackage = join(root, 'node_modules/.bin/x.js');
  await assert.rejects(noticesText([notPackage]));
});

const isValid = new Ajv({ strict: false }).compile(
  JSON.parse(await readFile(join(root, 'aks-functions.schema.json'), 'utf8')),
);

const files: readonly { readonly name: string; readonly text: string; readonly good: boolean }[] = [
  { name: 'an empty map', text: '{}', good: true },
  { name: 'settings that look like numbers', text: 'settings: { PORT: 8080, DEBUG: true, TZ: UTC }', good: true },
  { name: 'durations as numbers and as texts', text: 'scale: { pollingInterval: 5, cooldownPeriod: 1m }', good: true },
  { name: 'an environment', text: 'environments: { staging: { scale: { maxReplicas: 3 } } }', good: true },
  {
    name: 'a trigger by hand',
    text: 'functions: { watch: { trigger: { type: cron, metadata: { desiredReplicas: 2 } } } }',
    good: true,
  },
  { name: 'no trigger', text: 'functions: { nightly: { trigger: none, workload: always } }', good: true },
  { name: 'an unknown key', text: 'scale: { maxReplica: 3 }', good: false },
  { name: 'an unknown key in an environment', text: 'environments: { staging: { scal: {} } }', good: false },
  { name: 'a word where a number belongs', text: 'scale: { maxReplicas: many }', good: false },
  { name: 'a way to expose that does not exist', text: 'expose: { type: public }', good: false },
  { name: 'another version', text: 'version: 2', good: false },
];

for (const { name, text, good } of files) {
  test(`the schema for editors and the product agree on ${name}`, () => {
    assert.equal(isValid(load(text)), good);
    if (good) assert.doesNotThrow(() => parseConfig(text, { file: 'aks-functions.yml', environment: undefined }));
    else assert.throws(() => parseConfig(text, { file: 'aks-functions.yml', environment: undefined }));
  });
}
