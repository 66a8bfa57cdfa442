import type { V1Namespace } from '@kubernetes/client-node';
import { type ForeignCandidate, foreignObjects } from '../core/teardown-foreign.ts';
import { RemoteError, UserError } from '../errors.ts';
import { lookUntil } from './clock.ts';
import type { Cluster, LiveObject } from './cluster-port.ts';
import type { Log } from './ports.ts';
import type { RemovalPorts } from './teardown-objects.ts';

/** Objects of others that a message lists. */
const listedLimit = 10;
const every = 1000;

/** Who asks for the namespace to be deleted: `asked` by its own input, `everything` only where we made it and nobody else uses it. */
export type NamespaceWish = 'no' | 'asked' | 'everything';

/** Whether the namespace is to be deleted; throws UserError when that was asked for and others have objects in it. */
export async function decideNamespace(
  wish: NamespaceWish,
  {
    name,
    namespace,
    record,
  }: { readonly name: string; readonly namespace: string; readonly record?: string | undefined },
  { cluster, log }: { readonly cluster: Cluster; readonly log: Log },
): Promise<boolean> {
  if (wish === 'no') return false;
  const ifAllowed = (error: unknown) => {
    if (wish !== 'everything' || !(error instanceof RemoteError) || error.status !== 403) throw error;
    log.notice(`The namespace "${namespace}" stays, since not all of it may be read. ${error.message}`);
    return undefined;
  };
  const live = await cluster.read('Namespace', '', namespace).catch(ifAllowed);
  if (!live || (wish === 'everything' && !isOurs(live))) return false;
  const candidates = await candidatesOf(cluster, namespace).catch(ifAllowed);
  if (!candidates) return false;
  const foreign = foreignObjects(
    // The record of the doctor goes before the namespace.
    candidates.filter(one => one.kind !== 'ConfigMap' || one.name !== record),
    name,
  );
  if (foreign.length === 0) return true;
  const more = foreign.length > listedLimit ? ` and ${foreign.length - listedLimit} more` : '';
  const message = `The namespace "${namespace}" holds objects that are not of "${name}": ${foreign.slice(0, listedLimit).join(', ')}${more}.`;
  if (wish === 'asked')
    throw new UserError(
      `${message} Delete or move them first, or leave the namespace with "delete-namespace: false". Nothing was changed.`,
    );
  log.notice(`${message} It stays.`);
  return false;
}

/** Deletes the namespace and waits until it is gone; returns what holds it, as a sentence with what to do. */
export async function removeNamespace(
  namespace: string,
  { cluster, clock, until, signal, onDeleted }: RemovalPorts,
): Promise<readonly string[]> {
  if (await cluster.remove('Namespace', '', namespace)) onDeleted(`Namespace/${namespace}`);
  let live: V1Namespace | undefined;
  const gone = await lookUntil({ clock, until, every, signal }, async () => {
    live = await cluster.read('Namespace', '', namespace);
    return live ? undefined : true;
  });
  if (gone) return [];
  const reasons = (live?.status?.conditions ?? [])
    .filter(one => one.status === 'True' && one.message)
    .map(one => one.message);
  return [
    `The namespace "${namespace}" is still there though it was deleted${reasons.length > 0 ? `: ${reasons.join(' ')}` : '.'} See to what holds it, or raise the input "timeout".`,
  ];
}

function isOurs({ metadata }: LiveObject): boolean {
  return metadata?.labels?.['app.kubernetes.io/managed-by'] === 'aks-functions';
}

async function candidatesOf(cluster: Cluster, namespace: string): Promise<readonly ForeignCandidate[]> {
  const all = await cluster.inventory(namespace);
  return all.map(({ kind = '', metadata }) => ({
    kind,
    name: metadata?.name ?? '',
    uid: metadata?.uid,
    labels: metadata?.labels ?? {},
    owners: metadata?.ownerReferences ?? [],
  }));
}
