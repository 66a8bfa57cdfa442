import { partsOf } from '../connection-strings.ts';
import type { FoundConnection } from '../connections.ts';
import { kedaIsAtLeast, kedaIsBelow } from '../keda.ts';
import { Secret } from '../secret.ts';
import { connectionFor, connectionNamed, identityConnection, labelAndCloudOf, storageAccountOf } from './connect.ts';
import type { Scaler, ScalerContext } from './scaler.ts';
import { activationOf, optionalText, requiredText, thresholdOf } from './values.ts';

const trigger = 'Event Hubs trigger';
const nameKeys = ['eventHubName', 'path'] as const;

type Identity = Extract<FoundConnection, { kind: 'identity' }>;
type Text = Extract<FoundConnection, { kind: 'string' }>;
type Access = Pick<Scaler, 'connection' | 'parameters' | 'metadata'>;

/** KEDA's `azure-eventhub` over the checkpoints that the host writes; IoT Hub's endpoint is one too. Undefined after a fault. */
export function eventHubScaler(context: ScalerContext): Scaler | undefined {
  const hub = connectionFor(context, {
    keys: ['connection'],
    otherwise: 'EventHub',
    trigger,
    service: 'event-hubs',
    address: 'fullyQualifiedNamespace',
  });
  const storage = connectionNamed(context, 'AzureWebJobsStorage', {
    trigger,
    service: 'storage',
    address: 'accountName',
  });
  const consumerGroup = optionalText(context, ['consumerGroup'], '$Default');
  const unprocessedEventThreshold = thresholdOf(context, {
    extension: 'eventHubs',
    otherwise: 64,
    paths: ['targetUnprocessedEventThreshold', 'maxEventBatchSize', 'eventProcessorOptions.maxBatchSize'],
  });
  if (!hub || !storage || consumerGroup === undefined || unprocessedEventThreshold === undefined) return undefined;
  const access = hub.kind === 'identity' ? identityAccess(context, hub, storage) : stringAccess(context, hub, storage);
  if (!access) return undefined;
  return {
    ...access,
    type: 'azure-eventhub',
    metadata: {
      ...access.metadata,
      consumerGroup,
      unprocessedEventThreshold,
      ...activationOf(context, 'activationUnprocessedEventThreshold'),
      ...checkpointsOf(context),
    },
  };
}

/** Extension 5 (bundle 3 and newer) writes its checkpoints into the metadata of blobs; older ones have a form of their own. */
function checkpointsOf({ host }: ScalerContext): Readonly<Record<string, string>> {
  const bundle = host.extensionBundle;
  const range = typeof bundle === 'object' && bundle !== null && 'version' in bundle ? String(bundle.version) : '';
  const [, major] = /(\d+)/.exec(range) ?? [];
  if (major !== undefined && Number(major) < 3) return { checkpointStrategy: 'azureFunction' };
  return { checkpointStrategy: 'blobMetadata', blobContainer: 'azure-webjobs-eventhub' };
}

function stringAccess(context: ScalerContext, hub: Text, storage: FoundConnection): Access | undefined {
  if (storage.kind === 'identity') {
    context.keepOne?.(
      `KEDA cannot watch the hub with the connection string "${hub.setting}" and the checkpoints with the identity of "${storage.setting}" at once; give both the same form`,
    );
    return undefined;
  }
  const checkpoints = { name: 'storageConnection', setting: storage.setting };
  const text = hub.value?.reveal();
  if (partsOf(text ?? '').has('entitypath'))
    return { metadata: {}, connection: { kind: 'string', setting: hub.setting }, parameters: [checkpoints] };
  const name = requiredText(context, nameKeys, trigger)?.toLowerCase();
  if (name === undefined) return undefined;
  // From 2.18 to 2.20 KEDA refuses a hub's name beside a connection string; one with EntityPath works everywhere.
  const takesName = kedaIsBelow(context.keda, '2.18') || kedaIsAtLeast(context.keda, '2.21');
  if (takesName)
    return {
      metadata: { eventHubName: name },
      connection: { kind: 'string', setting: hub.setting },
      parameters: [checkpoints],
    };
  if (text === undefined) {
    context.notice?.(`Setting "${hub.setting}" is not read. KEDA 2.18 to 2.20 needs "EntityPath=${name}" in it.`);
    return { metadata: {}, connection: { kind: 'string', setting: hub.setting }, parameters: [checkpoints] };
  }
  const whole = new Secret(`${text.replace(/;+\s*$/, '')};EntityPath=${name}`);
  return { metadata: {}, parameters: [{ name: 'connection', value: whole }, checkpoints] };
}

function identityAccess(context: ScalerContext, hub: Identity, storage: FoundConnection): Access | undefined {
  const name = requiredText(context, nameKeys, trigger)?.toLowerCase();
  const place = labelAndCloudOf(hub.values.get('fullyQualifiedNamespace') ?? '', 'servicebus');
  if (!place) {
    context.fault(
      `Connection "${hub.setting}" of the ${trigger} does not say which namespace it means. Give "${hub.setting}__fullyQualifiedNamespace" as "<namespace>.servicebus.windows.net" in the input "settings".`,
    );
    return undefined;
  }
  const metadata = { eventHubNamespace: place.label, ...place.cloud };
  if (storage.kind === 'string') {
    return name === undefined
      ? undefined
      : {
          metadata: { eventHubName: name },
          connection: identityConnection(hub, metadata),
          parameters: [{ name: 'storageConnection', setting: storage.setting }],
        };
  }
  const account = storageAccountOf(context, storage, {
    trigger,
    service: 'blob',
    parts: ['blobServiceUri', 'serviceUri'],
  });
  if (!account || name === undefined) return undefined;
  const own = storage.values.get('clientId');
  if (own && own !== hub.values.get('clientId')) {
    context.notice?.(
      `KEDA reads the checkpoints of "${storage.setting}" with the identity of "${hub.setting}". Give that identity the role "Storage Blob Data Reader" on the account.`,
    );
  }
  const { accountName = '', endpointSuffix } = account;
  const suffix = endpointSuffix === undefined ? {} : { storageEndpointSuffix: endpointSuffix.replace(/^blob\./, '') };
  return {
    metadata: { eventHubName: name },
    connection: identityConnection(hub, { ...metadata, storageAccountName: accountName, ...suffix }),
  };
}
