import { spawn } from 'node:child_process';

/** A process of a step. */
export interface Child {
  readonly program: string;
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly directory: string;
  readonly onText: (text: string) => void;
  /** Aborted when the run is cancelled. */
  readonly signal: AbortSignal;
}

// How long the runner waits after each signal of a cancellation.
const afterInterrupt = 7500;
const afterTerminate = 2500;

/** Exit code of the process; a cancelled one gets SIGINT, then SIGTERM, then SIGKILL, at the runner's intervals. */
export function runChild({ program, args, environment, directory, onText, signal }: Child): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd: directory, env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
    const timers: NodeJS.Timeout[] = [];
    const cancel = () => {
      child.kill('SIGINT');
      timers.push(setTimeout(() => child.kill('SIGTERM'), afterInterrupt));
      timers.push(setTimeout(() => child.kill('SIGKILL'), afterInterrupt + afterTerminate));
    };
    signal.addEventListener('abort', cancel, { once: true });
    child.stdout.setEncoding('utf8').on('data', onText);
    child.stderr.setEncoding('utf8').on('data', onText);
    child.once('error', reject);
    child.once('close', code => {
      signal.removeEventListener('abort', cancel);
      for (const timer of timers) clearTimeout(timer);
      resolve(code ?? 1);
    });
    if (signal.aborted) cancel();
  });
}
