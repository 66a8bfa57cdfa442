import assert from 'node:assert/strict';
import { glob, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { load } from 'js-yaml';
import * as v from 'valibot';
import { actionRows } from '../../scripts/action-manifests.ts';
import { inputDescriptions } from '../../src/core/inputs/descriptions.ts';
import { outputRows } from '../../src/core/inputs/outputs-table.ts';
import { actionInputs, type InputRow, inputRows } from '../../src/core/inputs/table.ts';
import { root } from './sources.ts';

for (const [action, inputs] of Object.entries(actionInputs)) {
  test(`the manifest of ${action} has exactly its inputs and outputs`, async () => {
    const manifest = await readManifest(`workflows/${action}/action.yml`);
    assert.deepEqual(Object.keys(manifest.inputs), [...inputs]);
    assert.deepEqual(
      Object.keys(manifest.outputs),
      Object.keys(Object.entries(outputRows).find(([name]) => name === action)?.[1] ?? {}),
    );
  });
}

test('the root action differs from its twin in name and path only', async () => {
  const [rootAction, twin] = [await readManifest('action.yml'), await readManifest('workflows/deploy/action.yml')];
  assert.deepEqual([rootAction.inputs, rootAction.outputs], [twin.inputs, twin.outputs]);
  assert.deepEqual(
    [rootAction.runs, twin.runs],
    [
      { using: 'node24', main: 'dist/main.cjs', post: 'dist/post.cjs', 'post-if': 'always()' },
      { using: 'node24', main: '../../dist/main.cjs', post: '../../dist/post.cjs', 'post-if': 'always()' },
    ],
  );
});

test('an input that the file may give has no default in a manifest', async () => {
  const { inputs } = await readManifest('action.yml');
  const rows: readonly (readonly [string, InputRow])[] = Object.entries(inputRows);
  assert.deepEqual(
    rows.filter(([name, row]) => row.key !== undefined && inputs[name]?.default !== undefined),
    [],
  );
});

test('the description of an action is short enough for the Marketplace', () => {
  assert.deepEqual(
    Object.values(actionRows).filter(({ description }) => description.length > 125),
    [],
  );
});

test('every description is made of sentences, and says when the input is for later', () => {
  const rows: readonly (readonly [string, InputRow])[] = Object.entries(inputRows);
  const faulty = Object.entries(inputDescriptions).filter(([name, text]) => {
    const later = rows.find(([known]) => known === name)?.[1].later ?? false;
    return !/^[A-Z"].*\.$/.test(text) || (later && !text.endsWith('Not available yet.'));
  });
  assert.deepEqual(faulty, []);
});

test('no run script of YAML contains an expression', async () => {
  const faulty: string[] = [];
  for await (const path of glob(['action.yml', 'workflows/**/*.yml', '.github/**/*.yml'], { cwd: root })) {
    const scripts = runsIn(load(await readFile(join(root, path), 'utf8')));
    if (scripts.some(script => script.includes('${{'))) faulty.push(path);
  }
  assert.deepEqual(faulty, []);
});

/** Texts of the keys `run` at any depth. */
function runsIn(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) =>
    key === 'run' && typeof item === 'string' ? [item] : runsIn(item),
  );
}

const manifestSchema = v.object({
  inputs: v.record(v.string(), v.object({ description: v.string(), default: v.optional(v.string()) })),
  outputs: v.record(v.string(), v.object({ description: v.string() })),
  runs: v.strictObject({
    using: v.string(),
    main: v.string(),
    post: v.optional(v.string()),
    'post-if': v.optional(v.string()),
  }),
});

async function readManifest(path: string) {
  return v.parse(manifestSchema, load(await readFile(join(root, path), 'utf8')));
}
