import type { Workload } from './app.ts';
import { isRecord } from './json.ts';

/** Answers of a running host to its admin requests. */
export interface HostAnswers {
  readonly status: unknown;
  readonly functions: unknown;
  /** Answer of each function's own status, by its name. */
  readonly functionStatus: ReadonlyMap<string, unknown>;
}

/** What keeps a host of an app that declares these names from being loaded: a state, an error of its own, a function too many or too few, a function's error. */
export function faultsOfHost(workload: Workload, declared: readonly string[], answers: HostAnswers): readonly string[] {
  const expected = workload.functions.map(fn => fn.name);
  const listed = listedNames(answers.functions);
  const missing = expected.filter(name => !listed.includes(name));
  // A host may list the functions of other workloads, which it does not run.
  const extra = listed.filter(name => !declared.includes(name));
  return [
    ...faultsOfStatus(answers.status),
    ...missing.map(name => `The host did not load the function "${name}", which the code declares.`),
    ...extra.map(
      name =>
        `The host loaded the function "${name}", which was not found in the code. Declare it in a way that can be read, or list it in aks-functions.yml.`,
    ),
    ...[...answers.functionStatus].flatMap(([name, status]) =>
      errorsOf(status).map(error => `Function "${name}": ${sentence(error)}`),
    ),
  ];
}

/** Whether the host has finished starting, well or not. */
export function isSettled(status: unknown): boolean {
  return ['Running', 'Error'].includes(stateOf(status));
}

function faultsOfStatus(status: unknown): readonly string[] {
  const state = stateOf(status);
  const errors = errorsOf(status).map(error => `The host reported: ${sentence(error)}`);
  return state === 'Running' ? errors : [...errors, `The host is in state "${state}", not "Running".`];
}

/** The error without its stack, which the log of the host has. */
function sentence(error: string): string {
  const line = error.split(/\r?\n/)[0] ?? '';
  return /[.!?]$/.test(line) ? line : `${line}.`;
}

function stateOf(status: unknown): string {
  return isRecord(status) && typeof status.state === 'string' ? status.state : 'unknown';
}

function errorsOf(status: unknown): readonly string[] {
  if (!isRecord(status) || !Array.isArray(status.errors)) return [];
  return status.errors.map(error => (typeof error === 'string' ? error : JSON.stringify(error)));
}

function listedNames(functions: unknown): readonly string[] {
  if (!Array.isArray(functions)) return [];
  return functions
    .filter(isRecord)
    .filter(fn => fn.isDisabled !== true)
    .map(fn => String(fn.name));
}
