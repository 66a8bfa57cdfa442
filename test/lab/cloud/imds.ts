import { answerJson, type CloudContext, type CloudExchange, type NamedPart } from './exchange.ts';
import type { Principal } from './state.ts';

// The sign-in library puts a slash at the end.
const path = /^\/metadata\/identity\/oauth2\/token\/?$/;

/** How a caller names one of the machine's identities, and which field of it that is. */
const names: readonly (readonly [parameter: string, field: 'clientId' | 'objectId' | 'resourceId'])[] = [
  ['client_id', 'clientId'],
  ['object_id', 'objectId'],
  ['principal_id', 'objectId'],
  ['msi_res_id', 'resourceId'],
];

/**
 * The metadata service of a virtual machine, as far as it gives tokens: all callers are on one machine, which has the
 * identities in the list. The clients find it through the variable `AZURE_POD_IDENTITY_AUTHORITY_HOST`.
 */
export function metadataService(context: CloudContext, identities: readonly Principal[]): NamedPart {
  return {
    name: 'imds',
    paths: path,
    async serve(exchange) {
      const asked = chosen(exchange, identities);
      if ('error_description' in asked) return answerJson(exchange, 400, { error: 'invalid_request', ...asked });
      return answerToken(exchange, context, asked);
    },
  };
}

interface Refusal {
  readonly error_description: string;
}

function chosen({ request, url }: CloudExchange, identities: readonly Principal[]): Principal | Refusal {
  if (request.headers.metadata !== 'true') return { error_description: 'Required metadata header not specified' };
  for (const needed of ['api-version', 'resource'])
    if (!url.searchParams.get(needed)) return { error_description: `Required query variable '${needed}' is missing` };
  const [name, field] = names.find(([parameter]) => url.searchParams.has(parameter)) ?? [];
  const wanted = name ? url.searchParams.get(name)?.toLowerCase() : undefined;
  const fitting = identities.filter(identity => !field || identity[field]?.toLowerCase() === wanted);
  const [identity] = fitting;
  if (!identity) return { error_description: 'Identity not found' };
  if (fitting.length === 1) return identity;
  return {
    error_description:
      'Multiple user assigned identities exist, please specify the clientId / resourceId of the identity in the token request',
  };
}

async function answerToken(exchange: CloudExchange, context: CloudContext, identity: Principal): Promise<true> {
  const resource = exchange.url.searchParams.get('resource') ?? '';
  const { tokenLife } = context.settings;
  const { token, issuedAt, expires } = await context.tokens.issue(identity, resource, tokenLife);
  exchange.note({ principal: identity.objectId, about: resource });
  return answerJson(exchange, 200, {
    access_token: token,
    client_id: identity.clientId,
    expires_in: String(tokenLife),
    expires_on: String(expires),
    ext_expires_in: String(tokenLife),
    not_before: String(issuedAt),
    resource,
    token_type: 'Bearer',
  });
}
