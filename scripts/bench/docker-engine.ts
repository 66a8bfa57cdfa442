import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { Say } from '../../test/lab/cache.ts';
import { outputOf } from '../../test/lab/command.ts';
import { debianRoot, hasDebianPackages } from '../../test/lab/debian.ts';
import { waitUntil } from '../../test/lab/processes.ts';

/** A Docker engine of this run alone. */
export interface DockerEngine extends AsyncDisposable {
  /** Runs the Docker client; gives its standard output and throws a UserError when it fails. */
  docker(...args: readonly string[]): Promise<string>;
}

/** Who may push where. */
export interface RegistryLogin {
  readonly host: string;
  readonly username: string;
  readonly password: string;
}

/** Why this machine cannot start an engine of its own; undefined when it can. */
export async function obstacleToDocker(): Promise<string | undefined> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0)
    return 'a Docker engine of its own needs root on Linux.';
  return (await hasDebianPackages()) ? undefined : 'the Docker engine comes from Debian packages, and there is no apt.';
}

const packages = ['docker.io', 'containerd', 'runc', 'iptables', 'libdevmapper1.02.1', 'libltdl7', 'tini'];

/** Starts Debian's engine with a folder of its own and without networks; disposing of it removes all that it made. */
export async function startDocker(login: RegistryLogin, say: Say): Promise<DockerEngine> {
  const programs = await debianRoot(packages, { closure: false, say });
  const folder = await mkdtemp(join(tmpdir(), 'aks-functions-docker-'));
  await writeFile(join(folder, 'config.json'), dockerConfigOf(login), { mode: 0o600 });
  const env = environmentIn(programs, folder);
  const daemon = startDaemon(programs, folder, env);
  const ended = once(daemon, 'exit').catch(() => undefined);
  const docker: DockerEngine['docker'] = (...args) => outputOf(join(programs, 'usr/bin/docker'), args, { env });
  const stop = async () => {
    daemon.kill('SIGTERM');
    await ended;
    await removeFolder(folder);
  };
  try {
    const ready = waitUntil('Docker answers', () => answers(docker), 30_000);
    await Promise.race([ended.then(() => endedEarly(folder)), ready]);
  } catch (error) {
    await stop();
    throw error;
  }
  return { docker, [Symbol.asyncDispose]: stop };
}

/** In a file, since everybody on the machine can read arguments. */
function dockerConfigOf({ host, username, password }: RegistryLogin): string {
  return JSON.stringify({ auths: { [host]: { auth: Buffer.from(`${username}:${password}`).toString('base64') } } });
}

function environmentIn(programs: string, folder: string): NodeJS.ProcessEnv {
  const machine = process.arch === 'x64' ? 'x86_64' : 'aarch64';
  const paths = ['usr/bin', 'usr/sbin', 'sbin'].map(part => join(programs, part));
  return {
    PATH: [...paths, process.env.PATH ?? ''].join(delimiter),
    LD_LIBRARY_PATH: join(programs, 'usr/lib', `${machine}-linux-gnu`),
    HOME: folder,
    DOCKER_HOST: socketIn(folder),
    DOCKER_CONFIG: folder,
    // The newer builder is a package of its own, which this Debian does not have.
    DOCKER_BUILDKIT: '0',
  };
}

function socketIn(folder: string): string {
  return `unix://${join(folder, 'docker.sock')}`;
}

function startDaemon(programs: string, folder: string, env: NodeJS.ProcessEnv): ChildProcess {
  const log = openSync(join(folder, 'dockerd.log'), 'a');
  const flags = [
    ...['--data-root', join(folder, 'data'), '--exec-root', join(folder, 'exec'), '--pidfile', join(folder, 'pid')],
    ...['--host', socketIn(folder), '--bridge', 'none', '--iptables=false', '--ip6tables=false'],
  ];
  const daemon = spawn(join(programs, 'usr/sbin/dockerd'), flags, { env, stdio: ['ignore', log, log] });
  closeSync(log);
  return daemon;
}

async function answers(docker: DockerEngine['docker']): Promise<boolean> {
  await docker('version');
  return true;
}

async function endedEarly(folder: string): Promise<never> {
  const text = await readFile(join(folder, 'dockerd.log'), 'utf8').catch(() => '');
  throw new Error(`dockerd ended before it answered:\n${text.slice(-1500)}`);
}

/** File systems that the engine has mounted below its folder go first. */
async function removeFolder(folder: string): Promise<void> {
  const mounts = (await readFile('/proc/mounts', 'utf8')).split('\n').map(line => line.split(' ')[1] ?? '');
  for (const place of mounts.filter(place => place.startsWith(`${folder}/`)).toReversed()) {
    await outputOf('umount', ['--lazy', place]).catch(() => undefined);
  }
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
}
