import { partsOf } from '../connection-strings.ts';
import type { FoundConnection } from '../connections.ts';
import { kedaIsBelow } from '../keda.ts';
import { connectionFor, identityConnection, storageAccountOf } from './connect.ts';
import type { Connection, Scaler, ScalerContext } from './scaler.ts';
import { activationOf, resolvedOf, thresholdOf } from './values.ts';

const trigger = 'queue trigger';

/** KEDA's `azure-queue` for a `queueTrigger`: one replica for each batch that waits. Undefined after a fault. */
export function azureQueueScaler(context: ScalerContext): Scaler | undefined {
  const queueName = queueNameOf(context);
  const connection = connectionOf(context);
  const queueLength = thresholdOf(context, { extension: 'queues', paths: ['batchSize'], otherwise: 16, max: 32 });
  if (queueName === undefined || connection === undefined || queueLength === undefined) return undefined;
  return {
    type: 'azure-queue',
    metadata: { queueName, queueLength, ...activationOf(context, 'activationQueueLength') },
    connection,
  };
}

function queueNameOf(context: ScalerContext): string | undefined {
  const given = context.binding.queueName;
  if (typeof given !== 'string' || given.trim() === '') {
    context.fault('Key "queueName" of the queue trigger is missing. Name the queue, as a text or as "%SETTING%".');
    return undefined;
  }
  const resolved = resolvedOf(context, 'queueName', given);
  if (resolved === undefined) return undefined;
  // The host lower-cases the name before it checks it.
  const name = resolved.text.toLowerCase();
  if (!isQueueName(name)) {
    const shown = resolved.secret.length > 0 ? 'the value of a secret setting' : `"${resolved.text}"`;
    context.fault(
      `Queue name ${shown} is not valid. Use 3 to 63 letters, digits and single hyphens, with a letter or digit at both ends.`,
    );
    return undefined;
  }
  for (const setting of resolved.secret) {
    context.notice?.(
      `Setting "${setting}" is secret but part of the queue's name, which stands in the ScaledObject in clear.`,
    );
  }
  return name;
}

function isQueueName(name: string): boolean {
  return name.length >= 3 && name.length <= 63 && /^[a-z0-9]+(-[a-z0-9]+)*$/.test(name);
}

function connectionOf(context: ScalerContext): Connection | undefined {
  const found = connectionFor(context, {
    keys: ['connection'],
    otherwise: 'AzureWebJobsStorage',
    trigger,
    service: 'storage',
    address: 'accountName',
  });
  if (found?.kind === 'string') return checkedString(context, found);
  const metadata =
    found && storageAccountOf(context, found, { trigger, service: 'queue', parts: ['queueServiceUri', 'serviceUri'] });
  return found && metadata && identityConnection(found, metadata);
}

/** KEDA up to 2.14 has no defaults for the address, and no older one is told apart by its answer. */
function checkedString(
  context: ScalerContext,
  found: Extract<FoundConnection, { kind: 'string' }>,
): Connection | undefined {
  const { setting, value } = found;
  const parts = value && partsOf(value.reveal());
  const isWhole =
    !parts || parts.has('queueendpoint') || (parts.has('endpointsuffix') && parts.has('defaultendpointsprotocol'));
  if (isWhole || !kedaIsBelow(context.keda, '2.15')) return { kind: 'string', setting };
  context.fault(
    `Setting "${setting}" has neither QueueEndpoint nor DefaultEndpointsProtocol with EndpointSuffix, which KEDA "${context.keda}" needs. Add "DefaultEndpointsProtocol=https;EndpointSuffix=core.windows.net" to it, or update KEDA.`,
  );
  return undefined;
}
