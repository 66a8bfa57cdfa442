import { credentialHostOf } from '../core/credential-host.ts';
import { Secret } from '../core/secret.ts';
import type { DockerLogins } from '../edges/docker/docker-config.ts';
import { Registries, type RegistriesOptions } from '../edges/registry/registries.ts';
import type { AzureRegistries } from '../flows/azure-registries.ts';
import { type AccessSources, registryAccess } from '../flows/registry-access.ts';
import type { Surroundings } from '../inputs.ts';
import type { Output } from '../outputs.ts';

/** Inputs that say which registry, and as whom. */
export interface RegistryInputs {
  readonly registry?: string | undefined;
  readonly image?: string | undefined;
  readonly registryUsername: string | undefined;
  readonly registryPassword: Secret | undefined;
}

/** What the registries of a command are opened with, beside its inputs. */
export interface RegistrySetting {
  readonly surroundings: Surroundings;
  readonly output: Output;
  /** The signed-in identity, where there is one. */
  readonly azure?: AccessSources['azure'] | undefined;
  readonly pushTo?: RegistriesOptions['pushTo'];
}

/** Clients of registries that sign in as the inputs, the identity or Docker's configuration say; contacts none yet. */
export function openRegistries(inputs: RegistryInputs, setting: RegistrySetting): Registries {
  const { registryUsername: username, registryPassword: password } = inputs;
  const { surroundings, output, azure, pushTo } = setting;
  if (username && password) output.mask(new Secret(`${username}:${password.reveal()}`));
  let logins: DockerLogins | undefined;
  const access = registryAccess({
    // Never to another host than the one they were given for.
    given: username && password ? { host: credentialHostOf(inputs), credentials: { username, password } } : undefined,
    ...(azure ? { azure } : {}),
    async dockerLogin(host, signal) {
      const edge = await import('../edges/docker/docker-config.ts');
      logins ??= new edge.DockerLogins(surroundings.environment, output.mask);
      return logins.find(host, signal);
    },
  });
  return new Registries({ access, mask: output.mask, pushTo });
}

/** The inputs with a login server where they name a registry of Azure by its bare name. */
export async function withLoginServer<Inputs extends { readonly registry: string | undefined }>(
  inputs: Inputs,
  known: AzureRegistries | undefined,
  signal: AbortSignal,
): Promise<Inputs> {
  const { registry } = inputs;
  if (registry === undefined || !known) return inputs;
  return { ...inputs, registry: await known.resolve(registry, signal) };
}
