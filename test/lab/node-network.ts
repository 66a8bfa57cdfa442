import { outputOf } from './command.ts';

/** Addresses that a lab gives; each prefix stands for a range of 256 and lacks its last number. */
export interface LabNetwork {
  /** Cluster addresses of Services; the first one is the API server's. */
  readonly services: string;
  /** External addresses of Services. */
  readonly loadBalancers: string;
}

/** The network of a real node: apart from those of other labs on this machine. */
export interface NodeNetwork extends LabNetwork {
  /** The bridge between this machine and the pods. */
  readonly bridge: string;
  readonly pods: string;
  /** The machine's own address on the bridge: where pods reach what runs outside of them. */
  readonly address: string;
  /** The cgroup of all pods, from the root of each hierarchy. */
  readonly cgroup: string;
}

/** Nobody answers at these: the external ones are meant for documentation. */
export const fakeNetwork: LabNetwork = { services: '10.98.0', loadBalancers: '192.0.2' };

/** The network of the real node with this number, from 1 on. */
export function nodeNetwork(number: number): NodeNetwork {
  const pods = `10.99.${2 * number}`;
  return {
    services: `10.98.${number}`,
    loadBalancers: `10.99.${2 * number + 1}`,
    bridge: `aksf${number}`,
    pods,
    address: `${pods}.1`,
    cgroup: `/aks-functions-lab-${number}`,
  };
}

/** Makes the bridge, since the emulators listen on it before the first pod would make it appear. */
export async function addBridge({ bridge, address }: NodeNetwork): Promise<void> {
  await outputOf('ip', ['link', 'add', bridge, 'type', 'bridge']);
  await outputOf('ip', ['addr', 'add', `${address}/24`, 'dev', bridge]);
  await outputOf('ip', ['link', 'set', bridge, 'up']);
}

/** Whether the bridge is there. */
export async function hasBridge({ bridge }: NodeNetwork): Promise<boolean> {
  return (await outputOf('ip', ['-o', 'link', 'show'])).includes(`: ${bridge}:`);
}

/** Removes the bridge and with it all addresses of Services; content when there is none. */
export async function removeBridge(network: NodeNetwork): Promise<void> {
  if (await hasBridge(network)) await outputOf('ip', ['link', 'del', network.bridge]);
}

/** Gives this machine one more address on the bridge; content when it has it. */
export async function addAddress(address: string, { bridge }: NodeNetwork): Promise<void> {
  await outputOf('ip', ['addr', 'replace', `${address}/32`, 'dev', bridge]);
}

/** Takes the address away again. */
export async function removeAddress(address: string, { bridge }: NodeNetwork): Promise<void> {
  await outputOf('ip', ['addr', 'del', `${address}/32`, 'dev', bridge]);
}
