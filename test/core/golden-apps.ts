import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { dockerConfigJson } from '../../src/core/image-pull-secret.ts';
import { parseRenderInputs } from '../../src/core/inputs/inputs.ts';
import { type Plan, planDeployment } from '../../src/core/plan.ts';
import { prepareApp } from '../../src/flows/prepare.ts';
import { treeOnDisk } from '../support/source-tree.ts';

const golden = join(import.meta.dirname, '../golden');
const image = 'shop.azurecr.io/apps/app@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa';

/** Folders of the golden apps: each holds an app, its inputs and the manifests expected of them. */
export const goldenApps: readonly string[] = readdirSync(golden)
  .map(name => join(golden, name))
  .filter(folder => existsSync(join(folder, 'inputs.json')));

/** The plan for the golden app in that folder. */
export async function planOf(folder: string): Promise<Plan> {
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
