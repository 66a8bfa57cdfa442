import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runAction } from './actions.ts';
import { runChild } from './child.ts';
import { holds, interpolate } from './expressions.ts';
import { isBlockedVariable, parseFileCommand } from './file-commands.ts';
import { type JobState, type StepFrame, scopeOf } from './job-state.ts';
import { StepLog } from './log.ts';
import type { Conclusion, StepRecord } from './run.ts';
import { mapOf, textOf, type Value, type ValueMap } from './values.ts';

const summaryLimit = 1024 * 1024;

/** Runs the steps of a list in order; a failed one leaves the next to those that ask for it. */
export async function runSteps(
  steps: readonly Value[],
  state: JobState,
  frame: StepFrame,
): Promise<readonly StepRecord[]> {
  const records: StepRecord[] = [];
  for (const [index, value] of steps.entries()) {
    const record = await runStep(mapOf(value), index, state, frame);
    records.push(record);
    frame.steps.set(record.id, record);
    if (state.signal.aborted) state.status = 'cancelled';
    else if (record.conclusion === 'failure') state.status = 'failure';
  }
  return records;
}

async function runStep(step: ValueMap, index: number, state: JobState, frame: StepFrame): Promise<StepRecord> {
  const id = textOf(step.id) || `__${index}`;
  const before = { ...Object.fromEntries(state.environment), ...frame.environment };
  const own = mapOf(interpolate(step.env ?? null, scopeOf(state, frame, before)));
  const environment = {
    ...before,
    ...Object.fromEntries(Object.entries(own).map(([name, value]) => [name, textOf(value)])),
  };
  const scope = scopeOf(state, frame, environment);
  const name = textOf(interpolate(step.name ?? step.uses ?? textOf(step.run).split('\n')[0] ?? '', scope));
  const log = new StepLog(state.masks, state.options.onLine);
  const skipped = { id, name, outputs: {}, log: log.lines, annotations: log.annotations, summary: '' } as const;
  if (!holds(step.if, scope)) return { ...skipped, outcome: 'skipped', conclusion: 'skipped' };
  // What runs in a cancelled job, because it asks for it, is not cancelled again.
  const signal = state.signal.aborted ? new AbortController().signal : state.signal;
  const result = await execute(step, { state, frame, environment, log, name, signal }).catch(error => {
    log.fail(error instanceof Error ? error.message : String(error));
    return { code: 1, outputs: {}, summary: '' };
  });
  const outcome: Conclusion = signal.aborted ? 'cancelled' : result.code === 0 ? 'success' : 'failure';
  const continues = interpolate(step['continue-on-error'] ?? false, scope) === true;
  return {
    ...skipped,
    outcome,
    conclusion: continues && outcome === 'failure' ? 'success' : outcome,
    outputs: result.outputs,
    summary: result.summary,
  };
}

/** What the parts of one step share. */
export interface StepRun {
  readonly state: JobState;
  readonly frame: StepFrame;
  readonly environment: Readonly<Record<string, string>>;
  readonly log: StepLog;
  readonly name: string;
  /** Aborted when the run is cancelled while the step runs. */
  readonly signal: AbortSignal;
}

/** How a step's own work ended. */
export interface StepEnd {
  readonly code: number;
  readonly outputs: Readonly<Record<string, string>>;
  readonly summary: string;
}

function execute(step: ValueMap, run: StepRun): Promise<StepEnd> {
  return step.uses === undefined ? runScript(step, run) : runAction(textOf(step.uses), step, run);
}

async function runScript(step: ValueMap, run: StepRun): Promise<StepEnd> {
  const { state, frame, environment } = run;
  const scope = scopeOf(state, frame, environment);
  const text = textOf(interpolate(step.run ?? '', scope));
  const file = join(state.temporary, `script-${process.hrtime.bigint()}`);
  await writeFile(file, text);
  const directory = join(state.workspace, textOf(interpolate(step['working-directory'] ?? '', scope)));
  const [program, args] = shellOf(textOf(step.shell), file);
  return withFiles(run, files => ({ program, args, directory, environment: files }));
}

/** `-e` without a shell; `pipefail` too with `shell: bash`. */
function shellOf(shell: string, file: string): readonly [string, readonly string[]] {
  switch (shell) {
    case '':
      return ['bash', ['-e', file]];
    case 'bash':
      return ['bash', ['--noprofile', '--norc', '-eo', 'pipefail', file]];
    case 'sh':
      return ['sh', ['-e', file]];
    default:
      throw new Error(`Shell '${shell}' is not modelled.`);
  }
}

interface Command {
  readonly program: string;
  readonly args: readonly string[];
  readonly directory: string;
  readonly environment: Readonly<Record<string, string>>;
}

/** Runs a process with the runner's file commands, and takes what it left in them. */
export async function withFiles(
  run: StepRun,
  commandOf: (environment: Readonly<Record<string, string>>) => Command,
  onState?: (name: string, value: string) => void,
): Promise<StepEnd> {
  const { state, environment, log, signal } = run;
  const names = ['OUTPUT', 'ENV', 'PATH', 'STATE', 'STEP_SUMMARY'] as const;
  const key = process.hrtime.bigint();
  const files = Object.fromEntries(names.map(name => [name, join(state.temporary, `${name.toLowerCase()}-${key}`)]));
  await Promise.all(Object.values(files).map(file => writeFile(file, '')));
  const variables = Object.fromEntries(names.map(name => [`GITHUB_${name}`, files[name] ?? '']));
  const path = [...state.path, environment.PATH ?? process.env.PATH ?? ''].join(':');
  const command = commandOf({ ...environment, ...platformOf(state), ...variables, PATH: path });
  const code = await runChild({ ...command, onText: text => log.write(text), signal });
  log.end();
  const read = (name: (typeof names)[number]) => readFile(files[name] ?? '', 'utf8');
  for (const [name, value] of parseFileCommand(await read('ENV'))) {
    if (isBlockedVariable(name)) throw new Error(`Can't store ${name} output parameter using '$GITHUB_ENV' command.`);
    state.environment.set(name, value);
  }
  state.path.unshift(...(await read('PATH')).split('\n').filter(Boolean).reverse());
  for (const [name, value] of parseFileCommand(await read('STATE'))) onState?.(name, value);
  return {
    code,
    outputs: Object.fromEntries(parseFileCommand(await read('OUTPUT'))),
    summary: summaryOf(await read('STEP_SUMMARY'), run),
  };
}

function platformOf({ platform, temporary }: JobState): Readonly<Record<string, string>> {
  return { ...platform, RUNNER_TEMP: temporary };
}

/** A summary over the limit is dropped as a whole, with an error that fails nothing. */
function summaryOf(text: string, { log, state }: StepRun): string {
  if (Buffer.byteLength(text) <= summaryLimit) return state.masks.hide(text);
  log.fail(
    `$GITHUB_STEP_SUMMARY upload aborted, supports content up to a size of 1024k, got ${Math.ceil(Buffer.byteLength(text) / 1024)}k.`,
  );
  return '';
}
