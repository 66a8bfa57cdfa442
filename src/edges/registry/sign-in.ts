import { isRecord, parseJson } from '../../core/json.ts';
import { Secret } from '../../core/secret.ts';
import { UserError } from '../../errors.ts';
import type { AzureIdentity } from '../../flows/azure-port.ts';
import type { Credentials, RegistryAccess } from '../../flows/ports.ts';
import type { Caller } from './failure.ts';
import { type Pause, sendUntilAnswered } from './retry.ts';
import { readBody, type Transport } from './transport.ts';

/** How one registry is signed in to. */
export interface SignInOptions {
  readonly transport: Transport;
  readonly host: string;
  /** Asked once, when the registry first wants a sign-in; without it the registry is used without one. */
  readonly access?: ((signal: AbortSignal) => Promise<RegistryAccess | undefined>) | undefined;
  /** Told every token that the registry gives in exchange. */
  readonly mask?: ((secret: Secret) => void) | undefined;
  readonly pause?: Pause | undefined;
}

/** Where a registry of Azure exchanges a token of Entra. */
export interface ExchangePlace {
  readonly origin: string;
  readonly service: string;
}

interface Exchanged {
  readonly credentials: Credentials;
  /** Milliseconds since 1970. */
  readonly until: number;
}

// The registry's own tokens live for three hours; one that does not say so is taken for this long.
const usualLife = 30 * 60_000;
const margin = 5 * 60_000;
/** The user name that goes with a token that a registry of Azure gave in exchange. */
const tokenUser = '00000000-0000-0000-0000-000000000000';

/** User and password for one registry, of what was given or of an identity's token that the registry exchanges. */
export class SignIn {
  readonly #options: SignInOptions;
  #access: Promise<RegistryAccess | undefined> | undefined;
  #exchanged: Promise<Exchanged> | undefined;
  #caller: Caller = { kind: 'nobody' };

  constructor(options: SignInOptions) {
    this.#options = options;
  }

  /** Who the registry was last signed in to as, for the message of a failure. */
  get caller(): Caller {
    return this.#caller;
  }

  /** Undefined without a sign-in. `place` is undefined for a registry that exchanges nothing. */
  async credentials(place: ExchangePlace | undefined, signal: AbortSignal): Promise<Credentials | undefined> {
    this.#access ??= this.#options.access?.(signal) ?? Promise.resolve(undefined);
    const access = await this.#access;
    if (access === undefined) return undefined;
    if ('password' in access) {
      this.#caller = { kind: 'user', name: access.username };
      return access;
    }
    return place && (await this.#exchangedFor(access.identity, place, signal)).credentials;
  }

  async #exchangedFor(identity: AzureIdentity, place: ExchangePlace, signal: AbortSignal): Promise<Exchanged> {
    const kept = await this.#exchanged;
    if (kept && kept.until > Date.now()) return kept;
    const exchanged = this.#exchange(identity, place, signal);
    this.#exchanged = exchanged;
    exchanged.catch(() => {
      this.#exchanged = undefined;
    });
    return exchanged;
  }

  async #exchange(identity: AzureIdentity, { origin, service }: ExchangePlace, signal: AbortSignal) {
    const { registry: scope } = identity.environment.scopes;
    const [{ token }, { clientId, tenantId }] = await Promise.all([
      identity.token(scope, signal),
      identity.principal(scope, signal),
    ]);
    this.#caller = { kind: 'identity', clientId };
    const form = new URLSearchParams({ grant_type: 'access_token', service, tenant: tenantId });
    form.set('access_token', token.reveal());
    const text = await this.#post(new URL('/oauth2/exchange', origin), form, signal);
    const password = parseRefreshToken(text);
    if (!password)
      throw new UserError(
        `Registry "${this.#options.host}" gave no token in exchange for that of Entra. Check that input "registry" names a registry of Azure.`,
      );
    this.#options.mask?.(password);
    return { credentials: { username: tokenUser, password }, until: endOf(password) - margin };
  }

  async #post(url: URL, form: URLSearchParams, signal: AbortSignal): Promise<string> {
    const { transport, host, pause } = this.#options;
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const body = Buffer.from(form.toString(), 'utf8');
    const answer = await sendUntilAnswered(() => transport.send({ method: 'POST', url, headers, body, signal }), {
      attempt: { host, caller: this.#caller, doing: 'sign in' },
      accepts: [200],
      attempts: 4,
      pause,
      signal,
    });
    return (await readBody(answer)).toString('utf8');
  }
}

function parseRefreshToken(body: string): Secret | undefined {
  const value = parseJson(body);
  const token = isRecord(value) ? value.refresh_token : undefined;
  return typeof token === 'string' && token !== '' ? new Secret(token) : undefined;
}

/** When a token ends, in milliseconds since 1970: what it says itself, where it can be read. */
function endOf(token: Secret): number {
  const claims = parseJson(Buffer.from(token.reveal().split('.')[1] ?? '', 'base64url').toString('utf8'));
  const end = isRecord(claims) ? claims.exp : undefined;
  return typeof end === 'number' ? end * 1000 : Date.now() + usualLife;
}
