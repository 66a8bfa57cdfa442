import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
  const auth = Buffer.from(`${login.username}:${login.password}`).toString('base64');
  await writeFile(join(folder, 'config.json'), JSON.stringify({ auths: { [login.host]: { auth } } }), { mode: 0o600 });
  const socket = `unix://${join(folder, 'docker.sock')}`;
  const env = {
    PATH: ['usr/bin', 'usr/sbin', 'sbin']
      .map(part => join(programs, part))
      .concat(process.env.PATH ?? '')
      .join(':'),
    HOME: folder,
    DOCKER_HOST: socket,
    DOCKER_CONFIG: folder,
    DOCKER_BUILDKIT: '0',
    LD_LIBRARY_PATH: join(programs, 'usr/lib', `${process.arch === 'x64' ? 'x86_64' : 'aarch64'}-linux-gnu`),
  };
  const log = openSync(join(folder, 'dockerd.log'), 'a');
  const flags = [
    ...['--data-root', join(folder, 'data'), '--exec-root', join(folder, 'exec'), '--pidfile', join(folder, 'pid')],
    ...['--host', socket, '--bridge', 'none', '--iptables=false', '--ip6tables=false'],
  ];
  const daemon = spawn(join(programs, 'usr/sbin/dockerd'), flags, { env, stdio: ['ignore', log, log] });
  const ended = once(daemon, 'exit').catch(() => undefined);
  const docker = (...args: readonly string[]) => outputOf(join(programs, 'usr/bin/docker'), args, { env });
  const stop = async () => {
    daemon.kill('SIGTERM');
    await ended;
    await removeFolder(folder);
  };
  try {
    await Promise.race([
      ended.then(() => endedEarly(folder)),
      waitUntil('Docker answers', () => answers(docker), 30_000),
    ]);
  } catch (error) {
    await stop();
    throw error;
  }
  return { docker, [Symbol.asyncDispose]: stop };
}

async function answers(docker: (...args: readonly string[]) => Promise<string>): Promise<boolean> {
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
