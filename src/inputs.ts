import { getInput, getState } from '@actions/core';
import type { RawInputs } from './core/inputs/reader.ts';
import { type ActionName, actionInputs, type InputName, inputRows } from './core/inputs/table.ts';
import type { RunContext } from './core/release.ts';
import { Secret } from './core/secret.ts';

/** Inputs of an action as the runner hands them over, white space kept. */
export function readActionInputs(action: ActionName): RawInputs {
  return new Map(actionInputs[action].map(name => [name, getInput(name, { trimWhitespace: false })] as const));
}

/** What the main step of an action has remembered of an input; read by its post step. */
export function readRemembered(input: InputName): string | undefined {
  return getState(input) || undefined;
}

/** Inputs that environment variables `AKS_FUNCTIONS_<INPUT>` give to the command line. */
export function readEnvironmentInputs(names: readonly InputName[]): RawInputs {
  return new Map(
    names.map(name => [name, process.env[`AKS_FUNCTIONS_${name.toUpperCase().replaceAll('-', '_')}`] ?? ''] as const),
  );
}

/** Secret texts among raw inputs: whole values, or the values of lines `NAME=value`. */
export function secretTextsOf(raw: RawInputs): readonly string[] {
  return [...raw]
    .filter(([name]) => name in inputRows && isSecretInput(name))
    .flatMap(([name, text]) => {
      if (!['secret-settings', 'build-secrets'].includes(name)) return [text];
      return text
        .split(/\r?\n/)
        .map(line => line.slice(line.indexOf('=') + 1))
        .filter(value => value.trim() !== '');
    });
}

function isSecretInput(name: string): boolean {
  return Object.entries(inputRows).some(([known, row]) => known === name && 'secret' in row && row.secret);
}

/** What the runner says about this run. */
export interface Surroundings {
  readonly context: RunContext;
  /** Numeric id of the repository. */
  readonly repositoryId: string | undefined;
  readonly commit: string | undefined;
  /** Root of the checkout, to which annotations are relative. */
  readonly workspace: string;
  /** For child processes, which get it without inputs and tokens. */
  readonly environment: NodeJS.ProcessEnv;
  /** Whether a terminal shows colours. */
  readonly colours: boolean;
  readonly summaryFile: string | undefined;
  readonly job: JobSurroundings;
}

/** What the runner says about the job, for the sign-in. */
export interface JobSurroundings {
  /** Whether this is a job of GitHub Actions at all. */
  readonly isJob: boolean;
  readonly event: string | undefined;
  /** File with what the event is about. */
  readonly eventFile: string | undefined;
  /** Where the job asks for its OIDC token; undefined when it may not have one. */
  readonly tokenSource: { readonly url: string; readonly requestToken: Secret } | undefined;
}

/** Surroundings of the run: the only other reading of the environment. */
export function readSurroundings(): Surroundings {
  const {
    GITHUB_SERVER_URL,
    GITHUB_REPOSITORY,
    GITHUB_RUN_ID,
    GITHUB_SHA,
    GITHUB_REPOSITORY_ID,
    GITHUB_WORKSPACE,
    NO_COLOR,
    GITHUB_STEP_SUMMARY,
  } = process.env;
  const run =
    GITHUB_RUN_ID &&
    `${GITHUB_SERVER_URL ?? 'https://github.com'}/${GITHUB_REPOSITORY ?? ''}/actions/runs/${GITHUB_RUN_ID}`;
  return {
    context: { run: run || undefined, commit: GITHUB_SHA || undefined, repository: GITHUB_REPOSITORY || undefined },
    repositoryId: GITHUB_REPOSITORY_ID || undefined,
    commit: GITHUB_SHA || undefined,
    workspace: GITHUB_WORKSPACE || process.cwd(),
    environment: process.env,
    colours: process.stderr.isTTY === true && !NO_COLOR,
    summaryFile: GITHUB_STEP_SUMMARY || undefined,
    job: readJob(),
  };
}

function readJob(): JobSurroundings {
  const {
    GITHUB_ACTIONS,
    GITHUB_EVENT_NAME,
    GITHUB_EVENT_PATH,
    ACTIONS_ID_TOKEN_REQUEST_URL: url,
    ACTIONS_ID_TOKEN_REQUEST_TOKEN: requestToken,
  } = process.env;
  return {
    isJob: GITHUB_ACTIONS === 'true',
    event: GITHUB_EVENT_NAME || undefined,
    eventFile: GITHUB_EVENT_PATH || undefined,
    tokenSource: url && requestToken ? { url, requestToken: new Secret(requestToken) } : undefined,
  };
}
