import { createHash } from 'node:crypto';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { lockOf } from './lock.ts';

/** One line about what the lab does; never ends with a line break. */
export type Say = (line: string) => void;

/** Folder of everything that is kept between runs: `AKS_FUNCTIONS_CACHE`, else below the user's cache folder. */
export function cacheFolder(environment: NodeJS.ProcessEnv = process.env): string {
  const users = environment.XDG_CACHE_HOME || join(homedir(), '.cache');
  return environment.AKS_FUNCTIONS_CACHE || join(users, 'aks-functions');
}

/** Sixteen hex digits that differ when any of `parts` differs. */
export function cacheKey(parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16);
}

/** Whether there is a file or folder at `path`. */
export async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}

/**
 * `folder`, made by `fill` when it is not there. Another run that makes the same folder is waited for; the folder
 * appears complete or not at all. A failure of `fill` is thrown as it is, and leaves nothing behind.
 */
export async function filledFolder(folder: string, fill: (part: string) => Promise<void>, say: Say): Promise<string> {
  if (await exists(folder)) return folder;
  await mkdir(dirname(folder), { recursive: true });
  await using _lock = await lockOf(`${folder}.lock`, owner =>
    say(`Waiting for process ${owner}, which makes "${folder}".`),
  );
  if (await exists(folder)) return folder;
  const part = `${folder}.part`;
  await rm(part, { recursive: true, force: true });
  await mkdir(part);
  try {
    await fill(part);
    await rename(part, folder);
  } finally {
    await rm(part, { recursive: true, force: true });
  }
  return folder;
}
