import { refuse } from './acr-answer.ts';
import type { KnownManifest, KnownTag, RegistryContent } from './acr-content.ts';
import type { Scope } from './acr-rights.ts';
import { answerJson, type CloudExchange } from './exchange.ts';
import type { ContainerRegistry } from './state.ts';

/** A request of ACR's own interface. */
export interface ApiCall {
  readonly registry: ContainerRegistry;
  readonly content: RegistryContent;
  readonly exchange: CloudExchange;
  readonly repository: string;
  /** Tag or digest. */
  readonly reference: string;
}

interface ApiRoute {
  readonly method: string;
  readonly path: RegExp;
  /** What a token must allow. */
  readonly scope: (repository: string) => Scope;
  handle(call: ApiCall): Promise<true>;
}

const inRepository =
  (...actions: readonly string[]) =>
  (name: string): Scope => ({ type: 'repository', name, actions });

const attributes = { deleteEnabled: true, writeEnabled: true, readEnabled: true, listEnabled: true };

/** ACR's own interface beside the distribution API; names may have their slashes encoded. */
export const apiRoutes: readonly ApiRoute[] = [
  {
    method: 'GET',
    path: /^\/acr\/v1\/_catalog$/,
    scope: () => ({ type: 'registry', name: 'catalog', actions: ['*'] }),
    handle: async ({ content, exchange }) => {
      const { page, headers } = paged(
        exchange,
        (await content.repositories()).map(name => ({ name })),
      );
      return answerJson(exchange, 200, { repositories: page.map(({ name }) => name) }, headers);
    },
  },
  {
    method: 'GET',
    path: /^\/acr\/v1\/(?<name>.+)\/_tags$/,
    scope: inRepository('metadata_read'),
    handle: async ({ registry, content, exchange, repository }) => {
      const all = await content.tags(repository);
      if (all.length === 0) return unknownName(exchange, repository);
      const { page, headers } = paged(exchange, all);
      const body = { registry: registry.loginServer, imageName: repository, tags: page.map(tagShown) };
      return answerJson(exchange, 200, body, headers);
    },
  },
  {
    method: 'GET',
    path: /^\/acr\/v1\/(?<name>.+)\/_tags\/(?<reference>[^/]+)$/,
    scope: inRepository('metadata_read'),
    handle: async ({ registry, content, exchange, repository, reference }) => {
      const tag = (await content.tags(repository)).find(({ name }) => name === reference);
      if (!tag) return refuse(exchange, 404, 'TAG_UNKNOWN', `the specified tag does not exist: ${reference}`);
      const body = { registry: registry.loginServer, imageName: repository, tag: tagShown(tag) };
      return answerJson(exchange, 200, body);
    },
  },
  {
    method: 'DELETE',
    path: /^\/acr\/v1\/(?<name>.+)\/_tags\/(?<reference>[^/]+)$/,
    scope: inRepository('delete'),
    handle: async ({ content, exchange, repository, reference }) =>
      (await content.untag(repository, reference))
        ? accepted(exchange)
        : refuse(exchange, 404, 'TAG_UNKNOWN', `the specified tag does not exist: ${reference}`),
  },
  {
    method: 'GET',
    path: /^\/acr\/v1\/(?<name>.+)\/_manifests$/,
    scope: inRepository('metadata_read'),
    handle: async ({ registry, content, exchange, repository }) => {
      const all = (await content.manifests(repository)).map(manifest => ({ ...manifest, name: manifest.digest }));
      if (all.length === 0) return unknownName(exchange, repository);
      const { page, headers } = paged(exchange, all);
      const manifests = page.map(one => manifestShown(registry, one));
      return answerJson(exchange, 200, { registry: registry.loginServer, imageName: repository, manifests }, headers);
    },
  },
  {
    method: 'DELETE',
    path: /^\/acr\/v1\/(?<name>[^_].*)$/,
    scope: inRepository('delete'),
    handle: async ({ content, exchange, repository }) => {
      const manifests = await content.manifests(repository);
      if (manifests.length === 0) return unknownName(exchange, repository);
      for (const { digest } of manifests) await content.remove(repository, digest);
      const tagsDeleted = manifests.flatMap(({ tags }) => tags.map(({ name }) => name));
      return answerJson(exchange, 202, { manifestsDeleted: manifests.map(({ digest }) => digest), tagsDeleted });
    },
  },
];

function accepted({ response }: CloudExchange): true {
  response.writeHead(202).end();
  return true;
}

function unknownName(exchange: CloudExchange, name: string): true {
  return refuse(exchange, 404, 'NAME_UNKNOWN', `repository name not known to registry: ${name}`);
}

interface Listed {
  readonly name: string;
  readonly updated?: number;
}

/** The page that the query asks for, and where the next one is. */
function paged<T extends Listed>({ url }: CloudExchange, all: readonly T[]) {
  const { pathname, searchParams } = url;
  const direction = { timedesc: -1, timeasc: 1 }[searchParams.get('orderby') ?? ''];
  const ordered = direction ? all.toSorted((a, b) => direction * ((a.updated ?? 0) - (b.updated ?? 0))) : all;
  const after = ordered.findIndex(({ name }) => name === searchParams.get('last')) + 1;
  const page = ordered.slice(after, after + Number(searchParams.get('n') ?? 100));
  const next = new URLSearchParams(searchParams);
  next.set('last', page.at(-1)?.name ?? '');
  const headers: Record<string, string> =
    after + page.length < ordered.length ? { link: `<${pathname}?${next}>; rel="next"` } : {};
  return { page, headers };
}

function tagShown({ name, digest, created, updated }: KnownTag): unknown {
  const times = { createdTime: new Date(created).toISOString(), lastUpdateTime: new Date(updated).toISOString() };
  return { name, digest, ...times, signed: false, changeableAttributes: attributes };
}

function manifestShown(registry: ContainerRegistry, manifest: KnownManifest): unknown {
  const { digest, size, mediaType, tags, created, updated } = manifest;
  const isFree = !registry.quarantine || registry.released.includes(digest);
  return {
    ...{ digest, imageSize: size, mediaType, tags: tags.map(({ name }) => name) },
    ...{ createdTime: new Date(created).toISOString(), lastUpdateTime: new Date(updated).toISOString() },
    ...{ architecture: 'amd64', os: 'linux' },
    changeableAttributes: { ...attributes, ...(isFree ? {} : { quarantineState: 'Quarantined' }) },
  };
}
