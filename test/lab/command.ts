import { spawn } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { UserError } from '../../src/errors.ts';

export interface CommandOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Text for standard input; without it the input is empty. */
  readonly input?: string;
}

/** Standard output of a program that ends with 0; else a UserError with the end of what it wrote to standard error. */
export async function outputOf(
  program: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<string> {
  const result = await resultOf(program, args, options);
  if (result.code === 0) return result.stdout;
  const said = (result.stderr.trim() || result.stdout.trim()).slice(-2000);
  throw new UserError(`"${[program, ...args].join(' ').slice(0, 300)}" ended with ${result.code}: ${said}`);
}

interface CommandResult {
  readonly code: number | string;
  readonly stdout: string;
  readonly stderr: string;
}

function resultOf(program: string, args: readonly string[], options: CommandOptions): Promise<CommandResult> {
  const { cwd, env = process.env, input = '' } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, env, stdio: ['pipe', 'pipe', 'pipe'] });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on('data', (piece: Buffer) => stdout.push(piece));
    child.stderr.on('data', (piece: Buffer) => stderr.push(piece));
    // A program that ends without reading its input is no fault.
    child.stdin.on('error', () => undefined).end(input);
    child.once('error', error => reject(new UserError(`"${program}" cannot be started: ${error.message}`)));
    child.once('close', (code, signal) =>
      resolve({
        code: code ?? signal ?? 'unknown',
        stdout: `${Buffer.concat(stdout)}`,
        stderr: `${Buffer.concat(stderr)}`,
      }),
    );
  });
}

/** Path of a program on the search path, or undefined. */
export async function findProgram(name: string): Promise<string | undefined> {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  for (const folder of folders.filter(folder => folder !== '')) {
    const path = join(folder, name);
    const usable = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (usable) return path;
  }
  return undefined;
}
