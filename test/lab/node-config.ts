import { join } from 'node:path';
import type { NodeNetwork } from './node-network.ts';
import { registryHosts } from './node-registry.ts';

/** Where the parts of a real node are; all paths absolute. */
export interface NodePlaces {
  /** Folder of the node's own files. */
  readonly node: string;
  readonly pki: string;
  readonly tools: string;
  /** Folder of the unpacked Debian packages. */
  readonly debian: string;
  /** Image of the container that holds a pod's network. */
  readonly pause: string;
  readonly network: NodeNetwork;
}

/** containerd's configuration. */
export function containerdConfig({ node, tools, debian, pause }: NodePlaces): string {
  return `version = 3
root = '${node}/containerd/root'
state = '${node}/containerd/state'
[grpc]
  address = '${containerdSocket(node)}'
[ttrpc]
  address = '${node}/containerd.ttrpc.sock'
[plugins.'io.containerd.cri.v1.images']
  snapshotter = 'overlayfs'
  [plugins.'io.containerd.cri.v1.images'.pinned_images]
    sandbox = '${pause}'
  [plugins.'io.containerd.cri.v1.images'.registry]
    config_path = '${registryHosts(node)}'
[plugins.'io.containerd.cri.v1.runtime']
  # Machines that are containers themselves may not lower the score.
  restrict_oom_score_adj = true
  # Else network namespaces would stay behind in /run/netns.
  netns_mounts_under_state_dir = true
[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
  runtime_type = 'io.containerd.runc.v2'
  runtime_path = '${tools}/containerd-shim-runc-v2'
  [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]
    BinaryName = '${debian}/usr/sbin/runc'
    Root = '${node}/runc'
[plugins.'io.containerd.cri.v1.runtime'.cni]
  bin_dirs = ['${debian}/usr/lib/cni']
  conf_dir = '${node}/cni'
[plugins.'io.containerd.internal.v1.opt']
  path = '${node}/opt'
`;
}

export function containerdSocket(node: string): string {
  return join(node, 'containerd.sock');
}

/** Pods hang on the bridge and have routes to Services only: nothing reaches the outside. */
export function networkConfig({ node, network }: NodePlaces): string {
  const ipam = {
    type: 'host-local',
    dataDir: join(node, 'ipam'),
    ranges: [[{ subnet: `${network.pods}.0/24` }]],
    routes: [network.services, network.loadBalancers].map(prefix => ({ dst: `${prefix}.0/24` })),
  };
  const plugin = { type: 'bridge', bridge: network.bridge, isGateway: true, ipMasq: false, hairpinMode: true, ipam };
  return JSON.stringify({ cniVersion: '0.4.0', name: 'lab', plugins: [plugin] });
}

/** The kubelet's configuration. */
export function kubeletConfig({ node, pki, network }: NodePlaces, port: number, healthPort: number): string {
  return JSON.stringify({
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    ...{ address: '127.0.0.1', port, readOnlyPort: 0, healthzPort: healthPort, healthzBindAddress: '127.0.0.1' },
    ...{ cgroupDriver: 'cgroupfs', cgroupRoot: network.cgroup, failCgroupV1: false, enforceNodeAllocatable: [] },
    containerRuntimeEndpoint: `unix://${containerdSocket(node)}`,
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: false },
      x509: { clientCAFile: join(pki, 'ca.crt') },
    },
    authorization: { mode: 'AlwaysAllow' },
    ...{ tlsCertFile: join(pki, 'apiserver.crt'), tlsPrivateKeyFile: join(pki, 'apiserver.key') },
    ...{ failSwapOn: false, resolvConf: '', makeIPTablesUtilChains: false, serializeImagePulls: false },
    // The disk of the machine is not the lab's affair.
    evictionHard: {
      'memory.available': '10Mi',
      'nodefs.available': '0%',
      'imagefs.available': '0%',
      'nodefs.inodesFree': '0%',
    },
    imageGCHighThresholdPercent: 100,
    ...{ podLogsDir: join(node, 'logs'), volumePluginDir: join(node, 'volumeplugins') },
  });
}
