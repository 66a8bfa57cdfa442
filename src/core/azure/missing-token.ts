import { isRecord } from '../json.ts';

/** What is known about a job without a way to an OIDC token. */
export interface TokenlessJob {
  readonly isJob: boolean;
  readonly event: string | undefined;
  /** What the event is about, as the runner tells it. */
  readonly payload: unknown;
}

/** Why there is no OIDC token to sign in with, and what to do. */
export function missingTokenFault({ isJob, event, payload }: TokenlessJob): string {
  if (!isJob)
    return 'Only a job of GitHub Actions has the OIDC token that "auth: oidc" signs in with. Use "auth: azure-cli" on your own machine.';
  const fork = event === 'pull_request' ? forkOf(payload) : undefined;
  if (fork)
    return `GitHub gives no OIDC token to a pull request from a fork, here "${fork}", so that it cannot sign in to Azure. Run this step after the merge, or for branches of the repository alone.`;
  return 'GitHub gave this job no OIDC token to sign in to Azure with. Add "permissions" with "id-token: write" and "contents: read" to the job; a reusable workflow gets no more than its caller has.';
}

/** Full name of the fork that a pull request comes from; undefined for one within the repository. */
function forkOf(payload: unknown): string | undefined {
  const pull = isRecord(payload) ? payload.pull_request : undefined;
  const [head, base] = isRecord(pull) ? [nameIn(pull.head), nameIn(pull.base)] : [];
  return head !== base ? head : undefined;
}

function nameIn(side: unknown): string | undefined {
  const repository = isRecord(side) ? side.repo : undefined;
  return isRecord(repository) && typeof repository.full_name === 'string' ? repository.full_name : undefined;
}
