import {
  type ContainerRegistry,
  isBareName,
  isLoginServer,
  parseContainerRegistry,
  withLoginServer,
} from '../core/azure/container-registry.ts';
import type { AzureEnvironment } from '../core/azure/environment.ts';
import { RemoteError } from '../errors.ts';
import type { ResourceManager } from './azure-port.ts';

const apiVersion = '2025-11-01';

/** The registries of the subscription, listed once and only when something needs them. */
export class AzureRegistries {
  readonly #resources: ResourceManager;
  readonly #environment: AzureEnvironment;
  #listed: Promise<readonly ContainerRegistry[]> | undefined;

  constructor(resources: ResourceManager, environment: AzureEnvironment) {
    this.#resources = resources;
    this.#environment = environment;
  }

  /** The registry of a login server; undefined when it is in another subscription or the identity may not see it. */
  async find(host: string, signal: AbortSignal): Promise<ContainerRegistry | undefined> {
    return (await this.#list(signal)).find(({ loginServer }) => loginServer === host.toLowerCase());
  }

  /** Whether a host is a registry of Azure, to which a token of Entra may go. */
  async isRegistry(host: string, signal: AbortSignal): Promise<boolean> {
    return isLoginServer(host, this.#environment) || (await this.find(host, signal)) !== undefined;
  }

  /**
   * The input `registry` with a host: a bare name becomes the login server that the subscription knows, which need not
   * be made of the name, or else the usual one.
   */
  async resolve(registry: string, signal: AbortSignal): Promise<string> {
    if (!isBareName(registry)) return registry;
    const resolved = withLoginServer(registry, await this.#list(signal));
    if (resolved !== registry) return resolved;
    const [name = '', ...path] = registry.split('/');
    return [`${name}.${this.#environment.registrySuffix}`, ...path].join('/');
  }

  async #list(signal: AbortSignal): Promise<readonly ContainerRegistry[]> {
    this.#listed ??= this.#request(signal);
    return this.#listed;
  }

  async #request(signal: AbortSignal): Promise<readonly ContainerRegistry[]> {
    const path = `/subscriptions/${this.#resources.subscriptionId}/providers/Microsoft.ContainerRegistry/registries`;
    const entries = await this.#resources
      .list({ path, apiVersion, doing: 'list the registries of the subscription', signal })
      .catch(error => {
        // The right to push does not include this one.
        if (error instanceof RemoteError && error.status === 403) return [];
        throw error;
      });
    return entries.map(parseContainerRegistry).filter(found => found !== undefined);
  }
}
