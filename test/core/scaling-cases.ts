/** A trigger under one way to reach its service, and what the app says besides. */
export interface ScalingCase {
  readonly name: string;
  readonly binding: Readonly<Record<string, unknown>> & { readonly type: string };
  readonly settings?: Readonly<Record<string, string>>;
  readonly host?: Readonly<Record<string, unknown>>;
  readonly function?: Readonly<Record<string, unknown>>;
  /** Otherwise 2.21.0. */
  readonly keda?: string;
}

const storageText = 'DefaultEndpointsProtocol=https;AccountName=shop;AccountKey=b2s=;EndpointSuffix=core.windows.net';
const messagingText = 'Endpoint=sb://shop.servicebus.windows.net/;SharedAccessKeyName=Root;SharedAccessKey=b2s=';
const cosmosText = 'AccountEndpoint=https://shop.documents.azure.com:443/;AccountKey=b2s=;';
const sqlText = 'Server=tcp:shop.database.windows.net,1433;Database=shop;User ID=app;Password=hush;Encrypt=True';

type Access = Readonly<Record<string, Readonly<Record<string, string>>>>;

const storage: Access = {
  'a connection string': { C: storageText },
  'an account': { C__accountName: 'shop', C__clientId: '11111111-2222-3333-4444-555555555555' },
  'the address of a queue': { C__queueServiceUri: 'https://shop.queue.core.windows.net' },
  'an address in the US government cloud': { C__queueServiceUri: 'https://shop.queue.core.usgovcloudapi.net' },
  'the prefixed name': { AzureWebJobsC: storageText, C: 'x' },
};
const blobStorage: Access = {
  'a connection string': { C: storageText },
  'an account': { C__accountName: 'shop' },
  'an address in China': { C__blobServiceUri: 'https://shop.blob.core.chinacloudapi.cn' },
};
const serviceBus: Access = {
  'a connection string': { C: messagingText },
  'a namespace': { C__fullyQualifiedNamespace: 'shop.servicebus.windows.net' },
  'a namespace in China': { C__fullyQualifiedNamespace: 'shop.servicebus.chinacloudapi.cn' },
  'the emulator': { C: 'Endpoint=sb://bus;SharedAccessKeyName=Root;SharedAccessKey=b2s=;UseDevelopmentEmulator=true' },
};
const eventHubs: Access = {
  'connection strings': { C: messagingText },
  'a string with EntityPath': { C: `${messagingText};EntityPath=clicks` },
  identities: {
    C__fullyQualifiedNamespace: 'shop.servicebus.windows.net',
    AzureWebJobsStorage__accountName: 'shop',
    AzureWebJobsStorage: '',
  },
  'an identity and a storage string': { C__fullyQualifiedNamespace: 'shop.servicebus.windows.net' },
  'identities of a private cloud': {
    C__fullyQualifiedNamespace: 'shop.servicebus.my.cloud',
    AzureWebJobsStorage: '',
    AzureWebJobsStorage__blobServiceUri: 'https://shop.blob.my.cloud',
  },
};
const cosmos: Access = {
  'a connection string': { C: cosmosText },
  'an account': {
    C__accountEndpoint: 'https://shop.documents.azure.com:443/',
    C__clientId: '11111111-2222-3333-4444-555555555555',
  },
  'an account in the US government cloud': { C__accountEndpoint: 'https://shop.documents.azure.us:443/' },
};
const database: Access = {
  'a connection string': { C: sqlText },
  'an identity': { C: 'Server=shop;Authentication=Active Directory Default' },
};
const mySqlText = 'Server=shop.mysql.database.azure.com;Port=3306;Database=shop;Uid=app;Pwd=hush;SslMode=Required';
const mySql: Access = {
  'a connection string': { C: mySqlText },
  'a connection string without a database': { C: 'Server=shop;Uid=app;Pwd=hush' },
};
const redis: Access = {
  'TLS and a password': { C: 'shop.redis.cache.windows.net:6380,password=hush,ssl=True,abortConnect=False' },
  'an address alone': { C: 'redis' },
  'an identity': { C__redisHostName: 'shop.redis.cache.windows.net' },
};
const none: Access = { nothing: {} };
const amqp: Access = { 'an address': { C: 'amqp://user:hush@rabbit:5672/shop' } };
const kafka: Access = {
  'plain brokers': { Brokers: 'broker:9092' },
  'brokers in clear': {},
};
const sasl: Access = { credentials: { Brokers: 'shop.servicebus.windows.net:9093', KafkaPassword: messagingText } };

interface Row {
  readonly name: string;
  readonly access: Access;
  readonly binding: ScalingCase['binding'];
  readonly more?: Omit<ScalingCase, 'name' | 'binding'>;
}

const row = (name: string, access: Access, binding: ScalingCase['binding'], more: Row['more'] = {}): Row => ({
  name,
  access,
  binding,
  more,
});
const c = { connection: 'C' } as const;
const cosmosBinding = { type: 'cosmosDBTrigger', ...c, databaseName: 'shop', containerName: 'orders' } as const;
const hubBinding = { type: 'eventHubTrigger', ...c, eventHubName: 'Clicks' } as const;
const durable = (type: string, storageProvider?: object): Readonly<Record<string, unknown>> => ({
  extensions: { durableTask: storageProvider ? { storageProvider: { type, ...storageProvider } } : {} },
});

const rows: readonly Row[] = [
  row('queue', storage, { type: 'queueTrigger', ...c, queueName: 'orders' }),
  row(
    'queue of a setting',
    storage,
    { type: 'queueTrigger', ...c, queueName: '%Queue%' },
    { settings: { Queue: 'Orders' }, function: { threshold: 5, activation: 2 } },
  ),
  row(
    'queue, host.json',
    storage,
    { type: 'queueTrigger', ...c, queueName: 'orders' },
    { host: { extensions: { queues: { batchSize: 4 } } } },
  ),
  row('Service Bus queue', serviceBus, { type: 'serviceBusTrigger', ...c, queueName: 'orders' }),
  row(
    'Service Bus queue, host.json',
    serviceBus,
    { type: 'serviceBusTrigger', ...c, queueName: 'orders' },
    { host: { extensions: { serviceBus: { messageHandlerOptions: { maxConcurrentCalls: 32 } } } } },
  ),
  row('Service Bus topic', serviceBus, {
    type: 'serviceBusTrigger',
    ...c,
    topicName: 'orders',
    subscriptionName: 'stock',
  }),
  row('Service Bus sessions', serviceBus, {
    type: 'serviceBusTrigger',
    ...c,
    queueName: 'orders',
    isSessionsEnabled: true,
  }),
  row('Service Bus batch', serviceBus, { type: 'serviceBusTrigger', ...c, queueName: 'orders', cardinality: 'many' }),
  row('event hub', eventHubs, hubBinding),
  row('event hub, KEDA 2.19', eventHubs, hubBinding, { keda: '2.19.0' }),
  row('event hub, KEDA 2.14', eventHubs, { ...hubBinding, consumerGroup: 'stock' }, { keda: '2.14.1' }),
  row('event hub, old bundle', eventHubs, hubBinding, {
    host: {
      extensionBundle: { id: 'b', version: '[2.*, 3.0.0)' },
      extensions: { eventHubs: { eventProcessorOptions: { maxBatchSize: 10 } } },
    },
  }),
  row('blob', blobStorage, { type: 'blobTrigger', ...c, path: 'images/{name}' }),
  row(
    'blob with a threshold',
    blobStorage,
    { type: 'blobTrigger', ...c, path: 'images/new/{name}.png' },
    { function: { threshold: 10 } },
  ),
  row('blob from Event Grid', blobStorage, { type: 'blobTrigger', ...c, path: 'images/{name}', source: 'EventGrid' }),
  row('Kafka', kafka, {
    type: 'kafkaTrigger',
    brokerList: 'Brokers',
    topic: 'orders',
    consumerGroup: 'stock',
    lagThreshold: 50,
  }),
  row('Kafka over SASL', sasl, {
    type: 'kafkaTrigger',
    brokerList: 'Brokers',
    topic: 'orders',
    protocol: 'SASLSSL',
    authenticationMode: 'PLAIN',
    username: '$ConnectionString',
    password: 'KafkaPassword',
  }),
  row('Kafka with SCRAM', sasl, {
    type: 'kafkaTrigger',
    brokerList: '%Brokers%',
    topic: 'orders',
    protocol: 'saslPlaintext',
    authenticationMode: 'scramSha256',
    username: 'app',
    password: '%KafkaPassword%',
  }),
  row('RabbitMQ', amqp, { type: 'rabbitMQTrigger', connectionStringSetting: 'C', queueName: 'orders' }),
  row(
    'RabbitMQ, host.json',
    amqp,
    { type: 'rabbitMQTrigger', connectionStringSetting: 'C', queueName: 'orders' },
    { host: { extensions: { rabbitMQ: { prefetchCount: 7 } } } },
  ),
  row('Cosmos DB without a prefix', cosmos, cosmosBinding),
  row('Cosmos DB', cosmos, { ...cosmosBinding, leaseContainerPrefix: 'stock', maxItemsPerInvocation: 20 }),
  row(
    'Cosmos DB with other leases',
    cosmos,
    { ...cosmosBinding, leaseContainerPrefix: 'stock', leaseConnection: 'L', leaseContainerName: 'marks' },
    { settings: { L: cosmosText } },
  ),
  row('Cosmos DB, KEDA 2.19', cosmos, { ...cosmosBinding, leaseContainerPrefix: 'stock' }, { keda: '2.19.0' }),
  row('SQL', database, { type: 'sqlTrigger', connectionStringSetting: 'C', tableName: 'dbo.Orders' }),
  row('MySQL', mySql, { type: 'mysqlTrigger', connectionStringSetting: 'C', tableName: 'orders' }),
  row(
    'MySQL with a threshold',
    mySql,
    { type: 'mysqlTrigger', connectionStringSetting: 'C', tableName: 'orders' },
    { function: { threshold: 500, activation: 10 } },
  ),
  row('Redis list', redis, { type: 'redisListTrigger', ...c, key: 'orders', maxBatchSize: 4 }),
  row('Redis stream', redis, { type: 'redisStreamTrigger', ...c, key: 'orders' }),
  row(
    'Redis stream with a threshold',
    redis,
    { type: 'redisStreamTrigger', ...c, key: 'orders' },
    { function: { threshold: 20 } },
  ),
  row('Redis pub/sub', redis, { type: 'redisPubSubTrigger', ...c, channel: 'orders' }),
  row('timer', none, { type: 'timerTrigger', schedule: '0 */5 * * * *' }),
  row('timer of a setting', none, { type: 'timerTrigger', schedule: '%Every%' }, { settings: { Every: '00:05:00' } }),
  row('Event Grid', none, { type: 'eventGridTrigger' }),
  row('SignalR', none, { type: 'signalRTrigger', hubName: 'chat', category: 'messages', event: 'send' }),
  row('Web PubSub', none, { type: 'webPubSubTrigger', hub: 'chat', eventType: 'user', eventName: 'message' }),
  row('MCP', none, { type: 'mcpToolTrigger', toolName: 'stock', description: 'Counts' }),
  row('Dapr', none, { type: 'daprTopicTrigger', pubSubName: 'pubsub', topic: 'orders' }),
  row('an unknown trigger', none, { type: 'natsTrigger', subject: 'orders' }),
  row('Durable on Azure Storage', none, { type: 'orchestrationTrigger' }, { host: durable('') }),
  row(
    'Durable on MSSQL',
    database,
    { type: 'activityTrigger' },
    { host: durable('mssql', { connectionStringName: 'C' }) },
  ),
  row('Durable on Netherite', none, { type: 'entityTrigger' }, { host: durable('Netherite', {}) }),
  row('Durable Task Scheduler', none, { type: 'orchestrationTrigger' }, { host: durable('azureManaged', {}) }),
];

/** Every row under each of its ways to sign in. */
export const scalingCases: readonly ScalingCase[] = rows.flatMap(({ name, access, binding, more }) =>
  Object.entries(access).map(([way, settings]) => ({
    ...more,
    name: `${name}, by ${way}`,
    binding:
      binding.brokerList === 'Brokers' && way === 'brokers in clear'
        ? { ...binding, brokerList: 'one:9092,two:9092' }
        : binding,
    settings: { AzureWebJobsStorage: storageText, ...more?.settings, ...settings },
  })),
);
