import { readdir, readFile, readlink } from 'node:fs/promises';
import { basename } from 'node:path';
import { outputOf } from './command.ts';
import { podProcesses, removeCgroups } from './node-cgroups.ts';
import { type NodeNetwork, removeBridge } from './node-network.ts';
import { waitUntil } from './processes.ts';

/** Programs that outlive a lab whose own process was killed: they were started by others than us. */
const nodePrograms = new Set(['containerd-shim-runc-v2', 'containerd', 'kubelet', 'runc']);

/**
 * Removes all that a real node leaves on the machine: the processes of its pods, shims, mounts below `dir`, cgroups and
 * the bridge. Works from what is there, so it also clears up after a lab that was killed. Does not remove `dir`.
 */
export async function clearNode(dir: string, network: NodeNetwork): Promise<void> {
  kill(await processesOf(dir, new Set(['kubelet', 'containerd'])));
  await waitUntil('the processes of all pods are gone', async () => {
    const left = await podProcesses(network.cgroup);
    kill(left);
    return left.length === 0;
  });
  await waitUntil('the programs of the node are gone', async () => {
    const left = await processesOf(dir, nodePrograms);
    kill(left);
    return left.length === 0;
  });
  await unmountBelow(dir);
  await waitUntil('the cgroups of the node are gone', async () => {
    await removeCgroups(network.cgroup);
    return true;
  });
  await removeBridge(network);
}

function kill(pids: readonly number[]): void {
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended meanwhile, which is what is wanted.
    }
  }
}

/** Ids of running processes of the given programs that have a path below `dir` among their arguments. */
async function processesOf(dir: string, programs: ReadonlySet<string>): Promise<readonly number[]> {
  const pids = (await readdir('/proc')).filter(name => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async pid => {
      const program = await readlink(`/proc/${pid}/exe`).catch(() => '');
      if (!programs.has(basename(program))) return [];
      const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
      return command.includes(`${dir}/`) ? [Number(pid)] : [];
    }),
  );
  return found.flat();
}

/** Deepest first; network namespaces among them. */
async function unmountBelow(dir: string): Promise<void> {
  const lines = (await readFile('/proc/mounts', 'utf8')).split('\n');
  const points = lines.map(line => line.split(' ')[1] ?? '').filter(point => point.startsWith(`${dir}/`));
  if (points.length > 0) await outputOf('umount', ['-l', ...points.sort().reverse()]);
}
