import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { load } from 'js-yaml';
import * as v from 'valibot';

/** Root of the repository. */
export const root = resolve(import.meta.dirname, '../..');

/** What one step of a job came to. */
export interface StepResult {
  readonly code: number | null;
  /** Everything that the action wrote, stdout and stderr in order. */
  readonly log: string;
  readonly outputs: Readonly<Record<string, string>>;
  readonly summary: string;
  readonly seconds: number;
}

/** How to run a step. */
export interface StepOptions {
  readonly with: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  /** Working directory, the checkout of the caller. */
  readonly workspace?: string;
  /** Called with each piece of the log as it comes. */
  readonly onLog?: (text: string) => void;
  /** Called with the process, to interrupt it. */
  readonly onStart?: (pid: number) => void;
}

const manifestSchema = v.object({
  inputs: v.record(v.string(), v.object({ default: v.optional(v.string()) })),
  runs: v.object({ main: v.string() }),
});

/** Runs an action's committed bundle as the runner does: inputs in the environment, outputs and summary in files. */
export async function runStep(
  action: 'root' | 'deploy' | 'smoke-test' | 'scale-test' | 'doctor' | 'teardown',
  options: StepOptions,
): Promise<StepResult> {
  const folder = action === 'root' ? root : join(root, 'workflows', action);
  const manifest = v.parse(manifestSchema, load(await readFile(join(folder, 'action.yml'), 'utf8')));
  const files = await mkdtemp(join(tmpdir(), 'step-'));
  try {
    const [outputFile, summaryFile] = [join(files, 'output'), join(files, 'summary')];
    await Promise.all([writeFile(outputFile, ''), writeFile(summaryFile, '')]);
    const inputs = Object.entries(manifest.inputs).map(([name, { default: value = '' }]) => [
      inputName(name),
      options.with[name] ?? value,
    ]);
    const unknown = Object.keys(options.with).filter(name => !(name in manifest.inputs));
    if (unknown.length > 0) throw new Error(`action "${action}" has no input ${unknown.join(', ')}`);
    const workspace = options.workspace ?? root;
    const env = {
      ...machineEnvironment(),
      RUNNER_TEMP: files,
      GITHUB_WORKSPACE: workspace,
      GITHUB_ACTIONS: 'true',
      GITHUB_OUTPUT: outputFile,
      GITHUB_STEP_SUMMARY: summaryFile,
      GITHUB_REPOSITORY: 'acme/shop',
      GITHUB_REPOSITORY_ID: '4711',
      GITHUB_SHA: '5f0c8a1b2c3d4e5f60718293a4b5c6d7e8f90123',
      GITHUB_RUN_ID: '1',
      ...Object.fromEntries(inputs),
      ...options.env,
    };
    const began = performance.now();
    const { code, log } = await runProcess([resolve(folder, manifest.runs.main)], env, workspace, options);
    const seconds = (performance.now() - began) / 1000;
    return {
      code,
      log,
      seconds,
      outputs: parseOutputs(await readFile(outputFile, 'utf8')),
      summary: await readFile(summaryFile, 'utf8'),
    };
  } finally {
    await rm(files, { recursive: true, force: true });
  }
}

/** Runs the committed command line; `stdout` holds the result, `stderr` the rest. */
export async function runCommand(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  workspace = root,
) {
  const environment = { ...machineEnvironment(), ...env };
  return runProcess([join(root, 'dist/cli.cjs'), ...args], environment, workspace, {});
}

function runProcess(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  cwd: string,
  { onLog, onStart }: Pick<StepOptions, 'onLog' | 'onStart'>,
) {
  return new Promise<{ code: number | null; log: string; stdout: string; stderr: string }>((done, fail) => {
    const child = spawn(process.execPath, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    const texts = { log: '', stdout: '', stderr: '' };
    const take = (stream: 'stdout' | 'stderr') => (piece: Buffer) => {
      const text = piece.toString();
      texts.log += text;
      texts[stream] += text;
      onLog?.(text);
    };
    child.stdout.on('data', take('stdout'));
    child.stderr.on('data', take('stderr'));
    child.once('error', fail);
    child.once('close', code => done({ code, ...texts }));
    if (child.pid !== undefined) onStart?.(child.pid);
  });
}

/** The environment of the machine, such as its proxies and certificates, without what another job or npm has set. */
function machineEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^(?:INPUT|GITHUB|RUNNER|ACTIONS|AKS_FUNCTIONS|NODE_TEST|npm)_/i.test(name),
    ),
  );
}

function inputName(name: string): string {
  return `INPUT_${name.toUpperCase().replaceAll(' ', '_')}`;
}

/** Outputs in the file's two forms: `name=value`, and a heredoc with a delimiter. */
function parseOutputs(text: string): Readonly<Record<string, string>> {
  const outputs: Record<string, string> = {};
  const lines = text.split(/\r?\n/);
  for (let index = 0; index < lines.length; index += 1) {
    const [, name = '', delimiter] = /^([^=]+?)<<(.+)$/.exec(lines[index] ?? '') ?? [];
    if (!delimiter) continue;
    const end = lines.indexOf(delimiter, index + 1);
    outputs[name] = lines.slice(index + 1, end).join('\n');
    index = end;
  }
  return outputs;
}
