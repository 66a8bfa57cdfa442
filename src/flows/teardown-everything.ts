import { parseRecord, recordName } from '../core/doctor/record.ts';
import { type Grant, keyOfRemedy } from '../core/doctor/remedies.ts';
import { type ClusterUses, inOrderOfRemoval, nameOfGrant, reasonToKeep } from '../core/doctor/uses.ts';
import { Interrupted, UserError } from '../errors.ts';
import { type GrantPorts, switchFeatures, takeBack } from './azure-grants.ts';
import type { ResourceManager } from './azure-port.ts';
import type { Cluster } from './cluster-port.ts';
import { readUses } from './cluster-uses.ts';
import type { ClusterInspection } from './doctor-port.ts';
import { forgetGrants, type RecordOwner } from './doctor-record.ts';
import type { Log } from './ports.ts';
import type { RemovalPorts } from './teardown-objects.ts';

/** Where to look who else uses what the doctor made, and where to take it back. */
export interface SetUpPlace {
  readonly inspection: ClusterInspection;
  /** Absent without a sign-in to Azure. */
  readonly azure: { readonly manager: ResourceManager; readonly cluster: string } | undefined;
}

/** What the doctor has made for an app, and what becomes of it. */
export interface SetUp {
  /** Whether there is a record at all. */
  readonly isRecorded: boolean;
  readonly removed: readonly Grant[];
  readonly kept: readonly { readonly grant: Grant; readonly reason: string }[];
}

/** Nothing was made, or nothing is to be taken back. */
export const noSetUp: SetUp = { isRecorded: false, removed: [], kept: [] };

/** Reads the record and decides what may go; says what stays and why. */
export async function findSetUp(
  app: RecordOwner,
  { inspection, azure }: SetUpPlace,
  { cluster, log }: { readonly cluster: Cluster; readonly log: Log },
): Promise<SetUp> {
  const record = await cluster.read('ConfigMap', app.namespace, recordName(app.name));
  if (!record) return noSetUp;
  const grants = inOrderOfRemoval(parseRecord(record.data));
  const uses = grants.length > 0 ? await readUses(inspection, app) : undefined;
  const decided = grants.map(grant => ({ grant, reason: uses && reasonFor(grant, uses, azure) }));
  const kept = decided.flatMap(({ grant, reason }) => (reason === undefined ? [] : [{ grant, reason }]));
  for (const { grant, reason } of kept) log.notice(`${nameOfGrant(grant)} stays. ${reason}`);
  return {
    isRecorded: true,
    removed: decided.filter(({ reason }) => reason === undefined).map(({ grant }) => grant),
    kept,
  };
}

/** Whether the record goes with what it tells of; else a later teardown needs it. */
export function isRecordGone({ isRecorded, kept }: SetUp): boolean {
  return isRecorded && kept.every(({ grant }) => staysForGood(grant));
}

/** Names of what goes, the record last. */
export function keysOfSetUp(setUp: SetUp, app: RecordOwner): readonly string[] {
  return [...setUp.removed.map(nameOfGrant), ...(isRecordGone(setUp) ? [`ConfigMap/${recordName(app.name)}`] : [])];
}

/** Takes back what goes, one after the other; returns what did not work, each as a sentence with what to do. */
export async function removeSetUp(
  app: RecordOwner,
  setUp: SetUp,
  place: SetUpPlace,
  ports: RemovalPorts,
): Promise<readonly string[]> {
  const faults: string[] = [];
  for (const grant of setUp.removed) {
    const fault = await faultOf(() => removeGrant(app, grant, place, ports));
    if (fault !== undefined) faults.push(`${nameOfGrant(grant)} is still there. ${fault}`);
  }
  const { cluster, onDeleted } = ports;
  if (
    faults.length === 0 &&
    isRecordGone(setUp) &&
    (await cluster.remove('ConfigMap', app.namespace, recordName(app.name)))
  )
    onDeleted(`ConfigMap/${recordName(app.name)}`);
  return faults;
}

async function removeGrant(app: RecordOwner, grant: Grant, { azure }: SetUpPlace, ports: RemovalPorts): Promise<void> {
  if (!azure) return;
  const { cluster, clock, signal, until, onDeleted } = ports;
  const grantPorts: GrantPorts = { manager: azure.manager, clock, signal, until };
  const isGone =
    grant.kind === 'cluster-feature'
      ? (await switchFeatures(grant.cluster, [grant.feature], false, grantPorts)) === 'made'
      : await takeBack(grant, grantPorts);
  await forgetGrants(cluster, app, [grant]);
  if (isGone) onDeleted(nameOfGrant(grant));
}

async function faultOf(work: () => Promise<void>): Promise<string | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    if (!(error instanceof UserError) || error instanceof Interrupted) throw error;
    return error.message;
  }
}

/** The record is only as trustworthy as the namespace, so that it can name nothing but what we would have made. */
function reasonFor(grant: Grant, uses: ClusterUses, azure: SetUpPlace['azure']): string | undefined {
  if (!azure)
    return 'There is no sign-in to Azure to take it back with. Give the inputs "cluster" and "resource-group" instead of "kubeconfig".';
  const own = { ...grant, ...(grant.kind === 'cluster-feature' ? { cluster: azure.cluster } : {}) };
  if (keyOfRemedy(own) !== keyOfRemedy(grant)) return 'It was recorded for another cluster.';
  return reasonToKeep(grant, uses);
}

function staysForGood(grant: Grant): boolean {
  return grant.kind === 'cluster-feature' && grant.feature === 'oidc-issuer';
}
