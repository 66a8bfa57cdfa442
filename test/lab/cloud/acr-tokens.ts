import { randomUUID } from 'node:crypto';
import { jwtVerify } from 'jose';
import * as v from 'valibot';
import type { Scope } from './acr-rights.ts';
import type { SigningKey } from './signing-key.ts';
import type { ContainerRegistry } from './state.ts';

const issuer = 'Azure Container Registry';
const refreshLife = 3 * 3600;

const claims = v.object({
  sub: v.string(),
  grant_type: v.picklist(['refresh_token', 'access_token']),
  access: v.optional(v.array(v.object({ type: v.string(), name: v.string(), actions: v.array(v.string()) })), []),
});

/** The tokens that registries give out themselves. */
export class RegistryTokens {
  readonly #key: SigningKey;

  constructor(key: SigningKey) {
    this.#key = key;
  }

  /** Stands for the principal at the registry, for three hours. */
  refreshToken(registry: ContainerRegistry, principalId: string): Promise<string> {
    return this.#sign(registry, principalId, refreshLife, { grant_type: 'refresh_token' });
  }

  /** Allows the scopes at the registry, whatever becomes of the roles, as long as the registry's tokens live. */
  accessToken(registry: ContainerRegistry, principalId: string, access: readonly Scope[]): Promise<string> {
    return this.#sign(registry, principalId, registry.tokenLife, { grant_type: 'access_token', access });
  }

  /** Object id of whom a refresh token stands for; undefined for one that is not good here. */
  async holderOf(registry: ContainerRegistry, token: string): Promise<string | undefined> {
    const read = await this.#read(registry, token);
    return read?.grant_type === 'refresh_token' ? read.sub : undefined;
  }

  /** What an access token allows; undefined for one that is not good here. */
  async accessOf(registry: ContainerRegistry, token: string): Promise<readonly Scope[] | undefined> {
    const read = await this.#read(registry, token);
    return read?.grant_type === 'access_token' ? read.access : undefined;
  }

  #sign({ id }: ContainerRegistry, sub: string, life: number, more: object): Promise<string> {
    const now = Math.floor(Date.now() / 1000);
    const times = { iat: now, nbf: now, exp: now + life };
    return this.#key.sign({ jti: randomUUID(), sub, iss: issuer, aud: id, ...times, ...more });
  }

  async #read({ id }: ContainerRegistry, token: string): Promise<v.InferOutput<typeof claims> | undefined> {
    const verified = await jwtVerify(token, this.#key.publicKey, { issuer, audience: id }).catch(() => undefined);
    const parsed = v.safeParse(claims, verified?.payload);
    return parsed.success ? parsed.output : undefined;
  }
}
