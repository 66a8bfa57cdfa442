import { randomUUID } from 'node:crypto';
import { errors, jwtVerify } from 'jose';
import * as v from 'valibot';
import type { SigningKey } from './signing-key.ts';
import type { CloudState, Principal } from './state.ts';

/** An access token and the second since 1970 at which it ends. */
export interface IssuedToken {
  readonly token: string;
  readonly issuedAt: number;
  readonly expires: number;
}

/** What a service finds out about a token that it was sent. */
export type TokenVerdict =
  | { readonly kind: 'valid'; readonly principal: Principal; readonly audience: string }
  | { readonly kind: 'expired' }
  /** Not Entra's, or of nobody it knows. */
  | { readonly kind: 'invalid' }
  | { readonly kind: 'foreign-audience'; readonly audience: string };

const claimsOfToken = v.object({ aud: v.string(), oid: v.string(), tid: v.string() });

/** Entra's access tokens, in the form of its first version: the one that Azure's services and Azurite take. */
export class EntraTokens {
  readonly #key: SigningKey;
  readonly #state: CloudState;

  constructor(key: SigningKey, state: CloudState) {
    this.#key = key;
    this.#state = state;
  }

  /** A token for one audience; `claims` replace those that it would have, and those that are undefined it lacks. */
  async issue(
    principal: Principal,
    audience: string,
    life: number,
    claims: Readonly<Record<string, unknown>> = {},
  ): Promise<IssuedToken> {
    const now = Math.floor(Date.now() / 1000);
    const { objectId, clientId, tenantId, groups } = principal;
    const token = await this.#key.sign({
      ...{ aud: audience, iss: issuerOf(tenantId), iat: now, nbf: now, exp: now + life },
      ...{ appid: clientId, appidacr: '2', idp: issuerOf(tenantId), idtyp: 'app', oid: objectId, sub: objectId },
      ...{ tid: tenantId, uti: randomUUID(), ver: '1.0' },
      ...(groups.length > 0 ? { groups } : {}),
      ...claims,
    });
    return { token, issuedAt: now, expires: now + life };
  }

  /** Checks signature, time and audience, as every service does; slashes at the end of audiences do not count. */
  async check(token: string, audiences: readonly string[]): Promise<TokenVerdict> {
    const claims = await this.#read(token);
    if ('kind' in claims) return claims;
    const { aud, oid, tid } = claims;
    const bare = (audience: string) => audience.replace(/\/+$/, '');
    if (!audiences.some(each => bare(each) === bare(aud))) return { kind: 'foreign-audience', audience: aud };
    const principal = this.#state.principals.find(({ objectId, tenantId }) => objectId === oid && tenantId === tid);
    return principal ? { kind: 'valid', principal, audience: aud } : { kind: 'invalid' };
  }

  async #read(token: string): Promise<v.InferOutput<typeof claimsOfToken> | { kind: 'expired' | 'invalid' }> {
    try {
      return v.parse(claimsOfToken, (await jwtVerify(token, this.#key.publicKey)).payload);
    } catch (error) {
      return { kind: error instanceof errors.JWTExpired ? 'expired' : 'invalid' };
    }
  }
}

/** Who issues the tokens of a tenant, in the form that AKS and Azurite look for. */
export function issuerOf(tenantId: string): string {
  return `https://sts.windows.net/${tenantId}/`;
}
