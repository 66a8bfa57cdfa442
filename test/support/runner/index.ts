import { ConcurrencyGroups } from './concurrency.ts';
import { readWorkflow, StartupFailure } from './definitions.ts';
import { interpolate } from './expressions.ts';
import { githubContext } from './github-context.ts';
import { parsePermissions, restrictedDefault } from './permissions.ts';
import type { RunOptions, RunRecord } from './run.ts';
import { mapOf, textOf, type Value, type ValueMap } from './values.ts';
import { conclusionOf, runWorkflow } from './workflows.ts';

/** Runs a workflow from its YAML as GitHub and its runner do; what is not modelled is listed in README.md beside this file. */
export async function run(options: RunOptions): Promise<RunRecord> {
  const stop = new AbortController();
  const signal = AbortSignal.any([stop.signal, ...(options.signal ? [options.signal] : [])]);
  const groups = options.concurrency ?? new ConcurrencyGroups();
  try {
    const definition = readWorkflow(options.repository, options.workflow);
    const contexts = contextsOf(options, definition.content);
    const scope = { contexts, status: 'success', workspace: options.repository.folder } as const;
    const concurrency = interpolate(definition.content.concurrency ?? null, scope);
    if (!(await groups.enter(concurrency, () => stop.abort())))
      return { conclusion: 'cancelled', jobs: [], outputs: {} };
    try {
      const granted = parsePermissions(definition.content.permissions) ?? restrictedDefault;
      const place = {
        definition,
        contexts,
        granted,
        depth: 1,
      };
      const { jobs, outputs } = await runWorkflow(place, { options, groups, signal, fromFork: isFromFork(options) });
      const conclusion = conclusionOf(jobs);
      // A run that is stopped before its first job began has skipped them all.
      return { conclusion: signal.aborted && conclusion === 'skipped' ? 'cancelled' : conclusion, jobs, outputs };
    } finally {
      groups.leave(concurrency);
    }
  } catch (error) {
    if (error instanceof StartupFailure)
      return { conclusion: 'startup_failure', reason: error.message, jobs: [], outputs: {} };
    throw error;
  }
}

function contextsOf(
  { repository, event, workflow, inputs = {}, secrets = {}, vars = {} }: RunOptions,
  content: ValueMap,
): ValueMap {
  const identity = {
    ...{ repository: repository.name, event, runId: 1, token: 'ghs_harness' },
    workflowName: textOf(content.name ?? workflow),
    workflowPath: workflow,
  };
  const declared = Object.entries(mapOf(mapOf(mapOf(content.on).workflow_dispatch).inputs));
  const defaults = Object.fromEntries(declared.map(([name, input]) => [name, mapOf(input).default ?? '']));
  return {
    github: githubContext(identity, '', ''),
    inputs: { ...defaults, ...inputs },
    secrets: { GITHUB_TOKEN: 'ghs_harness', ...secrets },
    vars,
  };
}

/** A pull request of another repository, which gets neither write access nor an identity. */
function isFromFork({ event }: RunOptions): boolean {
  if (event.name !== 'pull_request') return false;
  const repositoryOf = (side: string): Value | undefined =>
    mapOf(mapOf(mapOf(event.payload.pull_request)[side]).repo).full_name;
  return repositoryOf('head') !== repositoryOf('base');
}

export { ConcurrencyGroups } from './concurrency.ts';
export type { Repository } from './definitions.ts';
export type { JobRecord, RunEvent, RunOptions, RunRecord, StepRecord, Stub } from './run.ts';
