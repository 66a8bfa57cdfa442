import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { Ajv, type ValidateFunction } from 'ajv';
import { dump, load } from 'js-yaml';
import type { App } from '../../src/core/app.ts';
import type { Manifest } from '../../src/core/manifests/object.ts';
import { renderObjects } from '../../src/core/manifests/render.ts';
import { scalingCases } from './scaling-cases.ts';
import { appOf, models, objectsOf } from './scaling-models.ts';

const recorded = join(import.meta.dirname, '../golden/scaling/expected.yaml');

/** What a case is judged by: workload, replicas, triggers, sign-in and what is said. */
function shownOf(app: App): unknown {
  const objects = objectsOf(app);
  const [workload] = app.workloads;
  const pick = (kind: string) =>
    objects
      .filter(object => object.kind === kind && !object.metadata.name.includes('settings'))
      .map(object => object.spec ?? { data: object.data });
  const [scaled] = objects.filter(object => object.kind === 'ScaledObject');
  const text = renderObjects(
    [
      {
        apiVersion: '',
        kind: '',
        metadata: { name: '' },
        shown: {
          workload: workload?.name ?? 'none',
          scaled: scaled?.spec,
          authentication: pick('TriggerAuthentication'),
          secrets: pick('Secret'),
          said: app.notices.map(notice => notice.message),
        },
      },
    ],
    { format: 'json', includeSecrets: false },
  );
  return JSON.parse(text).items[0].shown;
}

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
const expected = new Map<string, unknown>(update ? [] : Object.entries(load(readFileSync(recorded, 'utf8')) ?? {}));

for (const one of scalingCases) {
  for (const [model, sources] of Object.entries(models)) {
    test(`${one.name}: ${model} is scaled as recorded, and every KEDA accepts it`, async () => {
      const app = await appOf(one, sources);
      if (update && !expected.has(one.name)) expected.set(one.name, shownOf(app));
      assert.deepEqual(shownOf(app), expected.get(one.name));
      assertAccepted(objectsOf(app));
    });
  }
}

test('the table of scaling cases is large and has no name twice', () => {
  if (update) writeFileSync(recorded, dump(Object.fromEntries(expected), { lineWidth: -1, noRefs: true }));
  assert.ok(scalingCases.length * Object.keys(models).length >= 150);
  assert.equal(new Set(scalingCases.map(one => one.name)).size, scalingCases.length);
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
