import { passOn } from '../registry-pass.ts';
import { targetOf } from '../registry-target.ts';
import { challenge, refuse } from './acr-answer.ts';
import { apiRoutes } from './acr-api.ts';
import { RegistryContent } from './acr-content.ts';
import type { Scope } from './acr-rights.ts';
import { exchangeToken, giveToken } from './acr-sign-in.ts';
import { RegistryTokens } from './acr-tokens.ts';
import { bearerOf, type CloudContext, type CloudExchange, type NamedPart } from './exchange.ts';
import type { SigningKey } from './signing-key.ts';
import type { ContainerRegistry } from './state.ts';

/** Whether a registry is known by the host. */
function isAt({ loginServer, host }: ContainerRegistry, name: string): boolean {
  return name === loginServer || name === host;
}

/** What serves a request to a registry. */
interface Ground {
  readonly context: CloudContext;
  readonly tokens: RegistryTokens;
  readonly registry: ContainerRegistry;
  readonly content: RegistryContent;
}

/** The registries of the cloud, each at the host and port of its login server: ACR's sign-in, whose tokens the key signs, before real registries. */
export function containerRegistries(context: CloudContext, key: SigningKey): NamedPart {
  const tokens = new RegistryTokens(key);
  const contents = new WeakMap<ContainerRegistry, RegistryContent>();
  const contentOf = (registry: ContainerRegistry) => {
    const content = contents.get(registry) ?? new RegistryContent(registry);
    contents.set(registry, content);
    return content;
  };
  return {
    name: 'acr',
    paths: /^\/(v2|acr|oauth2)(\/|$)/,
    async serve(exchange) {
      const registry = context.state.registries.find(one => isAt(one, exchange.url.host));
      if (!registry) return false;
      return serve({ context, tokens, registry, content: contentOf(registry) }, exchange);
    },
  };
}

function serve(ground: Ground, exchange: CloudExchange): Promise<true> | true {
  const { context, tokens, registry } = ground;
  const { pathname } = exchange.url;
  if (pathname === '/oauth2/exchange') return exchangeToken(context, tokens, registry, exchange);
  if (pathname === '/oauth2/token') return giveToken(context, tokens, registry, exchange);
  if (pathname.startsWith('/acr/')) return serveApi(ground, exchange);
  if (pathname.startsWith('/v2')) return serveDistribution(ground, exchange);
  return refuse(exchange, 404, 'NOT_FOUND', 'there is nothing at this address');
}

async function serveApi(ground: Ground, exchange: CloudExchange): Promise<true> {
  const path = decodeURIComponent(exchange.url.pathname);
  for (const route of apiRoutes) {
    const { name = '', reference = '' } = route.path.exec(path)?.groups ?? {};
    if (route.method !== exchange.request.method || !route.path.test(path)) continue;
    const denied = await denial(ground, exchange, [route.scope(name)]);
    return denied ?? route.handle({ ...ground, exchange, repository: name, reference });
  }
  return refuse(exchange, 404, 'NOT_FOUND', 'there is nothing at this address');
}

/** What a request of the distribution API needs: the scope to ask for, and each that its token must have. */
function scopesOf({ request }: CloudExchange, url: URL): readonly Scope[] {
  if (/^\/v2\/_catalog$/.test(url.pathname)) return [{ type: 'registry', name: 'catalog', actions: ['*'] }];
  const target = targetOf(request.method ?? '', url);
  if (!target) return [];
  const actions = target.action === 'push' ? ['pull', 'push'] : [target.action];
  const own = { type: 'repository', name: target.repository, actions };
  return target.mount ? [own, { type: 'repository', name: target.mount.from, actions: ['pull'] }] : [own];
}

/** Refuses what the token of the request does not allow; undefined when it may pass. */
async function denial(
  { tokens, registry }: Ground,
  exchange: CloudExchange,
  scopes: readonly Scope[],
): Promise<true | undefined> {
  const access = await tokens.accessOf(registry, bearerOf(exchange) ?? '');
  const has = ({ type, name, actions }: Scope) =>
    access?.some(one => one.type === type && one.name === name && actions.every(each => one.actions.includes(each)));
  if (access && scopes.every(has)) return undefined;
  return challenge(exchange, registry, scopes[0], access !== undefined);
}

async function serveDistribution(ground: Ground, exchange: CloudExchange): Promise<true> {
  const { registry, content } = ground;
  const { request, response } = exchange;
  const url = new URL(exchange.url);
  // Some clients encode the slashes of names.
  url.pathname = decodeURIComponent(url.pathname);
  const denied = await denial(ground, exchange, scopesOf(exchange, url));
  if (denied) return denied;
  const manifest = /^\/v2\/(?<repository>.+)\/manifests\/(?<reference>[^/]+)$/.exec(url.pathname)?.groups;
  const { repository = '', reference = '' } = manifest ?? {};
  if (manifest && request.method === 'DELETE' && reference.startsWith('sha256:')) {
    if (!(await content.remove(repository, reference)))
      return refuse(exchange, 404, 'MANIFEST_UNKNOWN', `manifest ${reference} is not found`);
    response.writeHead(202).end();
    return true;
  }
  if (manifest && ['GET', 'HEAD'].includes(request.method ?? '') && (await isQuarantined(ground, manifest)))
    // The real service's words are not published.
    return refuse(exchange, 403, 'DENIED', `the image ${repository}:${reference} is in quarantine`);
  await passOn(registry.store, request, response, ({ statusCode, headers }) => {
    const digest = headers['docker-content-digest']?.toString();
    if (manifest && request.method === 'PUT' && statusCode === 201 && digest)
      content.noteManifest(repository, reference, digest);
  });
  return true;
}

async function isQuarantined(
  { registry, content }: Ground,
  { repository = '', reference = '' }: Readonly<Record<string, string>>,
): Promise<boolean> {
  if (!registry.quarantine) return false;
  const manifests = await content.manifests(repository);
  const found = manifests.find(({ digest, tags }) => digest === reference || tags.some(tag => tag.name === reference));
  return found !== undefined && !registry.released.includes(found.digest);
}
