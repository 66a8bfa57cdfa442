import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { dockerConfigJson } from '../../src/core/image-pull-secret.ts';
import { parseRenderInputs } from '../../src/core/inputs/inputs.ts';
import { renderObjects } from '../../src/core/manifests/render.ts';
import { type Plan, planDeployment } from '../../src/core/plan.ts';
import { prepareApp } from '../../src/flows/prepare.ts';
import { treeOnDisk } from '../support/source-tree.ts';

const golden = join(import.meta.dirname, '../golden');
const image = 'shop.azurecr.io/apps/app@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa';

async function planOf(folder: string): Promise<Plan> {
  const given: Readonly<Record<string, string>> = JSON.parse(readFileSync(join(folder, 'inputs.json'), 'utf8'));
  const inputs = parseRenderInputs(new Map(Object.entries({ ...given, image })));
  const ports = {
    workspace: { readSource: async () => treeOnDisk(folder) },
    files: { read: async () => undefined },
    mask: () => {},
  };
  const { app } = await prepareApp(inputs, ports, '4711');
  const { registryUsername, registryPassword } = inputs;
  const pullConfig =
    registryUsername && registryPassword
      ? dockerConfigJson('shop.azurecr.io', registryUsername, registryPassword)
      : undefined;
  return planDeployment(app, { reference: image, pullConfig });
}

for (const name of readdirSync(golden).filter(entry => existsSync(join(golden, entry, 'inputs.json')))) {
  test(`plans the golden app "${name}" as recorded`, async () => {
    const folder = join(golden, name);
    const { objects } = await planOf(folder);
    const rendered = renderObjects(objects, { format: 'yaml', includeSecrets: false });
    const recorded = join(folder, 'expected.yaml');
    if (process.env.UPDATE_GOLDEN) writeFileSync(recorded, rendered);
    assert.equal(rendered, readFileSync(recorded, 'utf8'));
  });

  test(`plans the golden app "${name}" twice with the same bytes`, async () => {
    const [first, second] = await Promise.all([planOf(join(golden, name)), planOf(join(golden, name))]);
    const options = { format: 'yaml', includeSecrets: true } as const;
    assert.equal(renderObjects(first.objects, options), renderObjects(second.objects, options));
  });
}
