import type { Scaler } from './scaler.ts';

/** By a scaler's type: metadata that names what it watches, the number for one replica, and a word for what it counts. */
const watched: Readonly<Record<string, readonly [names: readonly string[], each: string, unit: string]>> = {
  'azure-blob': [['blobContainerName', 'blobPrefix'], 'blobCount', 'blob'],
  'azure-cosmosdb': [['databaseId', 'containerId'], 'changeFeedLagThreshold', 'change'],
  'azure-eventhub': [['eventHubName'], 'unprocessedEventThreshold', 'event'],
  'azure-queue': [['queueName'], 'queueLength', 'message'],
  'azure-servicebus': [['queueName', 'topicName', 'subscriptionName'], 'messageCount', 'message'],
  kafka: [['topic'], 'lagThreshold', 'message'],
  mysql: [[], 'queryValue', 'change'],
  rabbitmq: [['queueName'], 'value', 'message'],
  redis: [['listName'], 'listLength', 'element'],
  'redis-streams': [['stream'], 'lagCount', 'message'],
};

/** What scales a function in a few words, e.g. `azure-servicebus "orders/stock", 16 messages each`; the type alone for one of the file. */
export function scalerText({ type, metadata }: Scaler): string {
  const [names = [], each = '', unit = ''] = Object.hasOwn(watched, type) ? (watched[type] ?? []) : [];
  const count = metadata[each];
  if (count === undefined) return type;
  const name = names.flatMap(key => metadata[key] ?? []).join('/');
  return `${type}${name === '' ? '' : ` "${name}"`}, ${count} ${unit}${count === '1' ? '' : 's'} each`;
}
