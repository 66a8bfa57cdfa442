import { blobStorage, cosmos, cosmosText, eventHubs, iotHub, only, serviceBus, storage } from './access.ts';
import type { Row } from './cases.ts';

const c = { connection: 'C' } as const;
const extensions = (given: object) => ({ extensions: given });
const queue = { type: 'queueTrigger', ...c, queueName: 'orders' } as const;
const bus = { type: 'serviceBusTrigger', ...c, queueName: 'orders' } as const;
const topic = { type: 'serviceBusTrigger', ...c, topicName: 'orders', subscriptionName: 'stock' } as const;
const hub = { type: 'eventHubTrigger', ...c, eventHubName: 'Clicks' } as const;
const blob = { type: 'blobTrigger', ...c, path: 'images/new/{name}.png' } as const;
const container = { type: 'cosmosDBTrigger', ...c, databaseName: 'shop', containerName: 'orders' } as const;
const watched = { ...container, leaseContainerPrefix: 'stock' } as const;
const old = { type: 'cosmosDBTrigger', connectionStringSetting: 'C', databaseName: 'shop' } as const;
const oneBus = only(serviceBus, 'a connection string');
const oneHub = only(eventHubs, 'connection strings');
const busHost = (serviceBusOptions: object) => extensions({ serviceBus: serviceBusOptions });
const hubHost = (eventHubOptions: object) => extensions({ eventHubs: eventHubOptions });

/** Triggers of Azure's own services, by the file that the expectations stand in. */
export const azureRows: Readonly<Record<string, readonly Row[]>> = {
  'storage-queue': [
    { name: 'queue', access: storage, binding: queue },
    {
      name: 'queue of a setting',
      access: storage,
      binding: { ...queue, queueName: '%Queue%' },
      settings: { Queue: 'Orders' },
      function: { threshold: 5, activation: 2 },
    },
    { name: 'queue, host.json', access: storage, binding: queue, host: extensions({ queues: { batchSize: 4 } }) },
    {
      name: 'queue, host.json overridden by a setting',
      access: only(storage, 'a connection string'),
      binding: queue,
      settings: { AzureFunctionsJobHost__extensions__queues__batchSize: '8' },
    },
    { name: 'queue, KEDA 2.14', access: storage, binding: queue, keda: '2.14.1' },
  ],
  'service-bus': [
    { name: 'queue', access: serviceBus, binding: bus },
    { name: 'queue, host.json', access: oneBus, binding: bus, host: busHost({ maxConcurrentCalls: 32 }) },
    {
      name: 'queue, host.json of the older extension',
      access: oneBus,
      binding: bus,
      host: busHost({ messageHandlerOptions: { maxConcurrentCalls: 32 } }),
    },
    { name: 'queue, threshold', access: serviceBus, binding: bus, function: { threshold: 50, activation: 5 } },
    { name: 'topic', access: serviceBus, binding: topic },
    { name: 'sessions', access: serviceBus, binding: { ...bus, isSessionsEnabled: true } },
    { name: 'sessions of a topic', access: oneBus, binding: { ...topic, isSessionsEnabled: true } },
    {
      name: 'sessions, host.json',
      access: oneBus,
      binding: { ...bus, isSessionsEnabled: true },
      host: busHost({ maxConcurrentSessions: 4 }),
    },
    {
      name: 'sessions, host.json of the older extension',
      access: oneBus,
      binding: { ...bus, isSessionsEnabled: true },
      host: busHost({ sessionHandlerOptions: { maxConcurrentSessions: 4 } }),
    },
    { name: 'batch', access: serviceBus, binding: { ...bus, cardinality: 'many' } },
    {
      name: 'batch, host.json',
      access: oneBus,
      binding: { ...bus, cardinality: 'many' },
      host: busHost({ maxMessageBatchSize: 200 }),
    },
    {
      name: 'batch, host.json of the older extension',
      access: oneBus,
      binding: { ...bus, cardinality: 'many' },
      host: busHost({ batchOptions: { maxMessageCount: 200 } }),
    },
  ],
  'event-hubs': [
    { name: 'hub', access: eventHubs, binding: hub },
    { name: 'hub, KEDA 2.19', access: eventHubs, binding: hub, keda: '2.19.0' },
    { name: 'hub, KEDA 2.14', access: eventHubs, binding: { ...hub, consumerGroup: 'stock' }, keda: '2.14.1' },
    {
      name: 'hub, host.json',
      access: oneHub,
      binding: hub,
      host: hubHost({ targetUnprocessedEventThreshold: 20, maxEventBatchSize: 100 }),
    },
    { name: 'hub, batch size of host.json', access: oneHub, binding: hub, host: hubHost({ maxEventBatchSize: 100 }) },
    {
      name: 'hub, old bundle',
      access: eventHubs,
      binding: hub,
      host: {
        extensionBundle: { id: 'b', version: '[2.*, 3.0.0)' },
        ...hubHost({ eventProcessorOptions: { maxBatchSize: 10 } }),
      },
    },
    { name: 'IoT Hub', access: iotHub, binding: { type: 'eventHubTrigger', ...c, path: 'messages/events' } },
    {
      name: 'IoT Hub, KEDA 2.19',
      access: iotHub,
      binding: { type: 'eventHubTrigger', ...c, path: 'messages/events', consumerGroup: 'shop' },
      keda: '2.19.0',
    },
  ],
  blob: [
    { name: 'blob', access: blobStorage, binding: { ...blob, path: 'images/{name}' } },
    { name: 'blob with a threshold', access: blobStorage, binding: blob, function: { threshold: 10, activation: 2 } },
    {
      name: 'blob with a threshold, KEDA 2.14',
      access: blobStorage,
      binding: blob,
      function: { threshold: 10 },
      keda: '2.14.1',
    },
    { name: 'blob from Event Grid', access: blobStorage, binding: { ...blob, source: 'EventGrid' } },
  ],
  'cosmos-db': [
    { name: 'container without a prefix', access: cosmos, binding: container },
    { name: 'container', access: cosmos, binding: { ...watched, maxItemsPerInvocation: 20 } },
    {
      name: 'container with other leases',
      access: cosmos,
      binding: { ...watched, leaseConnection: 'L', leaseContainerName: 'marks' },
      settings: { L: cosmosText },
    },
    {
      name: 'container with leases of another identity',
      access: cosmos,
      binding: { ...watched, leaseConnection: 'L', leaseDatabaseName: 'marks' },
      settings: { L__accountEndpoint: 'https://marks.documents.azure.com:443/' },
    },
    {
      name: 'container, older extension',
      access: only(cosmos, 'a connection string', 'an account'),
      binding: { ...old, collectionName: 'orders', leaseCollectionName: 'marks', leaseCollectionPrefix: 'stock' },
    },
    { name: 'container, KEDA 2.19', access: cosmos, binding: watched, keda: '2.19.0' },
  ],
};
