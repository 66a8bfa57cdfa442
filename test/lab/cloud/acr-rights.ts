import { isAllowed } from './roles.ts';
import type { CloudState, ContainerRegistry } from './state.ts';

/** Something that a token for a registry lets its holder do, such as `repository:shop:pull,push`. */
export interface Scope {
  readonly type: string;
  readonly name: string;
  readonly actions: readonly string[];
}

/** The scopes in the texts; what is no scope is left out. */
export function parseScopes(texts: readonly string[]): readonly Scope[] {
  return texts
    .flatMap(text => text.split(' '))
    .flatMap(text => {
      const { type, name, actions } = /^(?<type>[^:]+):(?<name>.+):(?<actions>[^:]*)$/.exec(text)?.groups ?? {};
      return type && name && actions ? [{ type, name, actions: actions.split(',') }] : [];
    });
}

const registries = 'Microsoft.ContainerRegistry/registries';

/** Where the roles are on the registry: each right, and what it gives in a token. */
const registryRights: readonly (readonly [right: string, actions: readonly string[]])[] = [
  [`${registries}/pull/read`, ['pull', 'metadata_read']],
  [`${registries}/push/write`, ['push', 'metadata_write']],
  [`${registries}/artifacts/delete`, ['delete']],
];

/** The same where they are on the content of repositories. */
const repositoryRights: readonly (readonly [right: string, actions: readonly string[]])[] = [
  [`${registries}/repositories/content/read`, ['pull']],
  [`${registries}/repositories/content/write`, ['push']],
  [`${registries}/repositories/content/delete`, ['delete']],
  [`${registries}/repositories/metadata/read`, ['metadata_read']],
  [`${registries}/repositories/metadata/write`, ['metadata_write']],
];

/** What a principal's roles allow it in a registry. */
export class RegistryRights {
  readonly #state: CloudState;
  readonly #registry: ContainerRegistry;
  readonly #principalId: string;

  constructor(state: CloudState, registry: ContainerRegistry, principalId: string) {
    this.#state = state;
    this.#registry = registry;
    this.#principalId = principalId;
  }

  /** Whether it has any right at all: without one there is nothing to sign in for. */
  hasAny(): boolean {
    if (this.#registry.mode === 'rbac') return registryRights.some(([right]) => this.#may(right));
    const rights = [...repositoryRights.map(([right]) => right), `${registries}/catalog/read`];
    // A role that a condition limits to some repository is one, whichever that is.
    return rights.some(right => this.#mayContent(right, undefined) || this.#hasLimited(right));
  }

  /** As much of the scopes as it may have; one of which nothing is left is left out. */
  granted(scopes: readonly Scope[]): readonly Scope[] {
    return scopes
      .map(scope => ({ ...scope, actions: scope.actions.filter(action => this.#allowed(scope).includes(action)) }))
      .filter(({ actions }) => actions.length > 0);
  }

  #allowed({ type, name }: Scope): readonly string[] {
    const isAbac = this.#registry.mode === 'abac';
    if (type === 'registry' && name === 'catalog') {
      const lists = isAbac ? this.#mayContent(`${registries}/catalog/read`) : this.#may(`${registries}/pull/read`);
      return lists ? ['*'] : [];
    }
    if (type !== 'repository') return [];
    const rights = isAbac
      ? repositoryRights.filter(([right]) => this.#mayContent(right, name))
      : registryRights.filter(([right]) => this.#may(right));
    return rights.flatMap(([, actions]) => actions);
  }

  #may(action: string): boolean {
    return isAllowed(this.#state, { principalId: this.#principalId, action, scope: this.#registry.id });
  }

  #mayContent(action: string, repository?: string): boolean {
    const facts = { [`${registries}/repositories:name`]: repository };
    const deed = { principalId: this.#principalId, action, scope: this.#registry.id, facts };
    return isAllowed(this.#state, { ...deed, kind: 'dataAction' });
  }

  #hasLimited(action: string): boolean {
    const unlimited = this.#state.roleAssignments.map(({ condition: _, ...assignment }) => assignment);
    const deed = { principalId: this.#principalId, action, scope: this.#registry.id };
    return isAllowed({ ...this.#state, roleAssignments: unlimited }, { ...deed, kind: 'dataAction' });
  }
}
