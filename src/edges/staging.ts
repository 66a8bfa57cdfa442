import { mkdtemp, readdir, readlink, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UserError } from '../errors.ts';

/** A folder outside the workspace that disposing of it removes. */
export interface StagingFolder extends AsyncDisposable {
  readonly path: string;
}

/** Names the process space and the process that made the folder, so that a later run can tell whether it is still in use. */
const staged = /^aks-functions-(\d+)-(\d+)-\w{6}$/;

/** An empty folder in the runner's temporary folder, or in the system's. */
export async function openStaging(environment: NodeJS.ProcessEnv): Promise<StagingFolder> {
  const parent = parentOf(environment);
  const prefix = `aks-functions-${await processSpace()}-${process.pid}-`;
  const path = await mkdtemp(join(parent, prefix)).catch(error => {
    throw storageError(parent, error);
  });
  return { path, [Symbol.asyncDispose]: () => remove(path) };
}

/** Removes the folders of runs that were killed, which may hold files of the app or a sign-in of the engine. */
export async function removeLeftovers(environment: NodeJS.ProcessEnv): Promise<readonly string[]> {
  const parent = parentOf(environment);
  const space = await processSpace();
  // A temporary folder that cannot be listed is told when it is needed.
  const names = await readdir(parent).catch(() => []);
  const left = names.filter(name => {
    const [, madeIn, owner] = staged.exec(name) ?? [];
    return madeIn === space && !isRunning(Number(owner));
  });
  const paths = left.map(name => join(parent, name));
  await Promise.all(paths.map(remove));
  return paths;
}

function parentOf({ RUNNER_TEMP }: NodeJS.ProcessEnv): string {
  return RUNNER_TEMP || tmpdir();
}

function remove(path: string): Promise<void> {
  return rm(path, { recursive: true, force: true, maxRetries: 3 });
}

/** Containers that share a folder number their processes each for itself; systems without such spaces have the one 0. */
async function processSpace(): Promise<string> {
  const link = await readlink('/proc/self/ns/pid').catch(() => '');
  return /\d+/.exec(link)?.[0] ?? '0';
}

/** A process of somebody else may not be asked, but it is there. */
function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return !(error instanceof Error && 'code' in error && error.code === 'ESRCH');
  }
}

/** The error for a temporary folder that takes nothing more. */
export function storageError(folder: string, cause: unknown): UserError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new UserError(
    `The temporary folder "${folder}" cannot be written to (${reason}). Free some space, or name another folder in RUNNER_TEMP.`,
    { cause },
  );
}
