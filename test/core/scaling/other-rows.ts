import { certificate, database, kafka, mySql, none, only, rabbitMq, redis, sasl } from './access.ts';
import type { Row } from './cases.ts';

const extensions = (given: object) => ({ extensions: given });
const durableHost = (type: string, options: object = {}) =>
  extensions({ durableTask: { storageProvider: { type, ...options } } });
const brokers = { type: 'kafkaTrigger', brokerList: 'Brokers', topic: 'orders' } as const;
const saslSsl = { ...brokers, protocol: 'SASLSSL', username: '$ConnectionString', password: 'KafkaPassword' } as const;
const rabbit = { type: 'rabbitMQTrigger', queueName: 'orders' } as const;
const sqlTable = { type: 'sqlTrigger', connectionStringSetting: 'C', tableName: 'dbo.Orders' } as const;
const mySqlTable = { type: 'mysqlTrigger', connectionStringSetting: 'C', tableName: 'orders' } as const;
const list = { type: 'redisListTrigger', connection: 'C', key: 'orders' } as const;
const stream = { type: 'redisStreamTrigger', connection: 'C', key: 'orders' } as const;
const oneDatabase = only(database, 'a connection string');
const mssql = { connectionStringName: 'C' } as const;
const timer = { type: 'timerTrigger', schedule: '0 0 6 * * 1-5' } as const;
const window = { timezone: 'Europe/Berlin', start: '50 5 * * 1-5', end: '30 6 * * 1-5', desiredReplicas: '1' } as const;

/** Triggers of other services, and those that KEDA cannot see, by the file that the expectations stand in. */
export const otherRows: Readonly<Record<string, readonly Row[]>> = {
  kafka: [
    { name: 'topic', access: kafka, binding: { ...brokers, consumerGroup: 'stock', lagThreshold: 50 } },
    {
      name: 'topic with a list of brokers',
      access: none,
      binding: { ...brokers, brokerList: 'one.invalid:9092,two.invalid:9092' },
    },
    {
      name: 'topic from its end',
      access: kafka,
      binding: brokers,
      host: extensions({ kafka: { autoOffsetReset: 'Latest' } }),
      function: { threshold: 10, activation: 5 },
    },
    {
      name: 'topic over TLS',
      access: kafka,
      binding: { ...brokers, protocol: 'ssl', sslCaPEM: '%Ca%' },
      settings: { Ca: certificate },
    },
    {
      name: 'topic with a mode that signs in to nothing',
      access: kafka,
      binding: { ...brokers, authenticationMode: 'Plain' },
    },
    { name: 'topic over SASL', access: sasl, binding: { ...saslSsl, authenticationMode: 'PLAIN' } },
    {
      name: 'topic with SCRAM',
      access: sasl,
      binding: {
        ...brokers,
        ...{ brokerList: '%Brokers%', protocol: 'saslPlaintext', authenticationMode: 'scramSha256' },
        ...{ username: 'app', password: '%KafkaPassword%' },
      },
    },
    { name: 'topic with SCRAM of 512 bits', access: sasl, binding: { ...saslSsl, authenticationMode: 'ScramSha512' } },
    {
      name: 'topic with OAuth',
      access: sasl,
      binding: {
        ...{ ...brokers, protocol: 'saslSsl', authenticationMode: 'oAuthBearer', oAuthBearerClientId: 'app' },
        ...{ oAuthBearerClientSecret: 'KafkaPassword', oAuthBearerTokenEndpointUrl: 'https://login.invalid/token' },
      },
    },
    { name: 'topic with Kerberos', access: sasl, binding: { ...saslSsl, authenticationMode: 'Gssapi' } },
  ],
  rabbitmq: [
    { name: 'queue', access: rabbitMq, binding: { ...rabbit, connectionStringSetting: 'C' } },
    {
      name: 'queue, host.json',
      access: rabbitMq,
      binding: { ...rabbit, connectionStringSetting: 'C' },
      host: extensions({ rabbitMQ: { prefetchCount: 7 } }),
    },
    {
      name: 'queue by host and user',
      access: none,
      binding: {
        ...{ ...rabbit, hostName: 'rabbit.invalid', port: 5673, virtualHost: 'shop' },
        ...{ userNameSetting: 'RabbitUser', passwordSetting: 'RabbitPassword' },
      },
      settings: { RabbitUser: 'app', RabbitPassword: 'hush' },
    },
  ],
  redis: [
    { name: 'list', access: redis, binding: { ...list, maxBatchSize: 4 } },
    { name: 'list with a threshold', access: redis, binding: list, function: { threshold: 100, activation: 10 } },
    { name: 'stream', access: redis, binding: stream },
    { name: 'stream with a threshold', access: redis, binding: stream, function: { threshold: 20, activation: 4 } },
    { name: 'channel', access: redis, binding: { type: 'redisPubSubTrigger', connection: 'C', channel: 'orders' } },
  ],
  databases: [
    { name: 'SQL', access: database, binding: sqlTable },
    { name: 'SQL, KEDA 2.19', access: database, binding: sqlTable, keda: '2.19.0' },
    { name: 'SQL in brackets', access: oneDatabase, binding: { ...sqlTable, tableName: '[dbo].[Sales Orders]' } },
    {
      name: 'SQL, host.json',
      access: oneDatabase,
      binding: sqlTable,
      host: extensions({ Sql: { MaxChangesPerWorker: 50 } }),
    },
    { name: 'SQL with a threshold', access: database, binding: sqlTable, function: { threshold: 10, activation: 3 } },
    { name: 'MySQL', access: mySql, binding: mySqlTable },
    {
      name: 'MySQL with a threshold',
      access: mySql,
      binding: mySqlTable,
      function: { threshold: 500, activation: 10 },
    },
    {
      name: 'MySQL in another database',
      access: mySql,
      binding: { ...mySqlTable, tableName: '`other`.`orders`' },
      function: { threshold: 500 },
    },
  ],
  durable: [
    { name: 'orchestration on Azure Storage', access: none, binding: { type: 'orchestrationTrigger' } },
    { name: 'activity on Azure Storage', access: none, binding: { type: 'activityTrigger' } },
    { name: 'entity on Azure Storage', access: none, binding: { type: 'entityTrigger' } },
    {
      name: 'orchestration on MSSQL',
      access: database,
      binding: { type: 'orchestrationTrigger' },
      host: durableHost('mssql', mssql),
    },
    {
      name: 'activity on MSSQL',
      access: database,
      binding: { type: 'activityTrigger' },
      host: durableHost('MicrosoftSQL', mssql),
    },
    {
      name: 'entity on MSSQL with own limits',
      access: oneDatabase,
      binding: { type: 'entityTrigger' },
      host: extensions({
        durableTask: {
          storageProvider: { type: 'mssql', ...mssql },
          ...{ maxConcurrentOrchestratorFunctions: 20, maxConcurrentActivityFunctions: 5 },
        },
      }),
    },
    { name: 'entity on Netherite', access: none, binding: { type: 'entityTrigger' }, host: durableHost('Netherite') },
    {
      name: 'orchestration on the Durable Task Scheduler',
      access: none,
      binding: { type: 'orchestrationTrigger' },
      host: durableHost('azureManaged'),
    },
    {
      name: 'orchestration on an unknown storage',
      access: none,
      binding: { type: 'orchestrationTrigger' },
      host: durableHost('Other'),
    },
  ],
  timer: [
    { name: 'timer', access: none, binding: { ...timer, schedule: '0 */5 * * * *' } },
    {
      name: 'timer of a setting',
      access: none,
      binding: { ...timer, schedule: '%Every%' },
      settings: { Every: '00:05:00' },
    },
    { name: 'timer of five fields', access: none, binding: { ...timer, schedule: '*/5 * * * *' } },
    {
      name: 'timer with windows',
      access: none,
      binding: timer,
      function: { trigger: { type: 'cron', metadata: window } },
    },
  ],
  'over-http': [
    { name: 'HTTP', access: none, binding: { type: 'httpTrigger', authLevel: 'anonymous' } },
    { name: 'Event Grid', access: none, binding: { type: 'eventGridTrigger' } },
    {
      name: 'SignalR',
      access: none,
      binding: { type: 'signalRTrigger', hubName: 'chat', category: 'messages', event: 'send' },
    },
    {
      name: 'Web PubSub',
      access: none,
      binding: { type: 'webPubSubTrigger', hub: 'chat', eventType: 'user', eventName: 'message' },
    },
    { name: 'MCP tool', access: none, binding: { type: 'mcpToolTrigger', toolName: 'stock', description: 'Counts' } },
    {
      name: 'MCP resource',
      access: none,
      binding: { type: 'mcpResourceTrigger', uri: 'file://stock', resourceName: 'stock' },
    },
    { name: 'MCP prompt', access: none, binding: { type: 'mcpPromptTrigger', promptName: 'stock' } },
    {
      name: 'assistant skill',
      access: none,
      binding: { type: 'assistantSkillTrigger', functionDescription: 'Counts' },
    },
    { name: 'connector', access: none, binding: { type: 'connectorTrigger' } },
  ],
  others: [
    { name: 'Dapr topic', access: none, binding: { type: 'daprTopicTrigger', pubSubName: 'pubsub', topic: 'orders' } },
    { name: 'Dapr binding', access: none, binding: { type: 'daprBindingTrigger', bindingName: 'orders' } },
    { name: 'Dapr invocation', access: none, binding: { type: 'daprServiceInvocationTrigger' } },
    { name: 'unknown trigger', access: none, binding: { type: 'natsTrigger', subject: 'orders' } },
    {
      name: 'unknown trigger with one of the file',
      access: none,
      binding: { type: 'natsTrigger', subject: 'orders' },
      function: {
        trigger: {
          type: 'kafka',
          metadata: { bootstrapServers: 'broker.invalid:9092', consumerGroup: 'g', topic: 't' },
        },
      },
    },
    {
      name: 'queue without a trigger',
      access: none,
      binding: { type: 'queueTrigger', queueName: 'orders' },
      function: { trigger: 'none' },
    },
  ],
};
