import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { load } from 'js-yaml';
import * as v from 'valibot';
import type { Manifest } from '../../src/core/manifests/object.ts';
import { renderObjects } from '../../src/core/manifests/render.ts';
import { goldenApps, planOf } from '../core/golden-apps.ts';
import { scalingCases } from '../core/scaling/cases.ts';
import { appOf, models, objectsOf } from '../core/scaling/models.ts';
import { keyOfCase } from '../core/scaling/recorded.ts';
import type { KubernetesObject } from './api.ts';
import { verdictsOf } from './keda-verdicts.ts';
import { type Lab, startLab } from './lab.ts';
import { manifests } from './tool-manifests.ts';

const definitionFolder = join(import.meta.dirname, '../crds');
/** KEDA versions older than the lab's own, which is 2.21. */
const versions = ['2.14.1', '2.19.0'] as const;
const rendered = v.object({ items: v.array(v.custom<KubernetesObject>(item => typeof item === 'object')) });

/** Objects by what they hold, each with the name of the first case that it stands in. */
type Objects = ReadonlyMap<string, { readonly name: string; readonly object: KubernetesObject }>;

/** Every object of every case in every programming model, and of every golden app; the same object only once. */
async function allObjects(): Promise<Objects> {
  const ofCases = scalingCases.flatMap(one =>
    Object.entries(models).map(async ([model, sources]) => ({
      name: `${one.name}, ${model}`,
      objects: objectsOf(await appOf(one, sources)),
    })),
  );
  const ofApps = goldenApps.map(async folder => ({ name: folder, objects: (await planOf(folder)).objects }));
  const all = await Promise.all([...ofCases, ...ofApps]);
  return new Map(
    all
      .flatMap(({ name, objects }) => plainOf(objects).map(object => ({ name, object })))
      .map(one => [JSON.stringify(one.object), one]),
  );
}

function plainOf(objects: readonly Manifest[]): readonly KubernetesObject[] {
  return v.parse(rendered, JSON.parse(renderObjects(objects, { format: 'json', includeSecrets: true }))).items;
}

async function definitionsOf(version: string) {
  const folder = join(definitionFolder, version);
  const texts = await Promise.all((await readdir(folder)).map(name => readFile(join(folder, name), 'utf8')));
  return v.parse(
    manifests,
    texts.map(text => load(text)),
  );
}

/** What the API server refuses, each with the case and the reason. Some requests at a time: more would only wait in the server. */
async function refusalsOf(lab: Lab, objects: Objects): Promise<readonly string[]> {
  const namespaces = new Set([...objects.values()].map(({ object }) => object.metadata.namespace ?? 'default'));
  for (const name of namespaces) await lab.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  const refusals: string[] = [];
  const rest = objects.values();
  const askRest = async () => {
    for (const { name, object } of rest) {
      const { status, text } = await lab.dryRun(object);
      if (status >= 300) refusals.push(`${name}: ${object.kind} "${object.metadata.name}" (${status}): ${text}`);
    }
  };
  await Promise.all(Array.from({ length: 16 }, askRest));
  return refusals;
}

const scaledObject = (spec: object): KubernetesObject => ({
  apiVersion: 'keda.sh/v1alpha1',
  kind: 'ScaledObject',
  metadata: { name: 'shop', namespace: 'default' },
  spec: { scaleTargetRef: { name: 'shop' }, ...spec },
});
const trigger = {
  type: 'cron',
  metadata: { timezone: 'UTC', start: '0 1 * * *', end: '0 2 * * *', desiredReplicas: '1' },
};

/** Objects of every case for this KEDA that has a ScaledObject; one model stands for all, which give the same. */
async function scaledGroups() {
  const [sources] = Object.values(models);
  assert.ok(sources);
  const cases = scalingCases.filter(one => one.keda === undefined);
  const groups = await Promise.all(
    cases.map(async one => ({ name: keyOfCase(one), objects: plainOf(objectsOf(await appOf(one, sources))) })),
  );
  return groups.filter(({ objects }) => objects.some(({ kind }) => kind === 'ScaledObject'));
}

/** A trigger that lacks what its scaler needs, though the definitions allow it. */
const wrongGroup: readonly KubernetesObject[] = [
  {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'shop' },
    spec: {
      selector: { matchLabels: { app: 'shop' } },
      template: { metadata: { labels: { app: 'shop' } }, spec: { containers: [{ name: 'shop', image: 'shop' }] } },
    },
  },
  scaledObject({ triggers: [{ type: 'azure-queue', metadata: { queueLength: '5', connection: 'x' } }] }),
];

async function assertStrict(lab: Lab): Promise<void> {
  const unknown = await lab.dryRun(scaledObject({ triggers: [{ ...trigger, nme: 'x' }] }));
  assert.match(unknown.text, /triggers\[0\]\.nme: field not declared in schema/);
}

describe('what is rendered for every trigger', () => {
  let objects: Objects;
  before(async () => {
    objects = await allObjects();
  });

  for (const version of versions) {
    test(`is accepted by an API server with the definitions of KEDA ${version}`, async () => {
      await using lab = await startLab({ profile: 'api', definitions: await definitionsOf(version) });
      assert.deepEqual(await refusalsOf(lab, objects), []);
      await assertStrict(lab);
    });
  }

  describe('by KEDA 2.21', () => {
    let lab: Lab;
    before(async () => {
      lab = await startLab({ node: 'fake' });
    });
    after(async () => {
      await lab?.stop();
    });

    test('is accepted by an API server with its definitions and by its admission webhook', async () => {
      assert.deepEqual(await refusalsOf(lab, objects), []);
      await assertStrict(lab);
      const named = [trigger, trigger].map(one => ({ ...one, name: 'x' }));
      const twice = await lab.dryRun(scaledObject({ triggers: named }));
      assert.match(twice.text, /admission webhook .* denied the request/);
    });

    test('is read by its operator, which builds every scaler or fails only to reach the service', async () => {
      const groups = await scaledGroups();
      const [wrong, ...verdicts] = await verdictsOf(lab, [wrongGroup, ...groups.map(group => group.objects)]);
      assert.match(JSON.stringify(wrong), /refused.*queueName/);
      const refused = groups.filter((_, index) => typeof verdicts[index] === 'object');
      assert.deepEqual(
        refused.map(({ name }) => [name, verdicts[groups.findIndex(group => group.name === name)]]),
        [],
      );
    });
  });
});
