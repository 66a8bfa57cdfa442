import { mkdir, readdir, readFile, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { exists } from './cache.ts';

const mount = '/sys/fs/cgroup';

/** The cgroup's folder in each hierarchy of this machine (one with cgroup v2, one per controller with v1). */
async function folders(cgroup: string): Promise<readonly string[]> {
  const names = (await exists(join(mount, 'cgroup.controllers'))) ? ['.'] : await readdir(mount);
  const hierarchies = await Promise.all(
    names.map(async name => ((await exists(join(mount, name, 'cgroup.procs'))) ? [join(mount, name)] : [])),
  );
  return hierarchies.flat().map(hierarchy => join(hierarchy, cgroup));
}

/** Makes the cgroup, apart from those of any other kubelet of the machine; throws where this process may not. */
export async function addCgroups(cgroup: string): Promise<void> {
  for (const folder of await folders(cgroup)) await mkdir(folder, { recursive: true });
}

/** Ids of the processes in all pods of the cgroup. */
export async function podProcesses(cgroup: string): Promise<readonly number[]> {
  const found = await Promise.all((await folders(cgroup)).map(async folder => (await tree(folder)).map(processesIn)));
  return [...new Set((await Promise.all(found.flat())).flat())];
}

/** Removes the cgroup; throws while a process is in it. */
export async function removeCgroups(cgroup: string): Promise<void> {
  for (const folder of await folders(cgroup)) {
    for (const inner of await tree(folder)) await rmdir(inner);
  }
}

async function processesIn(folder: string): Promise<readonly number[]> {
  const text = await readFile(join(folder, 'cgroup.procs'), 'utf8').catch(() => '');
  return text.split('\n').filter(Boolean).map(Number);
}

/** The folder and all below it, deepest first; empty when there is none. */
async function tree(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => undefined);
  if (!entries) return [];
  const inner = await Promise.all(
    entries.filter(entry => entry.isDirectory()).map(entry => tree(join(folder, entry.name))),
  );
  return [...inner.flat(), folder];
}
