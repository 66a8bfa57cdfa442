import { outputOf } from './command.ts';

/** The bridge between this machine and the pods of the real node. One real node per machine, so names may be fixed. */
export const bridge = 'aksf0';
/** The machine's own address on the bridge: where pods reach what runs outside of them. */
export const bridgeAddress = '10.99.0.1';
export const podRange = '10.99.0.0/24';
/** Range of the external addresses of Services, without its last number. */
export const loadBalancerPrefix = '10.99.1';

/** Makes the bridge, since the emulators listen on it before the first pod would make it appear. */
export async function addBridge(): Promise<void> {
  await outputOf('ip', ['link', 'add', bridge, 'type', 'bridge']);
  await outputOf('ip', ['addr', 'add', `${bridgeAddress}/24`, 'dev', bridge]);
  await outputOf('ip', ['link', 'set', bridge, 'up']);
}

/** Removes the bridge and with it all addresses of Services; content when there is none. */
export async function removeBridge(): Promise<void> {
  const links = await outputOf('ip', ['-o', 'link', 'show']);
  if (links.includes(`: ${bridge}:`)) await outputOf('ip', ['link', 'del', bridge]);
}

/** Gives this machine an address on the bridge; content when it has it. */
export async function addAddress(address: string): Promise<void> {
  await outputOf('ip', ['addr', 'replace', `${address}/32`, 'dev', bridge]);
}

export async function removeAddress(address: string): Promise<void> {
  await outputOf('ip', ['addr', 'del', `${address}/32`, 'dev', bridge]);
}
