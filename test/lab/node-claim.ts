import { readFile, rm, writeFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { UserError } from '../../src/errors.ts';
import type { Say } from './cache.ts';
import { tryLock } from './lock.ts';
import { addCgroups } from './node-cgroups.ts';
import { clearNode } from './node-cleanup.ts';
import { addBridge, type NodeNetwork, nodeNetwork } from './node-network.ts';

/** The places for real nodes on one machine; each has a network of its own. */
const places = [1, 2, 3, 4];

const lockFile = (place: number) => `/run/aks-functions-lab-${place}.lock`;
/** Holds the folder of the lab that has the place, or had it when it was killed. */
const recordFile = (place: number) => `/run/aks-functions-lab-${place}.dir`;

export interface NodeClaim {
  readonly network: NodeNetwork;
  /** Removes all that the node put on the machine and gives the place back. */
  release(): Promise<void>;
}

/**
 * Claims a place for the real node of the lab in `dir`, on behalf of process `owner`, waiting when all are taken.
 * Clears up after a lab that was killed there, then makes bridge and cgroup.
 */
export async function claimRealNode(dir: string, owner: number, say: Say): Promise<NodeClaim> {
  const { place, lock } = await freePlace(owner, say);
  const network = nodeNetwork(place);
  try {
    await clearKilled(place, say);
    await writeFile(recordFile(place), dir);
    await addBridge(network);
    await addCgroups(network.cgroup);
  } catch (cause) {
    await clearRealNode(dir).catch(() => undefined);
    await lock[Symbol.asyncDispose]();
    throw new UserError(
      'The machine refused what a real node needs. Start the lab with fake nodes only (AKS_FUNCTIONS_LAB_NODE=fake).',
      { cause },
    );
  }
  return {
    network,
    async release() {
      await clearRealNode(dir);
      await lock[Symbol.asyncDispose]();
    },
  };
}

async function freePlace(owner: number, say: Say): Promise<{ place: number; lock: AsyncDisposable }> {
  for (let told = false; ; told = true) {
    const owners: number[] = [];
    for (const place of places) {
      const lock = await tryLock(lockFile(place), owner);
      if (typeof lock !== 'number') return { place, lock };
      owners.push(lock);
    }
    if (!told)
      say(`Waiting for one of the labs of processes ${owners.join(', ')}: no more real nodes on this machine.`);
    await pause(200);
  }
}

async function clearKilled(place: number, say: Say): Promise<void> {
  const dir = await recorded(place);
  if (!dir) return;
  say(`Clearing up after the lab in "${dir}", which was killed.`);
  await clearRealNode(dir);
  await rm(dir, { recursive: true, force: true });
}

/** Removes what the real node of the lab in `dir` put on the machine, its record included. */
export async function clearRealNode(dir: string): Promise<void> {
  for (const place of places) {
    if ((await recorded(place)) !== dir) continue;
    await clearNode(dir, nodeNetwork(place));
    await rm(recordFile(place));
  }
}

/** Folder of the lab whose node has this network, or had it when the lab was killed. */
export async function labAt(network: NodeNetwork): Promise<string | undefined> {
  const place = places.find(candidate => nodeNetwork(candidate).bridge === network.bridge);
  return place === undefined ? undefined : recorded(place);
}

async function recorded(place: number): Promise<string | undefined> {
  return readFile(recordFile(place), 'utf8').catch(() => undefined);
}

/** Gives back what process `owner` has claimed. */
export async function giveBackClaims(owner: number): Promise<void> {
  for (const place of places) {
    const held = await readFile(lockFile(place), 'utf8').catch(() => '');
    if (Number.parseInt(held, 10) === owner) await rm(lockFile(place));
  }
}
