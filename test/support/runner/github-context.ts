import type { RunEvent } from './run.ts';
import { mapOf, textOf, type ValueMap } from './values.ts';

/** What is the same for all jobs of a run. */
export interface RunIdentity {
  readonly repository: string;
  readonly workflowName: string;
  readonly workflowPath: string;
  readonly event: RunEvent;
  readonly runId: number;
  readonly token: string;
}

/** The context `github` of a job. */
export function githubContext(run: RunIdentity, job: string, workspace: string): ValueMap {
  const { repository, event, workflowName, workflowPath, runId, token } = run;
  const described = mapOf(event.payload.repository);
  const [owner = ''] = repository.split('/');
  return {
    event: event.payload,
    event_name: event.name,
    repository,
    repository_id: textOf(described.id ?? 4711),
    repository_owner: owner,
    repository_owner_id: textOf(mapOf(described.owner).id ?? 815),
    ref: event.ref,
    ref_name: event.ref.replace(/^refs\/(?:heads|tags|pull)\//, ''),
    ref_type: event.ref.startsWith('refs/tags/') ? 'tag' : 'branch',
    sha: event.sha,
    head_ref: event.headRef ?? '',
    base_ref: event.baseRef ?? '',
    actor: textOf(mapOf(event.payload.sender).login ?? 'octocat'),
    workflow: workflowName,
    workflow_ref: `${repository}/${workflowPath}@${event.ref}`,
    workflow_sha: event.sha,
    run_id: String(runId),
    run_number: '1',
    run_attempt: '1',
    job,
    token,
    workspace,
    server_url: 'https://github.com',
    api_url: 'https://api.github.com',
  };
}

const exported = [
  ...[
    'event_name',
    'repository',
    'repository_id',
    'repository_owner',
    'repository_owner_id',
    'ref',
    'ref_name',
    'ref_type',
    'sha',
  ],
  ...[
    'head_ref',
    'base_ref',
    'actor',
    'workflow',
    'workflow_ref',
    'workflow_sha',
    'run_id',
    'run_number',
    'run_attempt',
    'job',
  ],
  ...['workspace', 'server_url', 'api_url'],
];

/** Variables of the runner for every step; nothing of a caller stands over them. */
export function githubEnvironment(github: ValueMap): Readonly<Record<string, string>> {
  const entries = exported.map(name => [`GITHUB_${name.toUpperCase()}`, textOf(github[name])]);
  return { CI: 'true', GITHUB_ACTIONS: 'true', RUNNER_OS: 'Linux', RUNNER_ARCH: 'X64', ...Object.fromEntries(entries) };
}
