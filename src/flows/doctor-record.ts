import { emptyRecord, recordEntry, recordKey, recordName } from '../core/doctor/record.ts';
import type { Grant } from '../core/doctor/remedies.ts';
import { RemoteError } from '../errors.ts';
import { createNamespace } from './apply.ts';
import type { Cluster } from './cluster-port.ts';

/** The app that a record is for. */
export interface RecordOwner {
  readonly name: string;
  readonly namespace: string;
}

/**
 * Notes grants before they are made, so that even a run that is killed then leaves nothing unknown behind. Returns those that
 * had not been noted yet.
 */
export async function noteGrants(
  cluster: Cluster,
  owner: RecordOwner,
  grants: readonly Grant[],
): Promise<readonly Grant[]> {
  await ensureRecord(cluster, owner);
  const noted = (await cluster.read('ConfigMap', owner.namespace, recordName(owner.name)))?.data ?? {};
  await cluster.merge('ConfigMap', owner.namespace, recordName(owner.name), {
    data: Object.assign({}, ...grants.map(recordEntry)),
  });
  return grants.filter(grant => !Object.hasOwn(noted, recordKey(grant)));
}

/** Takes notes back: of what somebody else had made, or of what is gone. */
export async function forgetGrants(cluster: Cluster, owner: RecordOwner, grants: readonly Grant[]): Promise<void> {
  if (grants.length === 0) return;
  await cluster.merge('ConfigMap', owner.namespace, recordName(owner.name), {
    data: Object.fromEntries(grants.map(grant => [recordKey(grant), null])),
  });
}

async function ensureRecord(cluster: Cluster, { name, namespace }: RecordOwner): Promise<void> {
  const record = emptyRecord(name, namespace);
  try {
    await cluster.create(record);
  } catch (error) {
    if (!(error instanceof RemoteError) || error.status !== 404) throw error;
    await createNamespace(cluster, namespace);
    await cluster.create(record);
  }
}
