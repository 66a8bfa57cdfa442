import { parseRecord } from '../core/doctor/record.ts';
import { anyClientId, type ClusterUses, type Owner } from '../core/doctor/uses.ts';
import { isRecord } from '../core/json.ts';
import { labelKeys } from '../core/names.ts';
import type { Kind, LiveObject } from './cluster-port.ts';
import type { ClusterInspection } from './doctor-port.ts';
import type { RecordOwner } from './doctor-record.ts';
import { imagesIn, isOf, pullingKinds } from './image-users.ts';
import { look } from './look.ts';

/** What everything in the cluster but the app itself uses. */
export async function readUses(inspection: ClusterInspection, app: RecordOwner): Promise<ClusterUses> {
  const others = async (...kinds: readonly Kind[]): Promise<readonly LiveObject[]> => {
    const lists = await Promise.all(
      kinds.map(async (kind): Promise<readonly LiveObject[]> => inspection.listEverywhere(kind)),
    );
    return lists.flat().filter(object => !isOf(object, app));
  };
  const [hosts, scaled, identities, records] = await Promise.all([
    look(async () => (await others(...pullingKinds)).flatMap(hostsOf)),
    look(async () => (await others('ScaledObject', 'ScaledJob')).map(ownerOf)),
    look(async () => (await others('ServiceAccount', 'TriggerAuthentication')).flatMap(clientIdsOf)),
    look(() => readRecords(inspection, app)),
  ]);
  return { hosts, scaled, identities, records };
}

async function readRecords(inspection: ClusterInspection, app: RecordOwner) {
  const records = await inspection.listEverywhere('ConfigMap', labelKeys.doctor);
  return records
    .map(record => ({
      namespace: record.metadata?.namespace ?? '',
      name: record.metadata?.labels?.[labelKeys.doctor] ?? '',
      grants: parseRecord(record.data),
    }))
    .filter(({ namespace, name }) => namespace !== app.namespace || name !== app.name);
}

function ownerOf({ metadata }: LiveObject): Owner {
  return { namespace: metadata?.namespace ?? '', name: metadata?.name ?? '' };
}

function hostsOf(object: LiveObject): readonly (Owner & { readonly host: string })[] {
  const hosts = new Set(imagesIn(object).map(image => image.host));
  return [...hosts].map(host => ({ ...ownerOf(object), host }));
}

function clientIdsOf(
  object: LiveObject & { readonly spec?: unknown },
): readonly (Owner & { readonly clientId: string })[] {
  const annotated = object.metadata?.annotations?.['azure.workload.identity/client-id'];
  const { podIdentity }: { readonly podIdentity?: unknown } = isRecord(object.spec) ? object.spec : {};
  if (!isRecord(podIdentity)) return annotated === undefined ? [] : [{ ...ownerOf(object), clientId: annotated }];
  if (podIdentity.provider !== 'azure-workload') return [];
  const { identityId } = podIdentity;
  return [{ ...ownerOf(object), clientId: typeof identityId === 'string' ? identityId : anyClientId }];
}
