import { randomUUID } from 'node:crypto';
import { answerJson, bearerOf, type CloudContext, type CloudExchange, type NamedPart } from './exchange.ts';
import { type Job, type JobOptions, newJob } from './github-job.ts';
import { SigningKey } from './signing-key.ts';

/** Who issues the tokens of jobs. */
export const githubIssuer = 'https://token.actions.githubusercontent.com';

/** A running job. */
export interface RunningJob {
  /** What the runner would set for it; without the way to a token where it has none. */
  readonly environment: Readonly<Record<string, string>>;
  /** Subject of its tokens. */
  readonly subject: string;
}

/** GitHub's issuer of tokens for jobs. Its documents are below `/github`, since the address in the tokens is not ours. */
export class GitHub {
  readonly key: SigningKey;
  readonly #context: Pick<CloudContext, 'address' | 'settings'>;
  readonly #jobs = new Map<string, Job>();

  static async start(context: Pick<CloudContext, 'address' | 'settings'>): Promise<GitHub> {
    return new GitHub(await SigningKey.generate('github'), context);
  }

  private constructor(key: SigningKey, context: Pick<CloudContext, 'address' | 'settings'>) {
    this.key = key;
    this.#context = context;
  }

  /** Begins a job. */
  job(options: JobOptions = {}): RunningJob {
    const job = newJob(options);
    this.#jobs.set(job.requestToken, job);
    const { repository, repository_id, repository_owner, ref, sha, event_name, run_id, job_workflow_ref } = job.claims;
    const facts = {
      ...{
        GITHUB_REPOSITORY: repository,
        GITHUB_REPOSITORY_ID: repository_id,
        GITHUB_REPOSITORY_OWNER: repository_owner,
      },
      ...{ GITHUB_REF: ref, GITHUB_SHA: sha, GITHUB_EVENT_NAME: event_name, GITHUB_RUN_ID: run_id },
      GITHUB_WORKFLOW_REF: job_workflow_ref,
    };
    const way = {
      ACTIONS_ID_TOKEN_REQUEST_URL: `${this.#context.address}/github/idtoken/${run_id}?api-version=2.0`,
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: job.requestToken,
    };
    const hasToken = options.idToken !== false && !options.fork;
    const environment = Object.entries({ ...facts, ...(hasToken ? way : {}) });
    return {
      environment: Object.fromEntries(environment.map(([name, value]) => [name, String(value)])),
      subject: job.claims.sub,
    };
  }

  /** The token of a job for an audience. */
  tokenFor({ claims }: Job, audience: string): Promise<string> {
    const now = Math.floor(Date.now() / 1000);
    const { assertionLife } = this.#context.settings;
    const times = { iat: now, nbf: now - 600, exp: now + assertionLife };
    return this.key.sign({ jti: randomUUID(), aud: audience, iss: githubIssuer, ...times, ...claims });
  }

  get part(): NamedPart {
    return { name: 'github', paths: /^\/github\//, serve: exchange => this.#serve(exchange) };
  }

  async #serve(exchange: CloudExchange): Promise<boolean> {
    const { pathname } = exchange.url;
    if (pathname === '/github/.well-known/jwks') return answerJson(exchange, 200, this.key.published);
    if (pathname === '/github/.well-known/openid-configuration') return answerJson(exchange, 200, this.#discovery());
    if (pathname.startsWith('/github/idtoken/')) return this.#answerToken(exchange);
    return false;
  }

  #discovery(): object {
    return {
      issuer: githubIssuer,
      jwks_uri: `${this.#context.address}/github/.well-known/jwks`,
      subject_types_supported: ['public', 'pairwise'],
      response_types_supported: ['id_token'],
      id_token_signing_alg_values_supported: ['RS256'],
      scopes_supported: ['openid'],
    };
  }

  async #answerToken(exchange: CloudExchange): Promise<true> {
    const { searchParams } = exchange.url;
    const job = this.#jobs.get(bearerOf(exchange) ?? '');
    if (!job) return answerJson(exchange, 401, { message: 'Unauthorized' });
    if (!searchParams.has('api-version')) return answerJson(exchange, 400, { message: 'api-version is missing' });
    const audience = searchParams.get('audience') ?? `https://github.com/${job.claims.repository_owner}`;
    exchange.note({ principal: job.claims.sub, about: audience });
    return answerJson(exchange, 200, { value: await this.tokenFor(job, audience) });
  }
}
