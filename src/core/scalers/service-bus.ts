import { partsOf } from '../connection-strings.ts';
import type { FoundConnection } from '../connections.ts';
import { connectionFor, identityConnection, labelAndCloudOf } from './connect.ts';
import type { Connection, Scaler, ScalerContext } from './scaler.ts';
import { activationOf, givenText, type HostNumber, requiredText, thresholdOf } from './values.ts';

const trigger = 'Service Bus trigger';

/** Messages or sessions that one host takes at once, by how the function takes them. */
const numbers: Readonly<Record<'single' | 'sessions' | 'batch', HostNumber>> = {
  single: {
    extension: 'serviceBus',
    paths: ['maxConcurrentCalls', 'messageHandlerOptions.maxConcurrentCalls'],
    otherwise: 16,
  },
  sessions: {
    extension: 'serviceBus',
    paths: ['maxConcurrentSessions', 'sessionHandlerOptions.maxConcurrentSessions'],
    otherwise: 8,
  },
  batch: { extension: 'serviceBus', paths: ['maxMessageBatchSize', 'batchOptions.maxMessageCount'], otherwise: 1000 },
};

/** KEDA's `azure-servicebus` for a queue or a subscription of a topic. Undefined after a fault, or when KEDA cannot ask. */
export function serviceBusScaler(context: ScalerContext): Scaler | undefined {
  const source = sourceOf(context);
  const found = connectionFor(context, {
    keys: ['connection'],
    otherwise: 'ServiceBus',
    trigger,
    service: 'service-bus',
    address: 'fullyQualifiedNamespace',
  });
  const messageCount = thresholdOf(context, numbers[kindOf(context)]);
  if (!source || !found || messageCount === undefined) return undefined;
  const connection = connectionOf(context, found);
  if (!connection) return undefined;
  return {
    type: 'azure-servicebus',
    metadata: { ...source, messageCount, ...activationOf(context, 'activationMessageCount') },
    connection,
  };
}

function kindOf({ binding }: ScalerContext): keyof typeof numbers {
  if (String(binding.cardinality).toLowerCase() === 'many') return 'batch';
  return String(binding.isSessionsEnabled).toLowerCase() === 'true' ? 'sessions' : 'single';
}

function sourceOf(context: ScalerContext): Readonly<Record<string, string>> | undefined {
  const hasQueue = givenText(context, ['queueName']) !== undefined;
  const hasTopic = givenText(context, ['topicName', 'subscriptionName']) !== undefined;
  if (hasQueue === hasTopic) {
    context.fault(
      `The ${trigger} must name a queue ("queueName") or a topic with a subscription ("topicName", "subscriptionName"). Give ${hasQueue ? 'only ' : ''}one of them.`,
    );
    return undefined;
  }
  if (hasQueue) {
    const queueName = requiredText(context, ['queueName'], trigger);
    return queueName === undefined ? undefined : { queueName };
  }
  const topicName = requiredText(context, ['topicName'], trigger);
  const subscriptionName = requiredText(context, ['subscriptionName'], trigger);
  return topicName === undefined || subscriptionName === undefined ? undefined : { topicName, subscriptionName };
}

function connectionOf(context: ScalerContext, found: FoundConnection): Connection | undefined {
  if (found.kind === 'identity') return identityOf(context, found);
  const parts = partsOf(found.value?.reveal() ?? '');
  if (parts.get('usedevelopmentemulator')?.toLowerCase() === 'true') {
    context.keepOne?.('KEDA cannot ask the Service Bus emulator for its messages');
    return undefined;
  }
  if (/listen/i.test(parts.get('sharedaccesskeyname') ?? '')) {
    context.notice?.(
      `Setting "${found.setting}" seems to hold a policy with the right "Listen" alone. KEDA needs "Manage" to count messages; use such a policy, or an identity with the role "Azure Service Bus Data Owner".`,
    );
  }
  return { kind: 'string', setting: found.setting };
}

function identityOf(
  context: ScalerContext,
  found: Extract<FoundConnection, { kind: 'identity' }>,
): Connection | undefined {
  const place = labelAndCloudOf(found.values.get('fullyQualifiedNamespace') ?? '', 'servicebus');
  if (place) return identityConnection(found, { namespace: place.label, ...place.cloud });
  context.fault(
    `Connection "${found.setting}" of the ${trigger} does not say which namespace it means. Give "${found.setting}__fullyQualifiedNamespace" as "<namespace>.servicebus.windows.net" in the input "settings".`,
  );
  return undefined;
}
