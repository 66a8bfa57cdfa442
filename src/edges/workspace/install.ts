import { copyFile, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type DependencyPlan, dependencyFolders } from '../../core/image-dependencies.ts';
import { UserError } from '../../errors.ts';
import type { Log } from '../../flows/ports.ts';
import { type Ending, lastLines, runProgram } from '../processes.ts';
import { storageError } from '../staging.ts';

/** Where to install from and to. */
export interface Installation {
  readonly app: string;
  readonly staging: string;
  /** Of the children, already without secrets. */
  readonly environment: NodeJS.ProcessEnv;
  readonly log: Log;
}

type NpmPlan = DependencyPlan & { readonly kind: 'npm' };
type PipPlan = DependencyPlan & { readonly kind: 'pip' };

const deadline = 15 * 60_000;
const sitePackages = `${dependencyFolders.pip}/lib/site-packages`;

/** Arguments of `npm` that install a lockfile for the image's platform, without running any script. */
export function npmArguments({ cpu }: NpmPlan): readonly string[] {
  return [
    'ci',
    '--omit=dev',
    '--ignore-scripts',
    '--loglevel=warn',
    '--no-audit',
    '--no-fund',
    '--os=linux',
    `--cpu=${cpu}`,
    '--libc=glibc',
  ];
}

/** Arguments of `pip` that install wheels for the image's platform and Python, and nothing that must be built. */
export function pipArguments(
  { pythonVersion, wheelPlatforms }: PipPlan,
  app: string,
  staging: string,
): readonly string[] {
  return [
    'install',
    '--no-input',
    '--no-compile',
    '--disable-pip-version-check',
    '--only-binary=:all:',
    '--implementation',
    'cp',
    '--python-version',
    pythonVersion,
    ...wheelPlatforms.flatMap(platform => ['--platform', platform]),
    '--target',
    join(staging, sitePackages),
    '--requirement',
    join(app, 'requirements.txt'),
  ];
}

/** Installs from the lockfile into the staging folder; throws UserError with npm's reason. */
export async function installNpm(plan: NpmPlan, installation: Installation, signal: AbortSignal): Promise<void> {
  const { app, staging, environment } = installation;
  for (const name of ['package.json', plan.lockfile, '.npmrc']) await copyInto(app, staging, name);
  const command = {
    program: 'npm',
    arguments: npmArguments(plan),
    directory: staging,
    environment,
    deadline,
    whenMissing: 'Install Node.js with npm, or install the dependencies elsewhere and use builder "docker".',
  };
  report(await runProgram(command, signal), 'npm ci', installation);
}

/** Installs wheels into the staging folder; throws UserError that names a package without a fitting wheel. */
export async function installPip(plan: PipPlan, installation: Installation, signal: AbortSignal): Promise<void> {
  const { app, staging, log } = installation;
  const { PIP_USER: _, PIP_TARGET: __, PIP_PREFIX: ___, ...environment } = installation.environment;
  const pip = await findPip(plan.pythonVersion, environment, signal);
  if (pip.version !== plan.pythonVersion) {
    log.notice(
      `Installed for Python ${plan.pythonVersion} with pip of Python ${pip.version}: conditions such as "python_version" in packages are taken for the latter. Set up Python ${plan.pythonVersion} in a step before to be exact.`,
    );
  }
  const command = {
    ...pipCommand(pip, environment),
    arguments: [...pip.arguments, ...pipArguments(plan, app, staging)],
    directory: app,
  };
  report(await runProgram(command, signal), `pip install for Python ${plan.pythonVersion}`, installation);
  await dropScriptRecords(join(staging, sitePackages));
}

interface Pip {
  readonly program: string;
  readonly arguments: readonly string[];
  readonly version: string;
}

// pip takes conditions on the Python version from the Python it runs in, so the image's own version comes first.
async function findPip(wanted: string, environment: NodeJS.ProcessEnv, signal: AbortSignal): Promise<Pip> {
  const candidates = [
    [`python${wanted}`, '-m', 'pip'],
    ['python3', '-m', 'pip'],
    ['pip3'],
    ['python', '-m', 'pip'],
  ] as const;
  for (const [program, ...rest] of candidates) {
    const command = { ...pipCommand({ program }, environment), arguments: [...rest, '--version'] };
    const ending = await runProgram(command, signal).catch(() => undefined);
    signal.throwIfAborted();
    const version = ending?.code === 0 ? /\(python (\d+\.\d+)/.exec(ending.output)?.[1] : undefined;
    if (version !== undefined) return { program, arguments: rest, version };
  }
  throw new UserError(
    '"pip" was not found to install "requirements.txt". Set up Python in a step before, or use builder "docker".',
  );
}

function pipCommand({ program }: Pick<Pip, 'program'>, environment: NodeJS.ProcessEnv) {
  return { program, environment, deadline, whenMissing: 'Set up Python with pip in a step before.' };
}

async function copyInto(app: string, staging: string, name: string): Promise<void> {
  await copyFile(join(app, name), join(staging, name)).catch(error => {
    if (name === '.npmrc' && error.code === 'ENOENT') return;
    throw storageError(staging, error);
  });
}

type Diagnosis = readonly [sign: RegExp, message: (match: RegExpExecArray, staging: string) => string];

const diagnoses: readonly Diagnosis[] = [
  [
    /ENOSPC|No space left on device/i,
    (_, staging) =>
      `the disk with the temporary folder "${staging}" is full. Free some space, or name another folder in RUNNER_TEMP.`,
  ],
  [
    /No matching distribution found for (\S[^\n]*)|Could not find a version that satisfies the requirement (\S+)/,
    match =>
      `package "${match[1] ?? match[2]}" has no wheel for this Python and platform. Check name and version; for a package that must be built use builder "docker" or "acr" with a Dockerfile.`,
  ],
  [
    /npm ci.{0,40}can only install|EUSAGE|Missing: .* from lock file/,
    () => 'the lockfile does not fit "package.json". Run "npm install" and commit the lockfile.',
  ],
  [
    /\bE40[13]\b|40[13] (?:Unauthorized|Forbidden)/,
    () =>
      'the package registry refused the sign-in. Check the token in ".npmrc" or in the index address, and its environment variable.',
  ],
  [
    /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|NewConnectionError|Temporary failure in name resolution/,
    () => 'the package registry cannot be reached. Check the network and the proxy of this machine.',
  ],
];

// npm calls it a success when files could not be written, and only warns: the image would lack them for good.
const unwritten = /TAR_ENTRY_ERROR/;

function report({ code, output }: Ending, what: string, { log, staging }: Installation): void {
  log.debug(output);
  if (code === 0 && !unwritten.test(output)) return;
  log.info(output.trimEnd());
  for (const [sign, message] of diagnoses) {
    const match = sign.exec(output);
    if (match) throw new UserError(`"${what}" failed: ${message(match, staging)}`);
  }
  throw new UserError(`"${what}" failed with code ${code}. Correct what its last lines say.\n${lastLines(output)}`);
}

// The lines name scripts of this machine's Python, which the image leaves out; they would differ between machines.
async function dropScriptRecords(folder: string): Promise<void> {
  const names = await readdir(folder);
  for (const name of names.filter(candidate => candidate.endsWith('.dist-info'))) {
    const record = join(folder, name, 'RECORD');
    const text = await readFile(record, 'utf8').catch(() => undefined);
    if (text === undefined) continue;
    const kept = text.split('\n').filter(line => !line.startsWith('../../bin/'));
    if (kept.length < text.split('\n').length) await writeFile(record, kept.join('\n'));
  }
}
