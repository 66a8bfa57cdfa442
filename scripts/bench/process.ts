import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** A script and the whole environment that Node runs it in. */
export interface Command {
  readonly script: string;
  readonly arguments?: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

/** A process that disposing of it ends. */
export interface Started extends AsyncDisposable {
  /** When it was spawned, by the clock of `performance.now`. */
  readonly began: number;
  /** Rejects when the process ends by itself; never resolves. */
  readonly endedEarly: Promise<never>;
}

/** Starts Node on a script; nobody reads what it writes. */
export function startCommand({ script, env }: Command): Started {
  const began = performance.now();
  const child = spawn(process.execPath, [script], { env, stdio: 'ignore' });
  const ended = once(child, 'exit');
  const endedEarly = ended.then(([code]) => Promise.reject(new Error(`"${script}" ended with ${code} too early`)));
  endedEarly.catch(() => undefined);
  const stop = async () => {
    child.kill('SIGKILL');
    await ended;
  };
  return { began, endedEarly, [Symbol.asyncDispose]: stop };
}

/** Milliseconds from spawn to exit; throws when the exit code is another one than expected. */
export async function millisecondsToEnd(
  { script, arguments: given = [], env }: Command,
  expected: number,
): Promise<number> {
  const began = performance.now();
  const child = spawn(process.execPath, [script, ...given], { env, stdio: 'ignore' });
  const [code] = await once(child, 'exit');
  const milliseconds = performance.now() - began;
  if (code !== expected) throw new Error(`"${script}" ended with ${code} instead of ${expected}`);
  return milliseconds;
}
