import { isAbsolute, relative, resolve, sep } from 'node:path';
import { parseImageReference, parseRegistry, repositoryOf } from '../core/image.ts';
import { type DeployInputs, parseDeployInputs } from '../core/inputs/inputs.ts';
import { faultOfKubeconfig, isKubeconfigPath, isShown } from '../core/inputs/kubeconfig.ts';
import { faultOfBuiltFile, faultOfTakenFile } from '../core/inputs/target.ts';
import { Secret } from '../core/secret.ts';
import { isReadable, isTaken } from '../edges/readable.ts';
import type { Registries } from '../edges/registry/registries.ts';
import { type Fault, UsageError } from '../errors.ts';
import type { Surroundings } from '../inputs.ts';
import type { Output } from '../outputs.ts';
import type { Azure } from './azure.ts';
import type { Command } from './command.ts';
import type { RegistrySetting } from './registries.ts';

/** Everything that the rest of a deployment is made of. */
export interface DeploySetting {
  readonly inputs: DeployInputs;
  readonly registries: Registries;
  readonly azure: Azure | undefined;
  readonly surroundings: Surroundings;
  readonly output: Output;
  readonly signal: AbortSignal;
}

/** Builds, applies, waits and verifies. Only what the first request needs is loaded before that request has left. */
export const deployCommand: Command = async (raw, surroundings, output, signal) => {
  const given = parseDeployInputs(raw);
  assertThere(given, output);
  using azure = given.signIn && (await (await import('./azure.ts')).openAzure(given, { surroundings, output, signal }));
  const asked = given.mode === 'render' ? undefined : azure?.begin();
  const { openRegistries, withLoginServer } = await import('./registries.ts');
  const inputs = await withLoginServer(given, azure?.known, signal);
  const target = registryOf(inputs);
  using registries = openRegistries(inputs, { surroundings, output, azure: azure?.registries, pushTo: target.pushTo });
  // What is loaded now would keep sockets waiting, which are not connected yet.
  await Promise.all([asked, registries.at(target.host).begin()]);
  const { carryOut } = await import('./deploy-app.ts');
  // Awaited here, since leaving the function closes the registries.
  return await carryOut({ inputs, registries, azure, surroundings, output, signal });
};

/** Host of the image, and the repository to push to when the app's name is an input. */
function registryOf({
  registry,
  image,
  name,
}: DeployInputs): Pick<RegistrySetting, 'pushTo'> & { readonly host: string } {
  if (image !== undefined || registry === undefined) return { host: parseImageReference(image ?? '').host };
  const address = parseRegistry(registry);
  const { host } = address;
  return name === undefined ? { host } : { host, pushTo: { host, repository: repositoryOf(address, name) } };
}

/** What is known to be wrong without loading more, before anything is asked of the registry. */
function assertThere(inputs: DeployInputs, { mask }: Output): void {
  const { appDirectory, image, kubeconfig } = inputs;
  const faults: Fault[] = [];
  // The image stands in for a source that is not at hand, but not for a folder that is misspelt.
  const needed = image === undefined ? resolve(appDirectory, 'host.json') : resolve(appDirectory);
  if (!isReadable(needed)) {
    faults.push({
      message: `Folder "${appDirectory}" has no "host.json". Set the input "app-directory" to the folder of the function app.`,
    });
  }
  if (kubeconfig !== undefined && isKubeconfigPath(kubeconfig) && !isReadable(kubeconfig)) {
    if (!isShown(kubeconfig)) mask(new Secret(kubeconfig));
    faults.push({ message: faultOfKubeconfig(kubeconfig) });
  }
  faults.push(...faultsOfKubeconfigFile(inputs));
  if (faults.length > 0) throw new UsageError(faults);
}

function faultsOfKubeconfigFile({ kubeconfigFile, appDirectory, buildContext }: DeployInputs): readonly Fault[] {
  if (kubeconfigFile === undefined) return [];
  const built = [appDirectory, buildContext ?? appDirectory].find(folder => isBelow(folder, kubeconfigFile));
  return [
    ...(built === undefined ? [] : [{ message: faultOfBuiltFile(kubeconfigFile, built) }]),
    ...(isTaken(kubeconfigFile) ? [{ message: faultOfTakenFile(kubeconfigFile) }] : []),
  ];
}

function isBelow(folder: string, path: string): boolean {
  const way = relative(resolve(folder), resolve(path));
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}
