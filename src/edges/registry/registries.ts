import { Registry } from './registry.ts';
import type { RegistryOptions } from './session.ts';

/** Clients by host: the target's with its credentials, every other one without; dispose of it to close all connections. */
export class Registries implements Disposable {
  readonly #target: RegistryOptions;
  readonly #open = new Map<string, Registry>();

  constructor(target: RegistryOptions) {
    this.#target = target;
  }

  /** The client of `host`, the same at every call. */
  at(host: string): Registry {
    const known = this.#open.get(host);
    if (known) return known;
    const registry = new Registry(host === this.#target.host ? this.#target : { host });
    this.#open.set(host, registry);
    return registry;
  }

  [Symbol.dispose](): void {
    for (const registry of this.#open.values()) registry[Symbol.dispose]();
  }
}
