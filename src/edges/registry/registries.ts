import type { Secret } from '../../core/secret.ts';
import type { AccessOf } from '../../flows/ports.ts';
import { Registry } from './registry.ts';
import type { Pause } from './retry.ts';

/** How the registries of one run are used. */
export interface RegistriesOptions {
  /** Asked when a registry first wants a sign-in; without it all are used without one. */
  readonly access?: AccessOf | undefined;
  /** Told every token that a registry gives in exchange. */
  readonly mask?: ((secret: Secret) => void) | undefined;
  /** Repository that gets images, with its host: its tokens are asked for with the right to push from the start. */
  readonly pushTo?: { readonly host: string; readonly repository: string } | undefined;
  readonly pause?: Pause;
}

/** Clients by host; dispose of it to close all connections. */
export class Registries implements Disposable {
  readonly #options: RegistriesOptions;
  readonly #open = new Map<string, Registry>();

  constructor(options: RegistriesOptions) {
    this.#options = options;
  }

  /** The client of `host`, the same at every call. */
  at(host: string): Registry {
    const known = this.#open.get(host);
    if (known) return known;
    const { access, pushTo, ...others } = this.#options;
    const registry = new Registry({
      ...others,
      host,
      access: access && (signal => access(host, signal)),
      pushTo: pushTo?.host === host ? pushTo.repository : undefined,
    });
    this.#open.set(host, registry);
    return registry;
  }

  [Symbol.dispose](): void {
    for (const registry of this.#open.values()) registry[Symbol.dispose]();
  }
}
