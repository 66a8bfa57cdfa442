import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Say } from './cache.ts';
import { debianRoot } from './debian.ts';
import type { Lab } from './lab.ts';
import { freePorts, Processes, type TakePort } from './processes.ts';

/** What the servers beside a lab share: they end when it is disposed of, at the latest with this process. */
export interface ServerGround extends AsyncDisposable {
  readonly processes: Processes;
  readonly port: TakePort;
  readonly say: Say;
  /** Makes a folder for a server's files in the lab's own, and writes these texts into it. */
  folder(name: string, files: Readonly<Record<string, string>>): Promise<string>;
}

/** Ground for servers that KEDA asks beside the lab. Dispose of it before the lab is stopped: they keep their files there. */
export async function serverGround(lab: Pick<Lab, 'dir' | 'logs'>, say: Say = () => undefined): Promise<ServerGround> {
  const processes = await Processes.in(lab.logs);
  return {
    processes,
    port: await freePorts(8),
    say,
    async folder(name, files) {
      const folder = join(lab.dir, name);
      await mkdir(folder, { recursive: true, mode: 0o700 });
      for (const [file, text] of Object.entries(files)) await writeFile(join(folder, file), text, { mode: 0o600 });
      return folder;
    },
    [Symbol.asyncDispose]: () => processes.stop(),
  };
}

/** Programs of a Debian package with all that it depends on, unpacked as they are. */
export interface DebianPrograms {
  readonly root: string;
  /** Environment in which they find their libraries. */
  readonly env: Readonly<Record<string, string>>;
}

/** The unpacked packages; kept in the cache. */
export async function debianPrograms(packages: readonly string[], say: Say): Promise<DebianPrograms> {
  const root = await debianRoot(packages, { closure: true, say });
  const triple = { x64: 'x86_64', arm64: 'aarch64' }[process.arch as string] ?? process.arch;
  const libraries = ['usr/lib', 'lib'].map(folder => join(root, folder, `${triple}-linux-gnu`));
  return { root, env: { LD_LIBRARY_PATH: libraries.join(':') } };
}
