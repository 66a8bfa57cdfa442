import { setTimeout as pause } from 'node:timers/promises';
import { type AssertionClaims, assertionClaimsOf } from '../../core/azure/claims.ts';
import { isRecord, parseJson } from '../../core/json.ts';
import { Secret } from '../../core/secret.ts';
import { UserError } from '../../errors.ts';
import { type HttpAnswer, NoAnswer } from '../../flows/http-port.ts';
import { Kept } from './kept.ts';
import { codeOf, noAnswerError } from './no-answer.ts';
import { type Patient, patientFetch } from './patient-fetch.ts';

/** Milliseconds before its end from which a token is no longer sent. */
const margin = 60_000;
/** Longest wait for the first request to leave, in milliseconds. */
const departureTime = 1000;

/** Where a job asks for its OIDC token, as the runner says. */
export interface TokenSource {
  readonly url: string;
  readonly requestToken: Secret;
}

/** A job's token, and what it says. */
export interface Assertion {
  readonly token: Secret;
  readonly claims: AssertionClaims;
}

/** What the tokens of a job are made with. */
export interface GitHubTokenOptions extends Patient {
  /** Undefined when the job may not have a token; `withoutSource` then says why. */
  readonly source: TokenSource | undefined;
  readonly withoutSource: () => Promise<UserError>;
  readonly audience: string;
  readonly mask: (secret: Secret) => void;
}

/** OIDC tokens of the job; one is kept until shortly before its end, and asked for once for all who wait. */
export class GitHubToken {
  readonly #options: GitHubTokenOptions;
  readonly #departed = Promise.withResolvers<void>();
  readonly #kept: Kept<Assertion>;

  constructor(options: GitHubTokenOptions) {
    this.#options = options;
    this.#kept = new Kept(
      () => this.#ask(),
      ({ claims }) => claims.expires - margin > Date.now(),
    );
  }

  /** Asks ahead of need; settles when the question has left, has failed, or has had its time to leave. */
  async begin(): Promise<void> {
    // The next call reports what is wrong.
    const answered = this.fetch().then(
      () => undefined,
      () => undefined,
    );
    await Promise.race([answered, this.#departed.promise, pause(departureTime, undefined, { ref: false })]);
  }

  /** Throws UserError that says what the job lacks. */
  fetch(): Promise<Assertion> {
    return this.#kept.get();
  }

  async #ask(): Promise<Assertion> {
    const { source, withoutSource, audience, mask } = this.#options;
    if (!source) throw await withoutSource();
    const url = URL.parse(`${source.url}&audience=${encodeURIComponent(audience)}`);
    if (!url) throw new UserError('The address for OIDC tokens that the runner gave is none. Update the runner.');
    const answer = await patientFetch(
      {
        url,
        headers: {
          authorization: `Bearer ${source.requestToken.reveal()}`,
          accept: 'application/json',
          'user-agent': 'actions/oidc-client',
        },
        onSent: () => this.#departed.resolve(),
      },
      this.#options,
    ).catch(error => {
      if (!(error instanceof NoAnswer)) throw error;
      throw noAnswerError(`GitHub's OIDC service at "${url.host}"`, codeOf(error), error);
    });
    const token = tokenIn(answer);
    mask(token);
    const claims = assertionClaimsOf(token.reveal());
    if (claims) return { token, claims };
    throw new UserError("GitHub's OIDC service sent a token that cannot be read. Run again, and update the runner.");
  }
}

function tokenIn({ status, body, headers }: HttpAnswer): Secret {
  const parsed = parseJson(body);
  if (status === 200 && isRecord(parsed) && typeof parsed.value === 'string') return new Secret(parsed.value);
  const pause = headers['retry-after'];
  const waiting = status === 429 && pause ? ` It asks to wait ${pause} s.` : '';
  throw new UserError(`GitHub's OIDC service ${refusals[status] ?? otherRefusal(status)}${waiting}`);
}

const refusals: Readonly<Record<number, string>> = {
  401: 'refused the request token of this job (401). Do not run steps after the job has ended, nor in the background.',
  403: 'refused a token to this job (403). Add "id-token: write" to the "permissions" of the job.',
  429: 'has had too many requests (429). Run again later, with fewer jobs at once.',
};

function otherRefusal(status: number): string {
  return status === 200
    ? 'sent no token in its answer. Run again; when it stays, look at any proxy between the runner and GitHub.'
    : `answered ${status} instead of a token. Run again later, and look at https://www.githubstatus.com.`;
}
