import { constants } from 'node:fs';
import { access, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Say } from './cache.ts';
import { findProgram } from './command.ts';
import { conditionHolds } from './conditions.ts';
import { debianRoot, hasDebianPackages } from './debian.ts';
import type { ClusterGround, Ground } from './ground.ts';
import { pushImage } from './images.ts';
import { containerdConfig, containerdSocket, kubeletConfig, type NodePlaces, networkConfig } from './node-config.ts';
import type { NodeNetwork } from './node-network.ts';
import { credentialProviderFlags, trustRegistry } from './node-registry.ts';

/** The API server reaches a kubelet by its host name first, and this one leads to loopback. */
export const realNodeName = 'localhost';

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

/** What a real node is made of, beside the lab's programs. */
export interface NodeParts {
  /** Folder of the unpacked Debian packages. */
  readonly debian: string;
  readonly network: NodeNetwork;
}

/** Starts containerd. Needs no API server, so it may start beside it. */
export async function startContainerd(ground: Ground, registry: string, parts: NodeParts): Promise<NodePlaces> {
  const { debian } = parts;
  const { dir, tools, processes, cloud } = ground;
  const node = join(dir, 'node');
  await mkdir(join(node, 'cni'), { recursive: true });
  const pause = `${registry}/pause:1`;
  const places = { node, pki: join(dir, 'pki'), tools, pause, ...parts };
  await writeFile(join(node, 'containerd.toml'), containerdConfig(places));
  await writeFile(join(node, 'cni', '10-lab.conflist'), networkConfig(places));
  if (cloud) await trustRegistry(node, cloud.cloud);
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
  const { api, tools, processes, port, kubeconfig, cloud } = ground;
  const { node, debian, network } = places;
  const config = join(node, 'kubelet.yaml');
  await writeFile(config, kubeletConfig(places, port(), port()));
  const path = [tools, join(debian, 'usr/sbin'), process.env.PATH].join(':');
  const flags = [
    ...['--kubeconfig', kubeconfig, '--config', config, '--root-dir', join(node, 'kubelet')],
    ...['--cert-dir', join(node, 'kubelet-pki'), '--hostname-override', realNodeName, '--node-ip', network.address],
    ...['--node-labels', 'type=real'],
    ...(cloud ? await credentialProviderFlags(node, cloud) : []),
  ];
  processes.start(join(tools, 'kubelet'), flags, { env: { PATH: path } });
  await processes.until('the real node is ready', () => conditionHolds(api, `/api/v1/nodes/${realNodeName}`, 'Ready'));
}
