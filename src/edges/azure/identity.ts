import { addAbortListener } from 'node:events';
import { tokenClaimsOf } from '../../core/azure/claims.ts';
import type { AzureEnvironment } from '../../core/azure/environment.ts';
import type { SignIn } from '../../core/azure/sign-in.ts';
import { Secret } from '../../core/secret.ts';
import { UserError } from '../../errors.ts';
import type { AccessToken, AzureIdentity, Principal } from '../../flows/azure-port.ts';
import type { Clock } from '../../flows/clock.ts';
import type { TokenCredential } from './azure-identity.ts';
import { type CredentialOptions, credentialFor } from './credentials.ts';
import { Kept } from './kept.ts';
import { type FailedSignIn, mayPass, signInError } from './sign-in-error.ts';

/** Milliseconds before its end from which a token is renewed; a short-lived one is kept for three quarters of its life. */
const margin = 120_000;
/** How long, and how often, to try again where a federated credential may just have been created, in milliseconds. */
const settlingTime = 10_000;
const settlingPause = 2000;

/** What an identity needs beside its credential's options. */
export interface IdentityOptions extends CredentialOptions {
  readonly signIn: SignIn;
  readonly mask: (secret: Secret) => void;
  readonly info: (line: string) => void;
  /** Told once whom the first token speaks for. */
  readonly signedIn: (principal: Principal) => void;
  readonly clock: Clock;
  /** Of the run; it ends the requests. */
  readonly signal: AbortSignal;
}

interface KeptToken extends AccessToken {
  /** Milliseconds since 1970. */
  readonly renewFrom: number;
}

/** An identity that signs in when a token is first asked for, and again shortly before that token ends. */
export class SignedInIdentity implements AzureIdentity {
  readonly #options: IdentityOptions;
  readonly #credential: Kept<TokenCredential>;
  readonly #tokens = new Map<string, Kept<KeptToken>>();
  #isIntroduced = false;

  constructor(options: IdentityOptions) {
    this.#options = options;
    this.#credential = new Kept(
      () => credentialFor(options.signIn, options),
      () => true,
    );
  }

  get environment(): AzureEnvironment {
    return this.#options.environment;
  }

  token(scope: string, signal: AbortSignal): Promise<AccessToken> {
    const kept = this.#tokens.get(scope) ?? new Kept(() => this.#renew(scope), isFresh);
    this.#tokens.set(scope, kept);
    return orAborted(kept.get(), signal);
  }

  async principal(scope: string, signal: AbortSignal): Promise<Principal> {
    const claims = tokenClaimsOf((await this.token(scope, signal)).token.reveal());
    if (claims) return claims;
    throw new UserError(
      `"${this.environment.authority}" gave a token that does not say whom it is for. Check the input "azure-environment".`,
    );
  }

  async #renew(scope: string): Promise<KeptToken> {
    const { clock, signal, info } = this.#options;
    const until = clock.now() + settlingTime;
    for (let count = 1; ; count += 1) {
      const failed = await this.#try(scope);
      if ('token' in failed) return failed;
      signal.throwIfAborted();
      if (!mayPass(failed) || clock.now() + settlingPause > until) throw signInError(failed);
      if (count === 1)
        info(
          `Entra has no federated credential for this job. Trying again for ${settlingTime / 1000} s, in case it was just created.`,
        );
      await clock.pause(settlingPause, signal);
    }
  }

  async #try(scope: string): Promise<KeptToken | FailedSignIn> {
    const { signIn, github, environment, wire, mask } = this.#options;
    // The library is loaded while GitHub answers, and would wrap what is wrong with that answer.
    const [loaded, answered] = await Promise.allSettled([this.#credential.get(), github?.fetch()]);
    if (answered.status === 'rejected') throw answered.reason;
    if (loaded.status === 'rejected') throw loaded.reason;
    const assertion = answered.value;
    const { auth, clientId, tenantId } = signIn;
    const attempt = { auth, clientId, tenantId, authority: environment.authority, assertion: assertion?.claims };
    try {
      const given = await loaded.value.getToken(scope);
      if (!given) throw new Error('no token');
      const token = new Secret(given.token);
      mask(token);
      this.#introduce(token);
      const expires = given.expiresOnTimestamp;
      return { token, expires, renewFrom: expires - Math.min(margin, (expires - Date.now()) / 4) };
    } catch (thrown) {
      return { attempt, thrown, last: wire.last };
    }
  }

  #introduce(token: Secret): void {
    const principal = tokenClaimsOf(token.reveal());
    if (this.#isIntroduced || !principal) return;
    this.#isIntroduced = true;
    this.#options.signedIn(principal);
  }
}

function isFresh({ renewFrom }: KeptToken): boolean {
  return Date.now() < renewFrom;
}

/** The result of `work`, which goes on for others when the signal of this caller aborts. */
async function orAborted<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
  signal.throwIfAborted();
  const { promise, reject } = Promise.withResolvers<never>();
  using _ = addAbortListener(signal, () => reject(signal.reason));
  return await Promise.race([work, promise]);
}
