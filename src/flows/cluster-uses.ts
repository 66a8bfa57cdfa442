import { parseRecord } from '../core/doctor/record.ts';
import { anyClientId, type ClusterUses, type Owner } from '../core/doctor/uses.ts';
import { parseImageReference } from '../core/image.ts';
import { isRecord } from '../core/image-json.ts';
import { labelKeys } from '../core/names.ts';
import { UserError } from '../errors.ts';
import type { Kind, LiveObject } from './cluster-port.ts';
import type { ClusterInspection } from './doctor-port.ts';
import type { RecordOwner } from './doctor-record.ts';
import { look } from './look.ts';

/** Kinds whose pods pull images, now or when they are scaled up. */
const pullingKinds = ['Pod', 'Deployment', 'StatefulSet', 'DaemonSet', 'Job', 'CronJob'] as const;

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

function isOf({ metadata }: LiveObject, { name, namespace }: RecordOwner): boolean {
  return metadata?.namespace === namespace && metadata.labels?.[labelKeys.app] === name;
}

function ownerOf({ metadata }: LiveObject): Owner {
  return { namespace: metadata?.namespace ?? '', name: metadata?.name ?? '' };
}

function hostsOf(object: LiveObject): readonly (Owner & { readonly host: string })[] {
  const images = [...JSON.stringify(object).matchAll(/"image":"([^"]+)"/g)].map(match => match[1] ?? '');
  const hosts = new Set(images.flatMap(hostOf));
  return [...hosts].map(host => ({ ...ownerOf(object), host }));
}

/** A name that is no image cannot be pulled from anywhere. */
function hostOf(image: string): readonly string[] {
  try {
    return [parseImageReference(image).host];
  } catch (error) {
    if (error instanceof UserError) return [];
    throw error;
  }
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
