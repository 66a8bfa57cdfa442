import { randomUUID } from 'node:crypto';
import { link, readFile, rename, unlink, writeFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';

/**
 * Takes the lock file at `path`, waiting as long as the process named in it lives. `waiting` is called once, with the
 * id of the owner. Disposing gives the lock back.
 */
export async function lockOf(path: string, waiting: (owner: number) => void): Promise<AsyncDisposable> {
  for (let told = false; ; told = true) {
    const lock = await tryLock(path, process.pid);
    if (typeof lock !== 'number') return lock;
    if (!told) waiting(lock);
    await pause(200);
  }
}

/**
 * Takes the lock file at `path` in the name of process `owner`, or gives the id of the living process that has it. A
 * lock left by a process that is gone is taken over. Disposing gives the lock back.
 */
export async function tryLock(path: string, owner: number): Promise<AsyncDisposable | number> {
  const mine = await identityOf(owner);
  while (!(await claim(path, mine))) {
    const theirs = await readFile(path, 'utf8').catch(() => undefined);
    if (theirs === undefined) continue;
    if (await isAlive(theirs)) return Number.parseInt(theirs, 10);
    await discard(path, theirs);
  }
  return { [Symbol.asyncDispose]: () => unlink(path) };
}

/** Whether the process that wrote `identity` still runs. */
async function isAlive(identity: string): Promise<boolean> {
  const pid = Number.parseInt(identity, 10);
  return isRunning(pid) && (await identityOf(pid)) === identity;
}

/** Whether a process with this id runs, whoever owns it. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** Id and, where the system tells it, start time: ids are used again, so the id alone could name a stranger. */
async function identityOf(pid: number): Promise<string> {
  const status = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  const started = status.slice(status.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  return `${pid} ${started}`;
}

/** A hard link appears with its content or fails: no moment in which the lock has no owner. */
async function claim(path: string, identity: string): Promise<boolean> {
  const draft = `${path}.${randomUUID()}`;
  await writeFile(draft, identity);
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  } finally {
    await unlink(draft);
  }
}

/** Removes the lock of a dead owner, and puts it back when another run has taken it over meanwhile. */
async function discard(path: string, dead: string): Promise<void> {
  const aside = `${path}.${randomUUID()}`;
  const moved = await rename(path, aside).then(
    () => true,
    () => false,
  );
  if (!moved) return;
  if ((await readFile(aside, 'utf8')) !== dead) await link(aside, path).catch(() => undefined);
  await unlink(aside);
}
