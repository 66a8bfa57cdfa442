import { type ChildProcess, spawn } from 'node:child_process';
import { UserError } from '../errors.ts';

/** A program to run; arguments are never seen by a shell. */
export interface Command {
  readonly program: string;
  readonly arguments: readonly string[];
  readonly directory?: string;
  /** Complete environment of the child. */
  readonly environment: NodeJS.ProcessEnv;
  /** What the program reads on standard input; nothing when absent. */
  readonly input?: string;
  /** Milliseconds until the child is ended. */
  readonly deadline: number;
  /** What to do when the program is not there. */
  readonly whenMissing: string;
}

/** How a program ended; `output` has the last part of what it wrote, both streams in their order. */
export interface Ending {
  readonly code: number;
  readonly output: string;
}

const outputLimit = 256 * 1024;
const graceBeforeKill = 3000;
const hidden = /^(?:INPUT_|STATE_|ACTIONS_(?:ID_TOKEN_REQUEST|RUNTIME|RESULTS|CACHE)_|AKS_FUNCTIONS_)/i;

/** `environment` without inputs, saved state and the tokens of the job. */
export function childEnvironment(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !hidden.test(name)));
}

/**
 * How the program ended, whatever its code. Throws UserError when it is missing or overruns its deadline, and the
 * signal's reason when that aborts; the child and its own children have then been ended.
 */
export async function runProgram(command: Command, signal: AbortSignal): Promise<Ending> {
  signal.throwIfAborted();
  const deadline = AbortSignal.timeout(command.deadline);
  const either = AbortSignal.any([signal, deadline]);
  const ending = await ended(command, either);
  signal.throwIfAborted();
  if (deadline.aborted) {
    const seconds = Math.round(command.deadline / 1000);
    throw new UserError(
      `"${command.program}" was ended after ${seconds} s without a result. Look at its last lines and at the network of this machine.\n${lastLines(ending.output)}`,
    );
  }
  return ending;
}

/** The last lines of an output, for a message. */
export function lastLines(output: string, count = 15): string {
  return output.trimEnd().split('\n').slice(-count).join('\n');
}

function ended(command: Command, signal: AbortSignal): Promise<Ending> {
  return new Promise((resolve, reject) => {
    // A process group of its own, so that grandchildren can be ended with the child.
    const child = spawn(command.program, command.arguments, {
      cwd: command.directory,
      env: command.environment,
      stdio: [command.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
      detached: true,
    });
    const output = collect(child);
    // A program that ends without reading has decided already.
    child.stdin?.on('error', () => {}).end(command.input);
    const stop = () => endGroup(child);
    signal.addEventListener('abort', stop, { once: true });
    child.once('error', error => {
      signal.removeEventListener('abort', stop);
      reject(new UserError(`"${command.program}" could not be started. ${command.whenMissing}`, { cause: error }));
    });
    child.once('close', code => {
      signal.removeEventListener('abort', stop);
      resolve({ code: code ?? -1, output: output() });
    });
  });
}

function collect(child: ChildProcess): () => string {
  let text = '';
  const add = (piece: string) => {
    text = (text + piece).slice(-outputLimit);
  };
  child.stdout?.setEncoding('utf8').on('data', add);
  child.stderr?.setEncoding('utf8').on('data', add);
  return () => text;
}

function endGroup(child: ChildProcess): void {
  signalGroup(child, 'SIGTERM');
  const timer = setTimeout(() => signalGroup(child, 'SIGKILL'), graceBeforeKill);
  child.once('close', () => clearTimeout(timer));
}

function signalGroup({ pid }: ChildProcess, name: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, name);
  } catch {
    // It has ended already, which is what we want.
  }
}
