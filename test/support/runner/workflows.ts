import type { ConcurrencyGroups } from './concurrency.ts';
import { type Definition, parseReference, readWorkflow, StartupFailure } from './definitions.ts';
import { holds, interpolate, type Scope, type Status } from './expressions.ts';
import { runJob } from './jobs.ts';
import { combinations } from './matrix.ts';
import { assertWithin, forkPermissions, type Permissions, parsePermissions } from './permissions.ts';
import type { Conclusion, JobRecord, RunOptions } from './run.ts';
import { listOf, mapOf, textOf, type Value, type ValueMap } from './values.ts';

/** A workflow at its place in the chain of calls. */
export interface WorkflowPlace {
  readonly definition: Definition;
  readonly contexts: ValueMap;
  /** The most that its jobs may have. */
  readonly granted: Permissions;
  /** 1 for the one that the event started. */
  readonly depth: number;
}

/** What all workflows of a run share. */
export interface RunSetting {
  readonly options: RunOptions;
  readonly groups: ConcurrencyGroups;
  readonly signal: AbortSignal;
  /** Whether the event is a pull request of another repository. */
  readonly fromFork: boolean;
}

interface WorkflowResult {
  readonly jobs: readonly JobRecord[];
  readonly outputs: ValueMap;
}

interface Need {
  readonly result: Conclusion;
  readonly outputs: ValueMap;
}

const deepest = 10;

/** Runs the jobs of a workflow, each when those that it needs have ended. */
export async function runWorkflow(place: WorkflowPlace, setting: RunSetting): Promise<WorkflowResult> {
  const jobs = mapOf(place.definition.content.jobs);
  const started = new Map<string, Promise<readonly JobRecord[]>>();
  const start = (id: string): Promise<readonly JobRecord[]> => {
    const known = started.get(id);
    if (known !== undefined) return known;
    const job = runAllOf(id, mapOf(jobs[id]), { place, setting, start });
    started.set(id, job);
    return job;
  };
  const lists = await Promise.all(Object.keys(jobs).map(start));
  const ids = Object.keys(jobs);
  const needs = Object.fromEntries(lists.map((records, index) => [ids[index] ?? '', needOf(records)]));
  const scope: Scope = { contexts: { ...place.contexts, jobs: needs }, status: 'success', workspace: '' };
  const declared = mapOf(mapOf(mapOf(place.definition.content.on).workflow_call).outputs);
  const outputs = Object.entries(declared).map(
    ([name, output]) => [name, interpolate(mapOf(output).value ?? '', scope)] as const,
  );
  return { jobs: lists.flat(), outputs: Object.fromEntries(outputs) };
}

interface JobSetting {
  readonly place: WorkflowPlace;
  readonly setting: RunSetting;
  readonly start: (id: string) => Promise<readonly JobRecord[]>;
}

/** Every combination of a job's matrix, or the one record that says that it was skipped. */
async function runAllOf(
  id: string,
  job: ValueMap,
  { place, setting, start }: JobSetting,
): Promise<readonly JobRecord[]> {
  const names = listOf(job.needs).map(textOf);
  const needed = await Promise.all(names.map(start));
  const needs = Object.fromEntries(needed.map((records, index) => [names[index] ?? '', needOf(records)]));
  const contexts = { ...place.contexts, github: { ...mapOf(place.contexts.github), job: id }, needs };
  const scope: Scope = {
    contexts,
    status: statusOf(Object.values(needs), setting.signal),
    workspace: setting.options.repository.folder,
  };
  if (!holds(job.if, scope))
    return [{ id, matrix: {}, conclusion: 'skipped', outputs: {}, steps: [], permissions: {} }];
  const matrices = combinations(interpolate(mapOf(job.strategy).matrix ?? null, scope));
  const failFast = mapOf(job.strategy)['fail-fast'] !== false;
  const stop = new AbortController();
  const signal = AbortSignal.any([setting.signal, stop.signal]);
  const lists = await Promise.all(
    matrices.map(async matrix => {
      const records = await runOne(id, job, {
        place: { ...place, contexts: { ...contexts, matrix } },
        setting: { ...setting, signal },
        matrix,
      });
      if (failFast && conclusionOf(records) === 'failure') stop.abort();
      return records;
    }),
  );
  return lists.flat();
}

interface OneJob {
  readonly place: WorkflowPlace;
  readonly setting: RunSetting;
  readonly matrix: ValueMap;
}

async function runOne(id: string, job: ValueMap, { place, setting, matrix }: OneJob): Promise<readonly JobRecord[]> {
  const { definition, contexts } = place;
  const wanted = permissionsOf(id, job, place);
  const permissions = setting.fromFork ? forkPermissions(wanted) : wanted;
  const scope: Scope = { contexts, status: 'success', workspace: setting.options.repository.folder };
  const concurrency = interpolate(job.concurrency ?? null, scope);
  const stop = new AbortController();
  if (!(await setting.groups.enter(concurrency, () => stop.abort())))
    return [{ id, matrix, conclusion: 'cancelled', outputs: {}, steps: [], permissions }];
  const signal = AbortSignal.any([setting.signal, stop.signal]);
  try {
    if (job.uses !== undefined)
      return await call(id, job, {
        place: { ...place, granted: permissions },
        setting: { ...setting, signal },
        matrix,
      });
    const workflowRef = `${definition.repository.name}/${definition.path}@${setting.options.event.ref}`;
    const plan = {
      ...{ id, matrix, permissions, contexts, workflowRef },
      definition: job,
      workflow: definition.content,
      repository: definition.repository,
    };
    const record = await runJob(plan, setting.options, signal);
    const continues = interpolate(job['continue-on-error'] ?? false, scope) === true;
    return [continues && record.conclusion === 'failure' ? { ...record, conclusion: 'success' } : record];
  } finally {
    setting.groups.leave(concurrency);
  }
}

/** A called workflow's job may have no more than its caller; the event's own workflow decides by itself. */
function permissionsOf(id: string, job: ValueMap, { definition, granted, depth }: WorkflowPlace): Permissions {
  const wanted = parsePermissions(job.permissions) ?? parsePermissions(definition.content.permissions) ?? granted;
  if (depth > 1) assertWithin(wanted, granted, id);
  return wanted;
}

/** Runs a reusable workflow: inputs checked and typed, secrets one hop on, permissions only smaller. */
async function call(id: string, job: ValueMap, { place, setting, matrix }: OneJob): Promise<readonly JobRecord[]> {
  if (place.depth >= deepest) throw new StartupFailure(`'${textOf(job.uses)}' would be nested deeper than ${deepest}.`);
  const definition = calledBy(textOf(job.uses), place, setting);
  const declared = mapOf(mapOf(definition.content.on).workflow_call);
  const scope: Scope = { contexts: place.contexts, status: 'success', workspace: setting.options.repository.folder };
  const inputs = typedInputs(declared.inputs, mapOf(interpolate(job.with ?? null, scope)), definition.path);
  const secrets =
    job.secrets === 'inherit' ? mapOf(place.contexts.secrets) : mapOf(interpolate(job.secrets ?? null, scope));
  for (const [name, secret] of Object.entries(mapOf(declared.secrets)))
    if (mapOf(secret).required === true && textOf(secrets[name]) === '')
      throw new StartupFailure(`${definition.path}: secret '${name}' is required, but not provided.`);
  const contexts = {
    ...{ github: place.contexts.github ?? null, vars: place.contexts.vars ?? null, inputs },
    secrets: { GITHUB_TOKEN: mapOf(place.contexts.secrets).GITHUB_TOKEN ?? '', ...secrets },
  };
  const { jobs, outputs } = await runWorkflow(
    { definition, contexts, granted: place.granted, depth: place.depth + 1 },
    setting,
  );
  return [
    {
      id,
      matrix,
      conclusion: conclusionOf(jobs),
      outputs,
      steps: jobs.flatMap(one => one.steps),
      permissions: place.granted,
    },
  ];
}

function calledBy(uses: string, { definition }: WorkflowPlace, { options }: RunSetting): Definition {
  const reference = parseReference(uses);
  if (reference.kind === 'self' || reference.kind === 'workspace')
    return readWorkflow(definition.repository, reference.path);
  const repository = options.others?.[`${reference.repository}@${reference.ref}`];
  if (repository) return readWorkflow(repository, reference.path);
  throw new StartupFailure(`'${uses}' was not found.`);
}

function typedInputs(declared: Value | undefined, given: ValueMap, path: string): ValueMap {
  const known = mapOf(declared);
  const unknown = Object.keys(given).filter(name => !(name in known));
  if (unknown.length > 0)
    throw new StartupFailure(`${path}: input '${unknown.join("', '")}' is not defined in the referenced workflow.`);
  const entries = Object.entries(known).map(([name, value]) => {
    const { required, default: fallback, type } = mapOf(value);
    const passed = given[name];
    if (passed === undefined && required === true)
      throw new StartupFailure(`${path}: input '${name}' is required, but not provided.`);
    const chosen = passed ?? fallback ?? (type === 'boolean' ? false : type === 'number' ? 0 : '');
    if (typeof chosen !== type) throw new StartupFailure(`${path}: input '${name}' must be a ${textOf(type)}.`);
    return [name, chosen] as const;
  });
  return Object.fromEntries(entries);
}

/** What other jobs see of one: of a matrix, each output is that of the last combination that gave one. */
function needOf(records: readonly JobRecord[]): ValueMap & Need {
  const outputs = records.flatMap(record => Object.entries(record.outputs)).filter(([, value]) => value !== '');
  return { result: conclusionOf(records), outputs: Object.fromEntries(outputs) };
}

function statusOf(needs: readonly Need[], signal: AbortSignal): Status {
  if (signal.aborted || needs.some(({ result }) => result === 'cancelled')) return 'cancelled';
  return needs.every(({ result }) => result === 'success') ? 'success' : 'failure';
}

/** The worst of all; skipped only when all were. */
export function conclusionOf(records: readonly { readonly conclusion: Conclusion }[]): Conclusion {
  const has = (conclusion: Conclusion) => records.some(record => record.conclusion === conclusion);
  if (has('failure')) return 'failure';
  if (has('cancelled')) return 'cancelled';
  return records.length > 0 && !has('success') ? 'skipped' : 'success';
}
