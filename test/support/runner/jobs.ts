import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Repository } from './definitions.ts';
import { holds, interpolate, type Scope } from './expressions.ts';
import { githubEnvironment } from './github-context.ts';
import { type JobState, type StepFrame, scopeOf } from './job-state.ts';
import { Masks } from './masks.ts';
import type { Permissions } from './permissions.ts';
import type { Conclusion, JobRecord, RunOptions, StepRecord } from './run.ts';
import { runSteps } from './steps.ts';
import { listOf, mapOf, textOf, type ValueMap } from './values.ts';

/** A job that is to run, of one combination of its matrix. */
export interface JobPlan {
  readonly id: string;
  readonly definition: ValueMap;
  /** Of the workflow file that holds it. */
  readonly workflow: ValueMap;
  readonly repository: Repository;
  /** Without `github.workspace`, `matrix` and `runner`. */
  readonly contexts: ValueMap;
  readonly matrix: ValueMap;
  readonly permissions: Permissions;
  readonly workflowRef: string;
}

/** Runs a job in a workspace of its own, which is gone at the end, and says how it ended. */
export async function runJob(plan: JobPlan, options: RunOptions, signal: AbortSignal): Promise<JobRecord> {
  const folder = await mkdtemp(join(tmpdir(), 'runner-'));
  try {
    const workspace = join(folder, 'work');
    const temporary = await mkdtemp(join(folder, 'temp-'));
    await cp(options.repository.folder, workspace, {
      recursive: true,
      filter: path => !/\/(?:node_modules|\.git)(?:\/|$)/.test(path),
    });
    const state = await openJob(plan, options, { workspace, temporary, signal });
    return await carryOut(plan, state);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface Places {
  readonly workspace: string;
  readonly temporary: string;
  readonly signal: AbortSignal;
}

async function openJob(plan: JobPlan, options: RunOptions, places: Places): Promise<JobState> {
  const { contexts, matrix, definition, permissions, workflowRef, id } = plan;
  const masks = new Masks();
  for (const secret of Object.values(mapOf(contexts.secrets))) masks.add(textOf(secret));
  const github = { ...mapOf(contexts.github), workspace: places.workspace };
  const whole = {
    ...contexts,
    github,
    matrix,
    runner: { os: 'Linux', arch: 'X64', temp: places.temporary, name: 'harness' },
  };
  const scope: Scope = { contexts: whole, status: 'success', workspace: places.workspace };
  const { environment } = definition;
  const name = textOf(
    interpolate(mapOf(environment).name ?? (typeof environment === 'string' ? environment : ''), scope),
  );
  const facts = { id, permissions, environment: name || undefined, event: options.event, workflowRef };
  return {
    ...{ options, masks, ...places },
    contexts: whole,
    platform: { ...githubEnvironment(github), ...(await options.platform?.(facts)) },
    environment: new Map(Object.entries(environmentOf(plan, scope))),
    path: [],
    posts: [],
    status: 'success',
  };
}

/** What the machine gives to all, then the workflow, then the job. */
function environmentOf({ workflow, definition }: JobPlan, scope: Scope): Readonly<Record<string, string>> {
  const machine = Object.entries(process.env).filter(([name]) =>
    /^(?:PATH|HOME|LANG|NODE_EXTRA_CA_CERTS|.*_proxy)$/i.test(name),
  );
  const levels = [workflow.env, definition.env].map(env => Object.entries(mapOf(interpolate(env ?? null, scope))));
  return Object.fromEntries([...machine, ...levels.flat()].map(([name, value]) => [name, textOf(value)]));
}

async function carryOut(plan: JobPlan, state: JobState): Promise<JobRecord> {
  const { definition, workflow } = plan;
  const frame: StepFrame = {
    repository: plan.repository,
    steps: new Map(),
    inputs: undefined,
    actionPath: undefined,
    depth: 0,
    environment: {},
  };
  const defaults = { ...mapOf(mapOf(workflow.defaults).run), ...mapOf(mapOf(definition.defaults).run) };
  const steps = listOf(definition.steps).map(step =>
    mapOf(step).run === undefined ? step : { ...defaults, ...mapOf(step) },
  );
  const records = [...(await runSteps(steps, state, frame)), ...(await runPosts(state, frame))];
  const scope = scopeOf(state, frame, Object.fromEntries(state.environment));
  const url = textOf(interpolate(mapOf(definition.environment).url ?? '', scope));
  return {
    id: plan.id,
    matrix: plan.matrix,
    conclusion: state.status,
    outputs: outputsOf(definition, state, scope),
    steps: records,
    permissions: plan.permissions,
    ...(url !== '' && !state.masks.holds(url) ? { environmentUrl: url } : {}),
  };
}

/** Last in, first out; in a cancelled run they still have their time. */
async function runPosts(state: JobState, frame: StepFrame): Promise<readonly StepRecord[]> {
  const records: StepRecord[] = [];
  for (const { name, condition, run, log } of state.posts.toReversed()) {
    const runs = holds(condition, scopeOf(state, frame, Object.fromEntries(state.environment)));
    const outcome: Conclusion = runs ? ((await run()) === 0 ? 'success' : 'failure') : 'skipped';
    if (outcome === 'failure') state.status = 'failure';
    records.push({
      id: '',
      name,
      outcome,
      conclusion: outcome,
      outputs: {},
      log: log.lines,
      annotations: [],
      summary: '',
    });
  }
  return records;
}

/** Outputs of the job: one that holds a secret is dropped, as a warning says. */
function outputsOf(definition: ValueMap, { masks, options }: JobState, scope: Scope): ValueMap {
  const outputs = Object.entries(mapOf(definition.outputs)).map(
    ([name, value]) => [name, textOf(interpolate(value, scope))] as const,
  );
  const [kept, dropped] = [false, true].map(holds => outputs.filter(([, value]) => masks.holds(value) === holds));
  for (const [name] of dropped ?? []) options.onLine?.(`Skip output '${name}' since it may contain secret.`);
  return Object.fromEntries(kept ?? []);
}
