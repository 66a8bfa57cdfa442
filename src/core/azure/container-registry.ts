import * as v from 'valibot';
import type { AzureEnvironment } from './environment.ts';

/** A registry as the Resource Manager describes it. */
export interface ContainerRegistry {
  readonly id: string;
  readonly name: string;
  readonly loginServer: string;
  /** Rights are given by repository (ABAC), so that the roles for whole registries count for nothing. */
  readonly byRepository: boolean;
}

const registryShape = v.object({
  id: v.string(),
  name: v.string(),
  properties: v.object({ loginServer: v.string(), roleAssignmentMode: v.optional(v.string()) }),
});

/** The registry of an entry of the Resource Manager's list; undefined when it is none. */
export function parseContainerRegistry(value: unknown): ContainerRegistry | undefined {
  const { success, output } = v.safeParse(registryShape, value);
  if (!success) return undefined;
  const { loginServer, roleAssignmentMode } = output.properties;
  return {
    id: output.id,
    name: output.name,
    loginServer: loginServer.toLowerCase(),
    byRepository: roleAssignmentMode === 'AbacRepositoryPermissions',
  };
}

/** Whether a host is a login server of the environment by its name alone. */
export function isLoginServer(host: string, { registrySuffix }: AzureEnvironment): boolean {
  return host.endsWith(`.${registrySuffix}`);
}

/** Whether the input `registry` gives a name without a host. */
export function isBareName(registry: string): boolean {
  const [first = ''] = registry.split('/');
  return first !== 'localhost' && !/[.:]/.test(first);
}

/** The input `registry` with the login server in place of the bare name, whose case counts for nothing. */
export function withLoginServer(registry: string, registries: readonly ContainerRegistry[]): string {
  const [first = '', ...path] = registry.split('/');
  const found = registries.find(({ name }) => name.toLowerCase() === first.toLowerCase());
  return found ? [found.loginServer, ...path].join('/') : registry;
}
