import { type CommandRow, commandRows } from '../core/commands-table.ts';
import { type Flags, parseFlags } from '../core/flags.ts';
import { commandHelp, overviewHelp } from '../core/help.ts';
import type { RawInputs } from '../core/inputs/reader.ts';
import { actionInputs } from '../core/inputs/table.ts';
import { faultOfKedaFlag } from '../core/keda.ts';
import { nearest } from '../core/nearest.ts';
import { Secret } from '../core/secret.ts';
import { UsageError } from '../errors.ts';
import { readEnvironmentInputs, readSurroundings, secretTextsOf } from '../inputs.ts';
import { terminalOutput, writeResult } from '../outputs.ts';
import { runToEnd } from '../run.ts';
import type { Command } from './command.ts';

/** Carries out one command line, results on stdout and the rest on stderr, and sets its exit code. */
export async function runCommandLine(args: readonly string[]): Promise<void> {
  const surroundings = readSurroundings();
  const output = terminalOutput(surroundings.colours);
  process.exitCode = await runToEnd(output, async signal => {
    const [name = 'help', ...rest] = args;
    if (['help', '--help', '-h'].includes(name)) return say(overviewHelp());
    const row = rowOf(name);
    const flags = parseFlags(rest, row);
    if (flags.help) return say(commandHelp(name));
    if (row.later) throw new UsageError(`Command "${name}" is not available yet.`);
    checkChoices(row, flags);
    const raw = rawInputsOf(name, flags);
    for (const text of secretTextsOf(raw)) output.mask(new Secret(text));
    return (runners[name] ?? runFlow(name))({ raw, flags, surroundings, output, signal });
  });
}

interface Call {
  readonly raw: RawInputs;
  readonly flags: Flags;
  readonly surroundings: ReturnType<typeof readSurroundings>;
  readonly output: ReturnType<typeof terminalOutput>;
  readonly signal: AbortSignal;
}

type Runner = (call: Call) => Promise<number>;

const runners: Readonly<Record<string, Runner>> = {
  discover: async ({ raw, flags, ...setting }) => {
    const { discoverApp } = await import('./discover.ts');
    return say(await discoverApp(raw, flags.own.get('format') === 'json' ? 'json' : 'table', setting));
  },
  render: async ({ raw, flags, ...setting }) => {
    const kedaVersion = flags.own.get('keda-version');
    const kedaFault = kedaVersion === undefined ? undefined : faultOfKedaFlag(kedaVersion);
    if (kedaFault) throw new UsageError(`Flag "--keda-version" ${kedaFault}`);
    const [{ renderApp }, { textFiles }] = await Promise.all([import('./render.ts'), import('../edges/text-files.ts')]);
    const format = flags.own.get('format') === 'json' ? 'json' : 'yaml';
    const { name, text } = await renderApp(
      raw,
      { format, includeSecrets: flags.own.has('include-secrets'), kedaVersion },
      setting,
    );
    const folder = flags.own.get('output') ?? '-';
    if (folder === '-') return say(text);
    await textFiles(process.cwd()).write(`${folder}/${name}.${format}`, text);
    return say(`${folder}/${name}.${format}`);
  },
};

/** The commands that are actions as well; each is loaded when it is asked for. */
const flows: Readonly<Record<string, () => Promise<Command>>> = {
  deploy: async () => (await import('./deploy.ts')).deployCommand,
  'smoke-test': async () => (await import('./smoke-test.ts')).smokeTest,
  'scale-test': async () => (await import('./scale-test.ts')).scaleTest,
  doctor: async () => (await import('./doctor.ts')).doctor,
  teardown: async () => (await import('./teardown.ts')).teardown,
};

function runFlow(name: string): Runner {
  return async ({ raw, flags, surroundings, output, signal }) => {
    const command = await flows[name]?.();
    if (!command) throw new Error(`no runner for command ${name}`);
    const result = await command(raw, surroundings, output, signal);
    say(flags.own.get('format') === 'json' ? output.redact(JSON.stringify(result.outputs, undefined, 2)) : result.text);
    return result.ok ? 0 : 1;
  };
}

function rowOf(name: string): CommandRow {
  const row = Object.hasOwn(commandRows, name) ? commandRows[name] : undefined;
  if (row) return row;
  const close = nearest(name, Object.keys(commandRows));
  throw new UsageError(
    `Command "${name}" is unknown. ${close ? `Did you mean "${close}"?` : 'See "aks-functions --help".'}`,
  );
}

function checkChoices(row: CommandRow, flags: Flags): void {
  for (const [name, { choices }] of Object.entries(row.own)) {
    const value = flags.own.get(name);
    if (choices && value !== undefined && !choices.includes(value))
      throw new UsageError(`Flag "--${name}" must be one of ${choices.join(', ')}, got "${value}".`);
  }
}

/** Environment variables stand in for flags that are not given. */
function rawInputsOf(name: string, flags: Flags): RawInputs {
  const known = Object.entries(actionInputs).find(([action]) => action === name)?.[1] ?? actionInputs.deploy;
  return new Map([...readEnvironmentInputs(known), ...flags.inputs]);
}

function say(text: string): number {
  writeResult(text);
  return 0;
}
