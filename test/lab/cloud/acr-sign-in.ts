import { unauthorized } from './acr-answer.ts';
import { parseScopes, RegistryRights } from './acr-rights.ts';
import type { RegistryTokens } from './acr-tokens.ts';
import { armAudiences } from './arm-sign-in.ts';
import { answerJson, type CloudContext, type CloudExchange } from './exchange.ts';
import { type ContainerRegistry, samePath } from './state.ts';

const audience = 'https://containerregistry.azure.net';
/** The user name that stands for "the password is a refresh token". */
const tokenUser = '00000000-0000-0000-0000-000000000000';

/** Gives the registry's own refresh token for one of Entra, to who has some right here. */
export async function exchangeToken(
  { state, tokens: entra, address }: CloudContext,
  tokens: RegistryTokens,
  registry: ContainerRegistry,
  exchange: CloudExchange,
): Promise<true> {
  const form = new URLSearchParams(await exchange.body());
  if (exchange.request.method !== 'POST' || form.get('grant_type') !== 'access_token')
    return answerJson(exchange, 400, { errors: [{ code: 'UNSUPPORTED', message: 'unsupported grant type' }] });
  if (![registry.loginServer, registry.host].includes(form.get('service') ?? '')) return unauthorized(exchange);
  const accepted = registry.armAudience ? [audience, ...armAudiences, address] : [audience];
  const verdict = await entra.check(form.get('access_token') ?? '', accepted);
  if (verdict.kind !== 'valid') return unauthorized(exchange);
  const { objectId, tenantId } = verdict.principal;
  exchange.note({ principal: objectId });
  const tenant = form.get('tenant');
  const isHere = samePath(tenantId, registry.tenantId) && (!tenant || samePath(tenant, registry.tenantId));
  if (!isHere || !new RegistryRights(state, registry, objectId).hasAny()) return unauthorized(exchange);
  return answerJson(exchange, 200, { refresh_token: await tokens.refreshToken(registry, objectId) });
}

/** Gives a token for as much of the asked scopes as the roles allow now. */
export async function giveToken(
  { state }: CloudContext,
  tokens: RegistryTokens,
  registry: ContainerRegistry,
  exchange: CloudExchange,
): Promise<true> {
  const isForm = exchange.request.method === 'POST';
  const form = isForm ? new URLSearchParams(await exchange.body()) : exchange.url.searchParams;
  const holder = await tokens.holderOf(registry, refreshTokenOf(exchange, form) ?? '');
  if (holder === undefined) return unauthorized(exchange);
  const scopes = form.getAll('scope');
  exchange.note({ principal: holder, about: scopes.join(' ') });
  const granted = new RegistryRights(state, registry, holder).granted(parseScopes(scopes));
  const token = await tokens.accessToken(registry, holder, granted);
  return answerJson(exchange, 200, { access_token: token, expires_in: registry.tokenLife });
}

/** As a field of its own, or as the password of the user that stands for it, by form or by Basic. */
function refreshTokenOf({ request }: CloudExchange, form: URLSearchParams): string | undefined {
  const basic = /^Basic (.+)$/i.exec(request.headers.authorization ?? '')?.[1];
  if (basic !== undefined) {
    const text = Buffer.from(basic, 'base64').toString();
    return text.startsWith(`${tokenUser}:`) ? text.slice(tokenUser.length + 1) : undefined;
  }
  const grant = form.get('grant_type');
  if (grant === 'refresh_token') return form.get('refresh_token') ?? undefined;
  return grant === 'password' && form.get('username') === tokenUser ? (form.get('password') ?? undefined) : undefined;
}
