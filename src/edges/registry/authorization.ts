import { isRecord, parseJson } from '../../core/json.ts';
import { Secret } from '../../core/secret.ts';
import { UserError } from '../../errors.ts';
import type { Credentials } from '../../flows/ports.ts';
import { isLoopback } from '../loopback.ts';
import { sendUntilAnswered } from './retry.ts';
import type { ExchangePlace, SignIn, SignInOptions } from './sign-in.ts';
import { readBody } from './transport.ts';

/** How a registry wants its callers to sign in. */
export type Challenge =
  | { readonly kind: 'none' }
  | { readonly kind: 'basic' }
  | { readonly kind: 'bearer'; readonly realm: string; readonly service: string };

interface Token {
  readonly value: Secret;
  /** Milliseconds since 1970. */
  readonly until: number;
}

const shortestLife = 60;
// A token that would end within this time could end on its way.
const margin = 15_000;

/** The challenge in an answer of status 401; throws UserError when it is none that we can meet. */
export function parseChallenge(header: string | undefined, host: string): Challenge {
  const scheme = /^\s*(\w+)/.exec(header ?? '')?.[1]?.toLowerCase();
  if (scheme === 'basic') return { kind: 'basic' };
  const fields = new Map([...(header ?? '').matchAll(/(\w+)="([^"]*)"/g)].map(match => [match[1], match[2] ?? '']));
  const realm = fields.get('realm');
  if (scheme === 'bearer' && realm) return { kind: 'bearer', realm, service: fields.get('service') ?? '' };
  throw new UserError(
    `Registry "${host}" wants a sign-in of kind "${scheme ?? 'unknown'}". Use a registry that signs in by token or by user name and password.`,
  );
}

interface AuthorizationOptions extends SignInOptions {
  readonly signIn: SignIn;
}

/** Values of the header `Authorization` for one registry; keeps a token per set of scopes until shortly before its end. */
export class Authorization {
  readonly #options: AuthorizationOptions;
  readonly #tokens = new Map<string, Promise<Token>>();

  constructor(options: AuthorizationOptions) {
    this.#options = options;
  }

  /** Undefined when the registry wants none, or when there are no credentials for a registry without tokens. */
  async header(challenge: Challenge, scopes: readonly string[], signal: AbortSignal): Promise<string | undefined> {
    if (challenge.kind === 'none') return undefined;
    if (challenge.kind === 'basic') return basicOf(await this.#options.signIn.credentials(undefined, signal));
    const key = scopes.join(' ');
    const kept = await this.#tokens.get(key);
    if (kept && kept.until > Date.now()) return bearerOf(kept);
    const fetched = this.#fetchToken(challenge, scopes, signal);
    this.#tokens.set(key, fetched);
    fetched.catch(() => this.#tokens.delete(key));
    return bearerOf(await fetched);
  }

  /** Drops the token of these scopes, since the registry did not take it. */
  forget(scopes: readonly string[]): void {
    this.#tokens.delete(scopes.join(' '));
  }

  async #fetchToken(
    challenge: Challenge & { kind: 'bearer' },
    scopes: readonly string[],
    signal: AbortSignal,
  ): Promise<Token> {
    const { host, signIn, transport, pause, mask } = this.#options;
    const url = this.#tokenUrl(challenge, scopes);
    const authorization = basicOf(await signIn.credentials(exchangePlaceOf(challenge, host), signal));
    const headers = authorization === undefined ? {} : { authorization };
    const answer = await sendUntilAnswered(() => transport.send({ method: 'GET', url, headers, signal }), {
      attempt: { host, caller: signIn.caller, doing: `sign in for ${scopes.join(' ')}` },
      accepts: [200],
      attempts: 4,
      pause,
      signal,
    });
    const token = parseToken((await readBody(answer)).toString('utf8'));
    if (!token)
      throw new UserError(
        `The sign-in service of registry "${host}" sent no token. Check that input "registry" names a registry.`,
      );
    mask?.(token.value);
    return token;
  }

  #tokenUrl({ realm, service }: Challenge & { kind: 'bearer' }, scopes: readonly string[]): URL {
    const url = URL.parse(realm);
    if (!url || (url.protocol !== 'https:' && !isLoopback(url.host))) {
      throw new UserError(
        `Registry "${this.#options.host}" names "${realm}" for the sign-in, where a password would not be safe. Use a registry with an https address for it.`,
      );
    }
    if (service !== '') url.searchParams.set('service', service);
    for (const scope of scopes) url.searchParams.append('scope', scope);
    return url;
  }
}

function bearerOf({ value }: Token): string {
  return `Bearer ${value.reveal()}`;
}

function basicOf(credentials: Credentials | undefined): string | undefined {
  if (!credentials) return undefined;
  return `Basic ${Buffer.from(`${credentials.username}:${credentials.password.reveal()}`, 'utf8').toString('base64')}`;
}

/** Where the registry exchanges tokens: beside its own sign-in, and nowhere else. */
export function exchangePlaceOf(challenge: Challenge, host: string): ExchangePlace | undefined {
  const realm = challenge.kind === 'bearer' ? URL.parse(challenge.realm) : null;
  if (realm?.host !== host) return undefined;
  return { origin: realm.origin, service: host };
}

function parseToken(body: string): Token | undefined {
  const value = parseJson(body);
  if (!isRecord(value)) return undefined;
  const token = typeof value.token === 'string' ? value.token : value.access_token;
  if (typeof token !== 'string' || token === '') return undefined;
  const life = typeof value.expires_in === 'number' ? Math.max(value.expires_in, shortestLife) : shortestLife;
  return { value: new Secret(token), until: Date.now() + life * 1000 - margin };
}
