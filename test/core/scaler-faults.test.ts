import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { faultsOf } from './faults.ts';
import { bus, cosmos, hub, kafka, messaging, queue, resolveScaled, type ScaledApp, storage } from './scaled-app.ts';

const faulty: readonly { readonly name: string; readonly given: ScaledApp; readonly expected: RegExp }[] = [
  {
    name: 'a queue with a string of Event Hubs',
    given: { triggers: [queue], settings: { C: messaging } },
    expected:
      /^f0\/function\.json: Setting "C" is no connection string of a storage account: .* looks like one of Event Hubs or Service Bus/,
  },
  {
    name: 'a hub with a string of storage',
    given: { triggers: [hub], settings: { C: storage } },
    expected: /is no connection string of Event Hubs: .* looks like one of a storage account/,
  },
  {
    name: 'a hub with the string of the IoT Hub itself',
    given: {
      triggers: [hub],
      settings: { C: 'HostName=x.azure-devices.net;SharedAccessKeyName=a;SharedAccessKey=hush' },
    },
    expected: /looks like one of IoT Hub/,
  },
  {
    name: 'a string without its key',
    given: { triggers: [bus], settings: { C: 'Endpoint=sb://shop.servicebus.windows.net/' } },
    expected: /has neither SharedAccessKeyName/,
  },
  {
    name: 'Service Bus without a source',
    given: { triggers: [{ type: 'serviceBusTrigger', connection: 'C' }], settings: { C: messaging } },
    expected: /must name a queue/,
  },
  {
    name: 'a topic without a subscription',
    given: { triggers: [{ type: 'serviceBusTrigger', topicName: 't', connection: 'C' }], settings: { C: messaging } },
    expected: /Key "subscriptionName" of the Service Bus trigger is missing/,
  },
  {
    name: 'a connection without its setting',
    given: { triggers: [bus] },
    expected: /Connection "C" of the Service Bus trigger has no setting/,
  },
  {
    name: 'a hub without a name',
    given: { triggers: [{ type: 'eventHubTrigger', connection: 'C' }], settings: { C: messaging } },
    expected: /Key "eventHubName" of the Event Hubs trigger is missing/,
  },
  {
    name: 'Kafka without a topic',
    given: { triggers: [{ ...kafka, topic: '' }] },
    expected: /Key "topic" of the Kafka trigger is missing/,
  },
  {
    name: 'Kafka over SASL without a user',
    given: { triggers: [{ ...kafka, protocol: 'saslSsl', authenticationMode: 'plain' }] },
    expected: /Key "username" of the Kafka trigger is missing/,
  },
  {
    name: 'Kafka with an unknown mode',
    given: { triggers: [{ ...kafka, protocol: 'saslSsl', authenticationMode: 'magic' }] },
    expected: /must be one of Plain, .* got "magic"/,
  },
  {
    name: 'a lag below 1',
    given: { triggers: [{ ...kafka, lagThreshold: 0 }] },
    expected: /"lagThreshold" of the Kafka trigger must be a whole number above 0, got 0/,
  },
  {
    name: 'RabbitMQ with an HTTP address',
    given: {
      triggers: [{ type: 'rabbitMQTrigger', queueName: 'q', connectionStringSetting: 'C' }],
      settings: { C: 'http://hush' },
    },
    expected: /is no connection string of RabbitMQ/,
  },
  {
    name: 'Cosmos DB without a database',
    given: {
      triggers: [{ ...cosmos, databaseName: '' }],
      settings: { C: 'AccountEndpoint=https://a;AccountKey=hush' },
    },
    expected: /Key "databaseName" of the Cosmos DB trigger is missing/,
  },
  {
    name: 'a table that would change the query',
    given: {
      triggers: [{ type: 'sqlTrigger', tableName: "t'); DROP", connectionStringSetting: 'C' }],
      settings: { C: 'Server=a;Password=hush' },
    },
    expected: /must be a table such as/,
  },
  {
    name: 'a table of MySQL that would change the query',
    given: {
      triggers: [{ type: 'mysqlTrigger', tableName: '`a` JOIN b', connectionStringSetting: 'C' }],
      settings: { C: 'Server=a;Uid=b;Pwd=hush' },
    },
    expected: /Key "tableName" of the MySQL trigger must be a table such as/,
  },
  {
    name: 'a schedule of seven fields',
    given: { triggers: [{ type: 'timerTrigger', schedule: '0 0 0 * * * *' }] },
    expected: /Schedule "0 0 0 \* \* \* \*" has 7 fields/,
  },
  {
    name: 'a schedule of words',
    given: { triggers: [{ type: 'timerTrigger', schedule: '0 0 0 every day *' }] },
    expected: /has the field "every"/,
  },
  {
    name: 'a threshold of host.json below 1',
    given: {
      triggers: [bus],
      settings: { C: messaging },
      host: { extensions: { serviceBus: { maxConcurrentCalls: 0 } } },
    },
    expected: /Key "extensions\.serviceBus\.maxConcurrentCalls" of host\.json must be a whole number above 0, got 0/,
  },
  {
    name: 'Durable on MSSQL without its setting',
    given: {
      triggers: [{ type: 'activityTrigger' }],
      host: { extensions: { durableTask: { storageProvider: { type: 'mssql' } } } },
    },
    expected: /connectionStringName" of host\.json is missing/,
  },
  {
    name: 'a trigger that no KEDA knows',
    given: { triggers: [queue], config: { functions: { f0: { trigger: { type: 'azure-ques', metadata: {} } } } } },
    expected: /Key "functions\.f0\.trigger\.type".* KEDA has no scaler "azure-ques"\. Did you mean "azure-queue"\?/,
  },
  {
    name: 'a trigger that this KEDA does not know',
    given: {
      triggers: [queue],
      keda: '2.19.0',
      config: { functions: { f0: { trigger: { type: 'azure-cosmosdb', metadata: {} } } } },
    },
    expected: /KEDA "2\.19\.0" has no scaler "azure-cosmosdb", which is there only from 2\.21 on/,
  },
  {
    name: 'a short storage string on KEDA 2.14',
    given: { triggers: [queue], keda: '2.14.1', settings: { C: 'AccountName=a;AccountKey=hush' } },
    expected: /which KEDA "2\.14\.1" needs/,
  },
];

for (const { name, given, expected } of faulty) {
  test(`${name} is a fault that shows no secret`, async () => {
    const faults = await faultsOf(async () => resolveScaled(given));
    assert.equal(faults.length, 1, faults.join('\n'));
    assert.match(faults[0] ?? '', expected);
    assert.doesNotMatch(faults[0] ?? '', /hush/);
  });
}

const texts = fc.oneof(
  fc.string(),
  fc.constantFrom(
    storage,
    messaging,
    '%A%',
    '%%',
    'A',
    '__proto__',
    'constructor',
    ';=;',
    'Endpoint=sb://',
    ',ssl=True',
    'amqp://',
    'https://',
  ),
);
const types = [
  'queue',
  'serviceBus',
  'eventHub',
  'blob',
  'kafka',
  'rabbitMQ',
  'cosmosDB',
  'sql',
  'mysql',
  'redisList',
  'redisStream',
  'redisPubSub',
  'timer',
];
const keys = [
  'connection',
  'queueName',
  'topicName',
  'subscriptionName',
  'eventHubName',
  'path',
  'brokerList',
  'topic',
  'databaseName',
  'tableName',
  'key',
  'schedule',
];

test('any binding and any settings give an app or faults, never anything else', async () => {
  const bindings = fc.dictionary(fc.constantFrom(...keys), fc.oneof(texts, fc.integer(), fc.boolean()));
  const settings = fc.dictionary(
    fc.constantFrom('A', 'C', 'AzureWebJobsC', 'C__accountName', 'C__fullyQualifiedNamespace', 'C__accountEndpoint'),
    texts,
  );
  const property = fc.asyncProperty(fc.constantFrom(...types), bindings, settings, async (type, binding, given) => {
    await faultsOf(() =>
      resolveScaled({ triggers: [{ connection: 'C', ...binding, type: `${type}Trigger` }], settings: given }),
    );
  });
  await fc.assert(property, { numRuns: 500 });
});
