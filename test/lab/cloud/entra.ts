import type { JSONWebKeySet } from 'jose';
import { type Issuers, refusalOf } from './entra-assertion.ts';
import { type EntraRefusal, entraAnswer } from './entra-errors.ts';
import { answerJson, type CloudContext, type CloudExchange, type NamedPart } from './exchange.ts';
import type { Principal, Tenant } from './state.ts';
import { issuerOf } from './tokens.ts';

const paths =
  /^\/common\/discovery\/instance$|^\/[^/]+(\/v2\.0)?\/\.well-known\/openid-configuration$|^\/[^/]+\/(discovery(\/v2\.0)?\/keys|oauth2(\/v2\.0)?\/token)$/;
const instances = '/common/discovery/instance';
// Some libraries ask for these at every sign-in; an application gets nothing for them.
const signInScopes = ['openid', 'offline_access', 'profile'];
const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** Services whose tokens any tenant gives, beside those whose address is the cloud's own. */
const resources = [
  /^https:\/\/management\.(azure\.com|core\.windows\.net|usgovcloudapi\.net|chinacloudapi\.cn)$/,
  /^https:\/\/containerregistry\.azure\.(net|us|cn)$/,
  /^6dae42f8-4368-4678-94ff-3960e28e3630$/,
  /^https:\/\/storage\.azure\.com$/,
  /^https:\/\/[a-z0-9]+\.queue\.core\.[a-z.]+$/,
];

/** Entra's sign-in for applications and managed identities. */
export class Entra {
  /** Whose tokens can be proof of an identity. */
  readonly issuers: Issuers = new Map();
  readonly #context: CloudContext;
  readonly #keys: JSONWebKeySet;

  constructor(context: CloudContext, keys: JSONWebKeySet) {
    this.#context = context;
    this.#keys = keys;
  }

  get part(): NamedPart {
    return { name: 'entra', paths, serve: exchange => this.#serve(exchange) };
  }

  async #serve(exchange: CloudExchange): Promise<boolean> {
    const { pathname } = exchange.url;
    if (pathname === instances) return answerJson(exchange, 200, instanceDiscovery(exchange));
    const [, name = ''] = pathname.split('/');
    if (!this.#isTenantLike(name)) return false;
    const tenant = this.#context.state.tenants.find(({ id, domain }) => [id, domain].includes(name.toLowerCase()));
    if (!tenant) return refuse(exchange, unknownTenant(name));
    if (pathname.endsWith('/keys')) return answerJson(exchange, 200, this.#keys);
    if (pathname.endsWith('/token')) return this.#answerToken(exchange, tenant);
    return answerJson(exchange, 200, discovery(exchange, tenant, pathname.includes('/v2.0/')));
  }

  #isTenantLike(name: string): boolean {
    return /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i.test(name) || name.includes('.');
  }

  async #answerToken(exchange: CloudExchange, tenant: Tenant): Promise<true> {
    if (exchange.request.method !== 'POST')
      return refuse(exchange, { code: 900561, message: 'The endpoint only accepts POST requests.' });
    const form = new URLSearchParams(await exchange.body());
    exchange.note({ about: form.get('scope') ?? '' });
    const principal = await this.#principalIn(form, tenant);
    if ('code' in principal) return refuse(exchange, principal);
    exchange.note({ principal: principal.objectId });
    const audience = this.#audienceIn(form, tenant);
    if (typeof audience !== 'string') return refuse(exchange, audience);
    const { tokenLife } = this.#context.settings;
    const { token } = await this.#context.tokens.issue(principal, audience, tokenLife);
    const lives = { expires_in: tokenLife, ext_expires_in: tokenLife };
    return answerJson(exchange, 200, { token_type: 'Bearer', ...lives, access_token: token });
  }

  /** Who signs in. Entra looks for the application before it looks at its proof. */
  async #principalIn(form: URLSearchParams, tenant: Tenant): Promise<Principal | EntraRefusal> {
    if (form.get('grant_type') !== 'client_credentials')
      return { code: 70003, message: `The app requested an unsupported grant type '${form.get('grant_type')}'.` };
    const clientId = form.get('client_id') ?? '';
    const principal = this.#context.state.principals.find(
      each => each.clientId === clientId.toLowerCase() && each.tenantId === tenant.id,
    );
    if (!principal) return unknownApplication(clientId, tenant);
    return (await this.#refusal(form, principal)) ?? this.#policyRefusal(principal) ?? principal;
  }

  async #refusal(form: URLSearchParams, principal: Principal): Promise<EntraRefusal | undefined> {
    const [assertion, secret] = [form.get('client_assertion'), form.get('client_secret')];
    if (assertion && form.get('client_assertion_type') === assertionType) {
      const { trustDelay } = this.#context.settings;
      return refusalOf(assertion, { principal, issuers: this.issuers, trustDelay });
    }
    if (!secret)
      return {
        code: 7000218,
        message: "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
      };
    return secret === principal.secret ? undefined : wrongSecret(principal);
  }

  #policyRefusal({ clientId }: Principal): EntraRefusal | undefined {
    if (!this.#context.settings.blocked.has(clientId)) return undefined;
    const why = 'Access has been blocked by Conditional Access policies.';
    return { code: 53003, message: `${why} The access policy does not allow token issuance.` };
  }

  #audienceIn(form: URLSearchParams, tenant: Tenant): string | EntraRefusal {
    const scopes = (form.get('scope') ?? '').split(' ').filter(each => !signInScopes.includes(each));
    const [scope = ''] = scopes;
    if (scopes.length !== 1 || !scope.endsWith('/.default')) return invalidScope(scopes.join(' '));
    const audience = scope.slice(0, -'/.default'.length);
    const bare = audience.replace(/\/$/, '');
    const isKnown = resources.some(known => known.test(bare)) || bare === this.#context.address;
    return isKnown ? audience : unknownResource(audience, tenant);
  }
}

function refuse(exchange: CloudExchange, refusal: EntraRefusal): true {
  const { status, body } = entraAnswer(refusal);
  return answerJson(exchange, status, body);
}

/** Whether a host is Entra's: some libraries ask that before all else. */
function instanceDiscovery({ url }: CloudExchange): object {
  const endpoint = new URL(url.searchParams.get('authorization_endpoint') ?? url);
  const names = { preferred_network: endpoint.host, preferred_cache: endpoint.host, aliases: [endpoint.host] };
  return {
    tenant_discovery_endpoint: `${endpoint.origin}/${endpoint.pathname.split('/')[1]}/v2.0/.well-known/openid-configuration`,
    'api-version': '1.1',
    metadata: [names],
  };
}

/** The issuer is that of the tokens for services, which Kubernetes compares, or that of the newer form. */
function discovery({ url }: CloudExchange, tenant: Tenant, newer: boolean): object {
  const base = `${url.origin}/${tenant.id}`;
  return {
    issuer: newer ? `${base}/v2.0` : issuerOf(tenant.id),
    jwks_uri: `${base}/discovery${newer ? '/v2.0' : ''}/keys`,
    authorization_endpoint: `${base}/oauth2/v2.0/authorize`,
    token_endpoint: `${base}/oauth2/v2.0/token`,
    response_types_supported: ['id_token'],
    subject_types_supported: ['pairwise'],
    id_token_signing_alg_values_supported: ['RS256'],
  };
}

function unknownTenant(name: string): EntraRefusal {
  const advice =
    'Check to make sure you have the correct tenant ID and are signing into the correct cloud. ' +
    'Check with your subscription administrator, this may happen if there are no active subscriptions for the tenant.';
  return { code: 90002, message: `Tenant '${name}' not found. ${advice}` };
}

function unknownApplication(clientId: string, tenant: Tenant): EntraRefusal {
  const advice =
    'This can happen if the application has not been installed by the administrator of the tenant or consented to by ' +
    'any user in the tenant. You may have sent your authentication request to the wrong tenant.';
  const message = `Application with identifier '${clientId}' was not found in the directory '${tenant.domain}'.`;
  return { code: 700016, message: `${message} ${advice}` };
}

function wrongSecret({ clientId }: Principal): EntraRefusal {
  const advice =
    'Ensure the secret being sent in the request is the client secret value, not the client secret ID, ' +
    `for a secret added to app '${clientId}'.`;
  return { code: 7000215, message: `Invalid client secret provided. ${advice}` };
}

function invalidScope(scope: string): EntraRefusal {
  const advice =
    'Client credential flows must have a scope value with /.default suffixed to the resource identifier ' +
    '(application ID URI).';
  return { code: 1002012, message: `The provided value for scope ${scope} is not valid. ${advice}` };
}

function unknownResource(audience: string, tenant: Tenant): EntraRefusal {
  const message = `The resource principal named ${audience} was not found in the tenant named ${tenant.domain}.`;
  return { code: 500011, message };
}
