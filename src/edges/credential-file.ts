import { mkdir, open, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { faultOfTakenFile } from '../core/inputs/target.ts';
import type { Secret } from '../core/secret.ts';
import { UserError } from '../errors.ts';
import { isTaken } from './readable.ts';

/**
 * Writes a credential where nothing is yet, for the eyes of the owner alone. `made` is called as soon as the file is
 * there and before it holds anything, so that whoever removes it knows of it however the run ends.
 */
export async function writeCredentialFile(path: string, credential: Secret, made: () => void): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    // Exclusive: it follows no link, and never opens the file of another.
    await using file = await open(path, 'wx', 0o600);
    made();
    await file.writeFile(credential.reveal());
  } catch (cause) {
    // The folder may be a file, which fails alike.
    if (codeOf(cause) === 'EEXIST' && isTaken(path)) throw new UserError(faultOfTakenFile(path), { cause });
    throw new UserError(
      `File "${path}" cannot be written (${codeOf(cause)}). Choose a folder that may be written and has space.`,
      { cause },
    );
  }
}

/** Removes the file; false when it is gone already. Throws UserError that says where the credential still is. */
export async function removeCredentialFile(path: string): Promise<boolean> {
  try {
    await rm(path);
    return true;
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return false;
    throw new UserError(
      `File "${path}" cannot be removed (${codeOf(cause)}). Remove it by hand, since it holds a credential of the cluster.`,
      { cause },
    );
  }
}

function codeOf(cause: unknown): string {
  return cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown';
}
