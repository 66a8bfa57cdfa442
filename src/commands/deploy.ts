import { resolve } from 'node:path';
import { parseImageReference, parseRegistry, repositoryOf } from '../core/image.ts';
import { type DeployInputs, parseDeployInputs } from '../core/inputs/inputs.ts';
import { Secret } from '../core/secret.ts';
import { Registries } from '../edges/registry/registries.ts';
import { AppFolder } from '../edges/workspace/app-folder.ts';
import type { Surroundings } from '../inputs.ts';
import type { Output } from '../outputs.ts';
import type { Command } from './command.ts';

/** Everything that the rest of a deployment is made of. */
export interface DeploySetting {
  readonly inputs: DeployInputs;
  readonly folder: AppFolder;
  readonly registries: Registries;
  readonly surroundings: Surroundings;
  readonly output: Output;
  readonly signal: AbortSignal;
}

/** Builds, applies, waits and verifies. Only what the first request needs is loaded before that request has left. */
export const deployCommand: Command = async (raw, surroundings, output, signal) => {
  const inputs = parseDeployInputs(raw);
  const { registryUsername: username, registryPassword: password } = inputs;
  if (username && password) output.mask(new Secret(`${username}:${password.reveal()}`));
  const folder = new AppFolder({ directory: resolve(inputs.appDirectory), log: output, environment: surroundings.environment });
  await folder.readSource();
  const target = registryOf(inputs);
  using registries = new Registries({ ...target, ...(username && password ? { credentials: { username, password } } : {}) });
  registries.at(target.host).begin();
  const { carryOut } = await import('./deploy-app.ts');
  // Awaited here, since leaving the function closes the registries.
  return await carryOut({ inputs, folder, registries, surroundings, output, signal });
};

/** Host of the image, and the repository to push to when the app's name is an input. */
function registryOf({ registry, image, name }: DeployInputs): { readonly host: string; readonly pushTo?: string } {
  if (image !== undefined || registry === undefined) return { host: parseImageReference(image ?? '').host };
  const address = parseRegistry(registry);
  return name === undefined ? { host: address.host } : { host: address.host, pushTo: repositoryOf(address, name) };
}
