import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import * as v from 'valibot';
import { waitUntil } from '../lab/processes.ts';

const program = join(import.meta.dirname, '../lab/host/Microsoft.Azure.WebJobs.Script.WebHost');

const hostStatus = v.object({ id: v.string(), state: v.string(), version: v.string(), errors: v.array(v.string()) });
const functionList = v.array(
  v.looseObject({ name: v.string(), isDisabled: v.boolean(), language: v.string(), invoke_url_template: v.string() }),
);
const functionStatus = v.object({ errors: v.array(v.string()) });

/** A stand-in host running as a plain process of this machine. */
export interface RunningHost extends AsyncDisposable {
  /** What it has written until now, both streams. */
  log(): string;
  /** Answer to a request; `key` goes into the header. */
  ask(path: string, options?: RequestInit & { readonly key?: string }): Promise<Response>;
  /** State and errors of the host, and the functions it lists, opened with the master key "m". */
  status(): Promise<v.InferOutput<typeof hostStatus>>;
  functions(): Promise<v.InferOutput<typeof functionList>>;
  /** Errors of one function. */
  errorsOf(name: string): Promise<readonly string[]>;
  /** Sends SIGTERM. */
  terminate(): void;
  /** Exit code, or the signal's name. */
  readonly ended: Promise<unknown>;
}

/** Starts the host for an app with exactly these settings; gives it once its log says `until`. */
export async function startHost(
  root: string,
  settings: Readonly<Record<string, string>>,
  until: RegExp = /Host started/,
): Promise<RunningHost> {
  const base = { PATH: process.env.PATH, AzureWebJobsScriptRoot: root, ASPNETCORE_URLS: 'http://127.0.0.1:0' };
  const child = spawn(program, [], { env: { ...base, ...settings }, stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', piece => (text += piece));
  const ended = once(child, 'close').then(([code, signal]: unknown[]) => code ?? signal);
  const port = () => /listening on port (\d+)/.exec(text)?.[1];
  await waitUntil(`the log says ${until}`, async () => until.test(text) || child.exitCode !== null, 20_000);
  const ask: RunningHost['ask'] = (path, { key, ...options } = {}) =>
    fetch(`http://127.0.0.1:${port()}${path}`, { ...options, ...(key ? { headers: { 'x-functions-key': key } } : {}) });
  const admin = async (path: string): Promise<unknown> => (await ask(`/admin/${path}`, { key: 'm' })).json();
  return {
    ended,
    ask,
    log: () => text,
    status: async () => v.parse(hostStatus, await admin('host/status')),
    functions: async () => v.parse(functionList, await admin('functions')),
    errorsOf: async name => v.parse(functionStatus, await admin(`functions/${name}/status`)).errors,
    terminate: () => void child.kill('SIGTERM'),
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
