import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UserError } from '../errors.ts';

/** A folder outside the workspace that disposing of it removes. */
export interface StagingFolder extends AsyncDisposable {
  readonly path: string;
}

/** An empty folder in the runner's temporary folder, or in the system's. */
export async function openStaging(environment: NodeJS.ProcessEnv): Promise<StagingFolder> {
  const parent = environment.RUNNER_TEMP || tmpdir();
  const path = await mkdtemp(join(parent, 'aks-functions-')).catch(error => {
    throw storageError(parent, error);
  });
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true, maxRetries: 3 }) };
}

/** The error for a temporary folder that takes nothing more. */
export function storageError(folder: string, cause: unknown): UserError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new UserError(
    `The temporary folder "${folder}" cannot be written to (${reason}). Free some space, or name another folder in RUNNER_TEMP.`,
    { cause },
  );
}
