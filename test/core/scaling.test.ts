import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { Ajv, type ValidateFunction } from 'ajv';
import { load } from 'js-yaml';
import type { Manifest } from '../../src/core/manifests/object.ts';
import { renderObjects } from '../../src/core/manifests/render.ts';
import { scalingCases } from './scaling/cases.ts';
import { appOf, models, objectsOf } from './scaling/models.ts';
import { keyOfCase, readRecorded, recordedOf, writeRecorded } from './scaling/recorded.ts';

const versions = ['2.14.1', '2.19.0', '2.21.0'] as const;

function validatorsOf(version: string): Readonly<Record<string, ValidateFunction>> {
  const ajv = new Ajv({ strict: false, validateFormats: false, logger: false });
  return Object.fromEntries(
    ['ScaledObject', 'TriggerAuthentication'].map(kind => {
      const crd: unknown = load(
        readFileSync(join(import.meta.dirname, '../crds', version, `keda.sh_${kind.toLowerCase()}s.yaml`), 'utf8'),
      );
      return [kind, ajv.compile(closed(schemaOf(crd)))];
    }),
  );
}

function schemaOf(crd: unknown): object {
  const schema = ['spec', 'versions', '0', 'schema', 'openAPIV3Schema'].reduce(memberOf, crd);
  assert.ok(typeof schema === 'object' && schema !== null);
  return schema;
}

function memberOf(value: unknown, key: string): unknown {
  return new Map<string, unknown>(Object.entries(value ?? {})).get(key);
}

/** The API server prunes or refuses fields that a schema does not name, `metadata` apart. */
function closed(schema: object): object {
  const entries = Object.entries(schema).map(([key, value]) => [
    key,
    value !== null && typeof value === 'object' && !Array.isArray(value) ? closed(value) : value,
  ]);
  const open =
    !('properties' in schema) || 'additionalProperties' in schema || 'x-kubernetes-preserve-unknown-fields' in schema;
  return Object.fromEntries([...entries, ...(open ? [] : [['additionalProperties', false]])]);
}

const validators = new Map(versions.map(version => [version, validatorsOf(version)]));

function assertAccepted(objects: readonly Manifest[]): void {
  const shown: readonly Manifest[] = JSON.parse(
    renderObjects(objects, { format: 'json', includeSecrets: false }),
  ).items;
  for (const [version, kinds] of validators) {
    for (const object of shown) {
      const validate = kinds[object.kind];
      if (validate)
        assert.ok(
          validate({ ...object, metadata: {} }),
          `${object.kind} for KEDA ${version}: ${JSON.stringify(validate.errors)}`,
        );
    }
  }
}

const update = process.env.UPDATE_GOLDEN !== undefined;
const recorded = new Map(update ? [] : readRecorded());
const modelNames = Object.keys(models);

for (const one of scalingCases) {
  for (const [model, sources] of Object.entries(models)) {
    test(`${keyOfCase(one)}: ${model} is scaled as recorded, and every KEDA accepts it`, async () => {
      const app = await appOf(one, sources);
      if (update && model === modelNames[0]) recorded.set(keyOfCase(one), recordedOf(one, app));
      assert.deepEqual(recordedOf(one, app), recorded.get(keyOfCase(one)));
      assertAccepted(objectsOf(app));
    });
  }
}

test('at least 150 cases are recorded, each once, and no other', () => {
  if (update) writeRecorded(recorded);
  assert.ok(scalingCases.length >= 150);
  assert.deepEqual([...readRecorded().keys()].sort(), scalingCases.map(keyOfCase).sort());
});

test('the schemas refuse a field that KEDA does not know', () => {
  const object = {
    apiVersion: 'keda.sh/v1alpha1',
    kind: 'ScaledObject',
    metadata: { name: 'x' },
    spec: { scaleTargetRef: { name: 'x' }, triggers: [{ type: 'cron', metadata: {}, nme: 'x' }] },
  };
  assert.throws(() => assertAccepted([object]), /additional/);
});
