import { type ChildProcess, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { basename, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { UserError } from '../../src/errors.ts';
import { findProgram } from './command.ts';

export interface ProcessOptions {
  /** Added to a small environment of its own: nothing of ours reaches a component by chance. */
  readonly env?: Readonly<Record<string, string>>;
  /** Name of the log file without its ending; the program's name when not given. */
  readonly name?: string;
}

/** A component that ended before it was stopped. */
export class ComponentEnded extends UserError {
  /** Whether it ended because another process had taken one of its ports. */
  readonly portTaken: boolean;

  readonly component: string;

  constructor(name: string, how: string, log: string) {
    super(`The lab's component "${name}" ended (${how}). The end of its log:\n${log}`);
    this.component = name;
    this.portTaken = /address already in use|EADDRINUSE/.test(log);
  }
}

/** The processes of one lab: they end with the lab, or with the process that started it. */
export class Processes {
  readonly #folder: string;
  readonly #setpriv: string | undefined;
  readonly #children = new Map<ChildProcess, Promise<void>>();
  readonly #failure = Promise.withResolvers<never>();
  #stopping = false;

  /** `folder` gets a log file for each process and is their working folder. */
  static async in(folder: string): Promise<Processes> {
    return new Processes(folder, await findProgram('setpriv'));
  }

  private constructor(folder: string, setpriv: string | undefined) {
    this.#folder = folder;
    this.#setpriv = setpriv;
    this.#failure.promise.catch(() => undefined);
    process.once('exit', this.#killAll);
  }

  /** Rejects with ComponentEnded when a process ends before `stop`; never settles else. */
  get failure(): Promise<never> {
    return this.#failure.promise;
  }

  /** Starts a program; what it writes goes to `<name>.log`. */
  start(program: string, args: readonly string[], options: ProcessOptions = {}): void {
    const { name = basename(program), env } = options;
    const log = join(this.#folder, `${name}.log`);
    const output = openSync(log, 'a');
    // The kernel ends the child when we die, however we die.
    const [command, ...rest] = this.#setpriv
      ? [this.#setpriv, '--pdeathsig', 'KILL', program, ...args]
      : [program, ...args];
    const child = spawn(command ?? program, rest, {
      cwd: this.#folder,
      stdio: ['ignore', output, output],
      env: { PATH: process.env.PATH, HOME: this.#folder, NO_PROXY: '127.0.0.1,localhost', ...env },
    });
    closeSync(output);
    this.#children.set(child, this.#watched(child, name, log));
  }

  #watched(child: ChildProcess, name: string, log: string): Promise<void> {
    return new Promise(resolve => {
      const ended = (how: string) => {
        resolve();
        if (!this.#stopping) void tailOf(log).then(text => this.#failure.reject(new ComponentEnded(name, how, text)));
      };
      child.once('error', error => ended(error.message));
      child.once('exit', (code, signal) => ended(String(code ?? signal)));
    });
  }

  /** Resolves when `test` holds, asked every 25 ms; throws when a component ends or after `limit` milliseconds. */
  async until(what: string, test: () => Promise<boolean>, limit = 60_000): Promise<void> {
    await Promise.race([waitUntil(what, test, limit), this.failure]);
  }

  /** Ends all processes at once and waits until they are gone: their state is thrown away, so no grace is given. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#failure.reject(new UserError('The lab was stopped.'));
    process.removeListener('exit', this.#killAll);
    this.#killAll();
    await Promise.all(this.#children.values());
  }

  readonly #killAll = (): void => {
    for (const child of this.#children.keys()) child.kill('SIGKILL');
  };
}

/** Resolves when `test` holds; a `test` that throws does not hold yet. Throws a UserError after `limit` milliseconds. */
export async function waitUntil(what: string, test: () => Promise<boolean>, limit = 60_000): Promise<void> {
  const end = Date.now() + limit;
  let reason: unknown;
  for (;;) {
    const holds = await test().catch((error: unknown) => {
      reason = error;
      return false;
    });
    if (holds) return;
    if (Date.now() > end) throw new UserError(`The lab waited ${limit / 1000} s in vain: ${what}.`, { cause: reason });
    await pause(25);
  }
}

async function tailOf(log: string): Promise<string> {
  return (await readFile(log, 'utf8').catch(() => '')).slice(-2000).trim();
}

/** Gives a free port of 127.0.0.1 at each call, never the same twice; throws after `count` of them. */
export type TakePort = () => number;

/** Finds `count` ports that nobody listens on. Another program may still take one before it is used. */
export async function freePorts(count: number): Promise<TakePort> {
  const servers: Server[] = [];
  while (servers.length < count) {
    const server = await listening(lowestPort + randomInt(portRange)).catch(() => undefined);
    if (server) servers.push(server);
  }
  const ports = servers.map(portOf);
  await Promise.all(servers.map(server => new Promise(resolve => server.close(resolve))));
  const rest = ports.values();
  return () => {
    const { value } = rest.next();
    if (value === undefined) throw new Error(`more than ${count} ports were taken`);
    return value;
  };
}

// Below the ports that systems give to outgoing connections: these would soon sit on one that is free now.
const lowestPort = 12_000;
const portRange = 20_000;

/** The port that a listening server has. */
export function portOf(server: Server): number {
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('the server does not listen on a port');
  return address.port;
}

function listening(port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject).listen(port, '127.0.0.1', () => resolve(server));
  });
}
