import type { ContainerRegistry } from './state.ts';

/** What is known of a manifest. */
export interface KnownManifest {
  readonly digest: string;
  readonly size: number;
  readonly mediaType: string;
  readonly tags: readonly KnownTag[];
  /** Milliseconds since 1970. */
  readonly created: number;
  readonly updated: number;
}

export interface KnownTag {
  readonly name: string;
  readonly digest: string;
  readonly created: number;
  readonly updated: number;
}

interface Times {
  readonly created: number;
  readonly updated: number;
}

/**
 * What is in a registry, with the times that the real one behind it does not keep; and deletion as ACR does it. What
 * was put there past this service counts as made at its start.
 */
export class RegistryContent {
  readonly #store: string;
  readonly #start = Date.now();
  /** By repository, then by tag or digest. */
  readonly #times = new Map<string, Map<string, Times>>();

  constructor({ store }: ContainerRegistry) {
    this.#store = store;
  }

  /** Takes note of a manifest that was put, by tag or digest. */
  noteManifest(repository: string, reference: string, digest: string): void {
    const times = this.#times.get(repository) ?? new Map<string, Times>();
    this.#times.set(repository, times);
    const now = Date.now();
    for (const name of new Set([reference, digest]))
      times.set(name, { created: times.get(name)?.created ?? now, updated: now });
  }

  async repositories(): Promise<readonly string[]> {
    const catalog: unknown = await (await this.#ask('GET', '_catalog?n=10000')).json();
    const names = stringsIn(catalog, 'repositories');
    const used = await Promise.all(names.map(async name => ((await this.manifests(name)).length > 0 ? [name] : [])));
    return used.flat().sort();
  }

  /** In the order of their names. */
  async tags(repository: string): Promise<readonly KnownTag[]> {
    const answer = await this.#ask('GET', `${repository}/tags/list`);
    const names = answer.ok ? stringsIn(await answer.json(), 'tags') : [];
    const digests = await Promise.all(names.map(async name => (await this.#head(repository, name))?.digest));
    return names
      .map((name, index) => ({ name, digest: digests[index] ?? '', ...this.#timesOf(repository, name) }))
      .sort((one, other) => (one.name < other.name ? -1 : 1));
  }

  async manifests(repository: string): Promise<readonly KnownManifest[]> {
    const tags = await this.tags(repository);
    const noted = [...(this.#times.get(repository)?.keys() ?? [])].filter(name => name.startsWith('sha256:'));
    const digests = [...new Set([...tags.map(({ digest }) => digest), ...noted])].sort();
    const found = await Promise.all(digests.map(digest => this.#head(repository, digest)));
    return found.flatMap(manifest =>
      manifest
        ? [
            {
              ...manifest,
              ...this.#timesOf(repository, manifest.digest),
              tags: tags.filter(({ digest }) => digest === manifest.digest),
            },
          ]
        : [],
    );
  }

  /** Takes a tag away, and leaves its manifest; false when there is none. */
  async untag(repository: string, tag: string): Promise<boolean> {
    const digest = (await this.#head(repository, tag))?.digest;
    if (digest === undefined) return false;
    this.#times.get(repository)?.delete(tag);
    return (await this.#ask('DELETE', `${repository}/manifests/${tag}`)).ok;
  }

  /** Takes a manifest away with all of its tags; false when there is none. */
  async remove(repository: string, digest: string): Promise<boolean> {
    const tags = (await this.tags(repository)).filter(tag => tag.digest === digest);
    for (const { name } of tags) await this.untag(repository, name);
    this.#times.get(repository)?.delete(digest);
    return (await this.#ask('DELETE', `${repository}/manifests/${digest}`)).ok;
  }

  #timesOf(repository: string, name: string): Times {
    return this.#times.get(repository)?.get(name) ?? { created: this.#start, updated: this.#start };
  }

  async #head(repository: string, reference: string) {
    const { ok, headers } = await this.#ask('HEAD', `${repository}/manifests/${reference}`);
    if (!ok) return undefined;
    const [digest, mediaType] = ['docker-content-digest', 'content-type'].map(name => headers.get(name) ?? '');
    return { digest: digest ?? '', mediaType: mediaType ?? '', size: Number(headers.get('content-length') ?? 0) };
  }

  #ask(method: string, path: string): Promise<Response> {
    return fetch(`http://${this.#store}/v2/${path}`, { method, signal: AbortSignal.timeout(10_000) });
  }
}

function stringsIn(value: unknown, field: string): readonly string[] {
  const list: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, field) : undefined;
  return Array.isArray(list) ? list.filter(one => typeof one === 'string') : [];
}
