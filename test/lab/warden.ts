import { spawn } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { UserError } from '../../src/errors.ts';
import { clearRealNode, giveBackClaims } from './node-claim.ts';

/** A process that clears up after this one, should this one be killed. */
export interface Warden {
  readonly pid: number;
  dismiss(): void;
}

/** Posts a warden for the lab in `dir`. It waits for its standard input to end, which only our death or dismissal brings. */
export function postWarden(dir: string, kind: 'real' | 'fake'): Warden {
  const child = spawn(process.execPath, [import.meta.filename, dir, kind], {
    // In a session of its own, it outlives what ends ours.
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    cwd: '/',
  });
  child.unref();
  if ('unref' in child.stdin && typeof child.stdin.unref === 'function') child.stdin.unref();
  if (child.pid === undefined) throw new UserError('The lab could not start the process that clears up after it.');
  return { pid: child.pid, dismiss: () => void child.kill('SIGKILL') };
}

async function clearUp(dir: string, kind: string): Promise<void> {
  for await (const _ of process.stdin) {
    // Nothing is ever said; the end is what counts.
  }
  if (kind === 'real') {
    await clearRealNode(dir);
    await giveBackClaims(process.pid);
  }
  await rm(dir, { recursive: true, force: true, maxRetries: 5 });
}

const [, script, dir, kind] = process.argv;
if (script === import.meta.filename && dir && kind) await clearUp(dir, kind);
