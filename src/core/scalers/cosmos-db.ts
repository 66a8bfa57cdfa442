import type { FoundConnection } from '../connections.ts';
import { kedaIsAtLeast, kedaIsKnown } from '../keda.ts';
import { type ConnectionNeed, connectionFor, identityConnection } from './connect.ts';
import type { Connection, Scaler, ScalerContext, ScalerParameter } from './scaler.ts';
import { activationOf, givenText, optionalText, requiredText } from './values.ts';

const trigger = 'Cosmos DB trigger';
const need = { trigger, service: 'cosmos-db', address: 'accountEndpoint' } as const;
const connectionNeed: ConnectionNeed = {
  ...need,
  keys: ['connection', 'connectionStringSetting'],
  otherwise: 'CosmosDB',
};
const leaseKeys = ['leaseConnection', 'leaseConnectionStringSetting'] as const;

/** KEDA's `azure-cosmosdb` by the lag of the change feed. Undefined after a fault, or where this KEDA or the lease's name does not allow it. */
export function cosmosScaler(context: ScalerContext): Scaler | undefined {
  const source = sourceOf(context);
  const found = connectionFor(context, connectionNeed);
  const lease =
    givenText(context, leaseKeys) === undefined ? undefined : connectionFor(context, { ...need, keys: leaseKeys });
  const changeFeedLagThreshold = lagOf(context);
  const processorName = optionalText(context, ['leaseContainerPrefix', 'leaseCollectionPrefix'], '');
  if (!source || !found || changeFeedLagThreshold === undefined || processorName === undefined) return undefined;
  if (!canScale(context, processorName)) return undefined;
  const access = accessOf(context, found, lease);
  if (!access) return undefined;
  return {
    ...access,
    type: 'azure-cosmosdb',
    metadata: {
      ...source,
      processorName,
      changeFeedLagThreshold,
      ...activationOf(context, 'activationChangeFeedLagThreshold'),
      ...access.metadata,
    },
  };
}

function canScale(context: ScalerContext, processorName: string): boolean {
  const { keda } = context;
  if (!kedaIsAtLeast(keda, '2.21')) {
    const reason = kedaIsKnown(keda)
      ? `KEDA "${keda}" has no scaler "azure-cosmosdb"; 2.21 has`
      : 'the version of KEDA is not known, and the scaler "azure-cosmosdb" needs 2.21';
    context.keepOne?.(reason, { provisional: !kedaIsKnown(keda) });
    return false;
  }
  if (processorName !== '') return true;
  context.keepOne?.(
    'its trigger has no "leaseContainerPrefix", which KEDA needs to find its leases. A new prefix makes new leases, so the function starts again from now',
  );
  return false;
}

function sourceOf(context: ScalerContext): Readonly<Record<string, string>> | undefined {
  const databaseId = requiredText(context, ['databaseName'], trigger);
  const containerId = requiredText(context, ['containerName', 'collectionName'], trigger);
  const leaseDatabaseId = optionalText(context, ['leaseDatabaseName'], databaseId ?? '');
  const leaseContainerId = optionalText(context, ['leaseContainerName', 'leaseCollectionName'], 'leases');
  if (
    databaseId === undefined ||
    containerId === undefined ||
    leaseDatabaseId === undefined ||
    leaseContainerId === undefined
  )
    return undefined;
  return { databaseId, containerId, leaseDatabaseId, leaseContainerId };
}

function lagOf({ config, binding, fault }: ScalerContext): string | undefined {
  const value = config.threshold ?? binding.maxItemsPerInvocation ?? 100;
  const number = typeof value === 'string' ? Number(value) : value;
  if (typeof number === 'number' && Number.isInteger(number) && number >= 1) return String(number);
  fault(`Key "maxItemsPerInvocation" of the ${trigger} must be a whole number above 0, got ${JSON.stringify(value)}.`);
  return undefined;
}

/** Each account signs in for itself; the lease account is named only where it is another one. */
function accessOf(
  context: ScalerContext,
  found: FoundConnection,
  lease: FoundConnection | undefined,
): Pick<Scaler, 'connection' | 'parameters' | 'metadata'> | undefined {
  const isOther = lease !== undefined && lease.setting !== found.setting;
  const parameters: readonly ScalerParameter[] =
    isOther && lease.kind === 'string' ? [{ name: 'leaseConnection', setting: lease.setting }] : [];
  const leaseEndpoint = isOther && lease.kind === 'identity' ? endpointOf(context, lease) : undefined;
  if (isOther && lease.kind === 'identity' && leaseEndpoint === undefined) return undefined;
  const connection = connectionOf(context, found);
  if (!connection) return undefined;
  if (connection.kind === 'string' && leaseEndpoint !== undefined) {
    context.keepOne?.(
      'KEDA cannot read the container with a connection string and its leases with an identity at once; give both the same form',
    );
    return undefined;
  }
  return {
    connection,
    metadata: leaseEndpoint === undefined ? {} : { leaseEndpoint },
    ...(parameters.length > 0 ? { parameters } : {}),
  };
}

function connectionOf(context: ScalerContext, found: FoundConnection): Connection | undefined {
  if (found.kind === 'string') return { kind: 'string', setting: found.setting };
  const endpoint = endpointOf(context, found);
  return endpoint === undefined ? undefined : identityConnection(found, { endpoint, ...cloudOf(endpoint) });
}

function endpointOf(
  context: ScalerContext,
  { setting, values }: Extract<FoundConnection, { kind: 'identity' }>,
): string | undefined {
  const url = URL.parse(values.get('accountEndpoint') ?? '');
  if (url?.protocol === 'https:') return url.href;
  context.fault(
    `Connection "${setting}" of the ${trigger} does not say which account it means. Give "${setting}__accountEndpoint" as "https://<account>.documents.azure.com:443/" in the input "settings".`,
  );
  return undefined;
}

function cloudOf(endpoint: string): Readonly<Record<string, string>> {
  const host = URL.parse(endpoint)?.hostname ?? '';
  if (host.endsWith('.azure.us')) return { cloud: 'AzureUSGovernmentCloud' };
  return host.endsWith('.azure.cn') ? { cloud: 'AzureChinaCloud' } : {};
}
