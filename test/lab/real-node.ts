import { constants } from 'node:fs';
import { access, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../../src/errors.ts';
import type { Say } from './cache.ts';
import { findProgram } from './command.ts';
import { conditionHolds } from './conditions.ts';
import { debianRoot, hasDebianPackages } from './debian.ts';
import type { ClusterGround, Ground } from './ground.ts';
import { pushImage } from './images.ts';
import { lockOf } from './lock.ts';
import { addCgroups, nodeCgroup } from './node-cgroups.ts';
import { clearNode } from './node-cleanup.ts';
import { containerdConfig, containerdSocket, kubeletConfig, type NodePlaces, networkConfig } from './node-config.ts';
import { addBridge, bridgeAddress } from './node-network.ts';

/** The API server reaches a kubelet by its host name first, and this one leads to loopback. */
export const realNodeName = 'localhost';

const claimFile = '/run/aks-functions-lab.lock';
const recordFile = '/run/aks-functions-lab.dir';

/** Why this machine cannot have a real node; undefined when it can. */
export async function obstacleToRealNode(): Promise<string | undefined> {
  if (process.platform !== 'linux') return `a kubelet needs Linux, and this is ${process.platform}`;
  if (process.getuid?.() !== 0) return 'a kubelet needs root rights';
  if (!(await hasDebianPackages()))
    return 'runc and the network plugins come from Debian packages, and there is no apt here';
  for (const program of ['ip', 'umount']) {
    if (!(await findProgram(program))) return `the program "${program}" is missing`;
  }
  const overlay = (await readFile('/proc/filesystems', 'utf8')).includes('\toverlay\n');
  if (!overlay) return 'the kernel offers no overlay file system';
  const writable = await access('/sys/fs/cgroup', constants.W_OK).then(
    () => true,
    () => false,
  );
  return writable ? undefined : 'cgroups cannot be made here';
}

/** The Debian packages of a real node, unpacked. */
export function nodePackages(say: Say): Promise<string> {
  return debianRoot(['runc', 'containernetworking-plugins', 'busybox-static'], { closure: false, say });
}

/**
 * Claims the machine's one place for a real node on behalf of process `owner`, waiting for the lab that has it; clears
 * up after a lab that was killed, then makes bridge and cgroup. `release` removes all again and gives the place back.
 */
export async function claimRealNode(dir: string, owner: number, say: Say): Promise<{ release(): Promise<void> }> {
  const claim = await lockOf(
    claimFile,
    pid => say(`Waiting for the lab of process ${pid}: one real node per machine.`),
    owner,
  );
  try {
    const left = await realNodeOwner();
    if (left) {
      say(`Clearing up after the lab in "${left}", which was killed.`);
      await clearNode(left);
      await rm(left, { recursive: true, force: true });
    }
    await writeFile(recordFile, dir);
    await addBridge();
    await addCgroups();
  } catch (error) {
    await claim[Symbol.asyncDispose]();
    throw new UserError(
      'The machine refused what a real node needs. Start the lab with fake nodes only (AKS_FUNCTIONS_LAB_NODE=fake).',
      { cause: error },
    );
  }
  return {
    async release() {
      await clearRealNode(dir);
      await claim[Symbol.asyncDispose]();
    },
  };
}

/** Removes what the real node of the lab in `dir` put on the machine, its record included. */
export async function clearRealNode(dir: string): Promise<void> {
  await clearNode(dir);
  if ((await realNodeOwner()) === dir) await rm(recordFile);
}

/** Folder of the lab that has, or had when it was killed, the real node of this machine. */
export async function realNodeOwner(): Promise<string | undefined> {
  return readFile(recordFile, 'utf8').catch(() => undefined);
}

/** Gives back the claim that process `owner` still has. */
export async function giveBackClaim(owner: number): Promise<void> {
  const held = await readFile(claimFile, 'utf8').catch(() => '');
  if (Number.parseInt(held, 10) === owner) await rm(claimFile);
}

/** Starts containerd. Needs no API server, so it may start beside it. */
export async function startContainerd(ground: Ground, registry: string, debian: string): Promise<NodePlaces> {
  const { dir, tools, processes } = ground;
  const node = join(dir, 'node');
  await mkdir(join(node, 'cni'), { recursive: true });
  const pause = `${registry}/pause:1`;
  const places = { node, pki: join(dir, 'pki'), tools, debian, pause, cgroup: nodeCgroup };
  await writeFile(join(node, 'containerd.toml'), containerdConfig(places));
  await writeFile(join(node, 'cni', '10-lab.conflist'), networkConfig(places));
  const path = [tools, join(debian, 'usr/sbin'), join(debian, 'usr/bin'), process.env.PATH].join(':');
  processes.start(join(tools, 'containerd'), ['--config', join(node, 'containerd.toml')], { env: { PATH: path } });
  const busybox = { path: 'bin/busybox', content: await readFile(join(debian, 'bin', 'busybox')), executable: true };
  await pushImage(registry, { name: 'pause:1', files: [busybox], entrypoint: ['/bin/busybox', 'sleep', 'inf'] });
  const listens = () => access(containerdSocket(node)).then(() => true);
  await processes.until('containerd listens', listens);
  return places;
}

/** Starts the kubelet and waits until its node is ready. */
export async function startKubelet(ground: ClusterGround, places: NodePlaces): Promise<void> {
  const { api, tools, processes, port, kubeconfig } = ground;
  const { node, debian } = places;
  const config = join(node, 'kubelet.yaml');
  await writeFile(config, kubeletConfig(places, port(), port()));
  const path = [tools, join(debian, 'usr/sbin'), process.env.PATH].join(':');
  const flags = [
    ...['--kubeconfig', kubeconfig, '--config', config, '--root-dir', join(node, 'kubelet')],
    ...['--cert-dir', join(node, 'kubelet-pki'), '--hostname-override', realNodeName, '--node-ip', bridgeAddress],
    ...['--node-labels', 'type=real'],
  ];
  processes.start(join(tools, 'kubelet'), flags, { env: { PATH: path } });
  await processes.until('the real node is ready', () => conditionHolds(api, `/api/v1/nodes/${realNodeName}`, 'Ready'));
}
