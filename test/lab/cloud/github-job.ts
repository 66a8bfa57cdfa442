import { randomBytes } from 'node:crypto';

/** A job whose token is asked for; what is not given is that of a push to the main branch of `acme/shop`. */
export interface JobOptions {
  readonly repository?: string;
  readonly repositoryId?: string;
  readonly ownerId?: string;
  readonly ref?: string;
  readonly event?: string;
  readonly environment?: string;
  /** Whether the subject has the ids of owner and repository, as that of every new repository. */
  readonly immutableSubject?: boolean;
  /** `false` for a job without `permissions: id-token: write`. */
  readonly idToken?: boolean;
  /** Whether it is for a pull request from a fork, which never gets a token. */
  readonly fork?: boolean;
  /** Of a reusable workflow, as `acme/shop/.github/workflows/deploy.yml@refs/heads/main`. */
  readonly jobWorkflow?: string;
  /** Claims that replace those it would have. */
  readonly claims?: Readonly<Record<string, unknown>>;
}

/** A job as GitHub knows it. */
export interface Job {
  /** Opens the way to its tokens. */
  readonly requestToken: string;
  readonly claims: Readonly<Record<string, unknown>> & { readonly sub: string };
}

const defaults = {
  repository: 'acme/shop',
  repositoryId: '4711',
  ownerId: '815',
  ref: 'refs/heads/main',
  event: 'push',
};

/** Makes a job. */
export function newJob(options: JobOptions): Job {
  const job = { ...defaults, ...options };
  const sub = subjectOf(job);
  return { requestToken: randomBytes(24).toString('hex'), claims: { ...claimsOf(job), sub, ...options.claims } };
}

type FullJob = JobOptions & typeof defaults;

/** The first rule that fits counts. */
function subjectOf(job: FullJob): string {
  const [owner, name] = job.repository.split('/');
  const repository = job.immutableSubject ? `${owner}@${job.ownerId}/${name}@${job.repositoryId}` : job.repository;
  if (job.environment) return `repo:${repository}:environment:${job.environment}`;
  if (job.event === 'pull_request') return `repo:${repository}:pull_request`;
  return `repo:${repository}:ref:${job.ref}`;
}

function claimsOf(job: FullJob): Readonly<Record<string, unknown>> {
  const [owner] = job.repository.split('/');
  const sha = '5f0c8a1b2c3d4e5f60718293a4b5c6d7e8f90123';
  const workflow = `${job.repository}/.github/workflows/deploy.yml@${job.ref}`;
  return {
    ...{ repository: job.repository, repository_id: job.repositoryId, repository_visibility: 'private' },
    ...{ repository_owner: owner, repository_owner_id: job.ownerId },
    ...{ ref: job.ref, ref_type: job.ref.startsWith('refs/tags/') ? 'tag' : 'branch', ref_protected: 'false', sha },
    ...{ head_ref: job.event === 'pull_request' ? 'topic' : '', base_ref: job.event === 'pull_request' ? 'main' : '' },
    ...{ actor: 'octo', actor_id: '1', event_name: job.event },
    ...(job.environment ? { environment: job.environment } : {}),
    ...{ workflow: 'Deploy', workflow_ref: workflow, workflow_sha: sha },
    ...{ job_workflow_ref: job.jobWorkflow ?? workflow, job_workflow_sha: sha },
    ...{ run_id: '1', run_number: '1', run_attempt: '1', runner_environment: 'github-hosted', check_run_id: '1' },
  };
}
