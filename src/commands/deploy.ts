import { resolve } from 'node:path';
import { credentialHostOf } from '../core/credential-host.ts';
import { parseImageReference, parseRegistry, repositoryOf } from '../core/image.ts';
import {
  type DeployInputs,
  faultOfKubeconfig,
  isKubeconfigPath,
  isShown,
  parseDeployInputs,
} from '../core/inputs/inputs.ts';
import { Secret } from '../core/secret.ts';
import { isReadable } from '../edges/readable.ts';
import type { Registries } from '../edges/registry/registries.ts';
import { type Fault, UsageError } from '../errors.ts';
import type { Surroundings } from '../inputs.ts';
import type { Output } from '../outputs.ts';
import type { Command } from './command.ts';

/** Everything that the rest of a deployment is made of. */
export interface DeploySetting {
  readonly inputs: DeployInputs;
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
  assertThere(inputs, output);
  const target = registryOf(inputs);
  const edge = await import('../edges/registry/registries.ts');
  using registries = new edge.Registries({
    ...target,
    // Never to another host than the one they were given for.
    ...(username && password && credentialHostOf(inputs) === target.host
      ? { credentials: { username, password } }
      : {}),
  });
  // What is loaded now would keep the socket waiting, which is not connected yet.
  await registries.at(target.host).begin();
  const { carryOut } = await import('./deploy-app.ts');
  // Awaited here, since leaving the function closes the registries.
  return await carryOut({ inputs, registries, surroundings, output, signal });
};

/** Host of the image, and the repository to push to when the app's name is an input. */
function registryOf({ registry, image, name }: DeployInputs): { readonly host: string; readonly pushTo?: string } {
  if (image !== undefined || registry === undefined) return { host: parseImageReference(image ?? '').host };
  const address = parseRegistry(registry);
  return name === undefined ? { host: address.host } : { host: address.host, pushTo: repositoryOf(address, name) };
}

/** What is known to be wrong without loading more, before anything is asked of the registry. */
function assertThere({ appDirectory, kubeconfig }: DeployInputs, { mask }: Output): void {
  const faults: Fault[] = [];
  if (!isReadable(resolve(appDirectory, 'host.json'))) {
    faults.push({
      message: `Folder "${appDirectory}" has no "host.json". Set the input "app-directory" to the folder of the function app.`,
    });
  }
  if (kubeconfig !== undefined && isKubeconfigPath(kubeconfig) && !isReadable(kubeconfig)) {
    if (!isShown(kubeconfig)) mask(new Secret(kubeconfig));
    faults.push({ message: faultOfKubeconfig(kubeconfig) });
  }
  if (faults.length > 0) throw new UsageError(faults);
}
