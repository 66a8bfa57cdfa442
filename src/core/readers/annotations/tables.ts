/** How an annotation becomes a binding. */
export interface AnnotationRow {
  readonly type: string;
  readonly direction: 'in' | 'out';
  /** Names of the arguments by position; the first list that is long enough counts. */
  readonly positional: readonly (readonly string[])[];
}

/** One line an annotation: its name, the type of the binding, and each list of arguments by position. */
const csharpTriggers = `
QueueTrigger queueTrigger queueName
TimerTrigger timerTrigger schedule
BlobTrigger blobTrigger path
ServiceBusTrigger serviceBusTrigger queueName topicName,subscriptionName
EventHubTrigger eventHubTrigger eventHubName
IoTHubTrigger eventHubTrigger eventHubName
EventGridTrigger eventGridTrigger
CosmosDBTrigger cosmosDBTrigger databaseName,containerName
KafkaTrigger kafkaTrigger brokerList,topic
RabbitMQTrigger rabbitMQTrigger queueName
SqlTrigger sqlTrigger tableName,connectionStringSetting,leasesTableName
MySqlTrigger mysqlTrigger tableName,connectionStringSetting,leasesTableName
RedisListTrigger redisListTrigger connection,key
RedisStreamTrigger redisStreamTrigger connection,key
RedisPubSubTrigger redisPubSubTrigger connection,channel
SignalRTrigger signalRTrigger hubName,category,event
WebPubSubTrigger webPubSubTrigger hub,eventType,eventName
WarmupTrigger warmupTrigger
OrchestrationTrigger orchestrationTrigger
ActivityTrigger activityTrigger
EntityTrigger entityTrigger
McpToolTrigger mcpToolTrigger toolName,description
McpResourceTrigger mcpResourceTrigger uri,resourceName
McpPromptTrigger mcpPromptTrigger promptName,description
AssistantSkillTrigger assistantSkillTrigger functionDescription
DaprServiceInvocationTrigger daprServiceInvocationTrigger
DaprTopicTrigger daprTopicTrigger pubSubName
DaprBindingTrigger daprBindingTrigger`;

const csharpOthers = `
DurableClient durableClient taskHub
QueueOutput queue queueName
BlobInput blob path
BlobOutput blob path
TableInput table tableName tableName,partitionKey tableName,partitionKey,rowKey
TableOutput table tableName
CosmosDBInput cosmosDB databaseName,containerName
CosmosDBOutput cosmosDB databaseName,containerName
ServiceBusOutput serviceBus queueOrTopicName queueOrTopicName,entityType
EventHubOutput eventHub eventHubName
EventGridOutput eventGrid
KafkaOutput kafka brokerList,topic
SqlInput sql commandText,connectionStringSetting
SqlOutput sql commandText,connectionStringSetting
MySqlInput mysql commandText,connectionStringSetting
MySqlOutput mysql commandText,connectionStringSetting
RabbitMQOutput rabbitMQ
SignalROutput signalR
SignalRConnectionInfoInput signalRConnectionInfo
WebPubSubConnectionInput webPubSubConnection
WebPubSubOutput webPubSub
SendGridOutput sendGrid`;

const java = `
HttpTrigger httpTrigger
QueueTrigger queueTrigger
TimerTrigger timerTrigger
BlobTrigger blobTrigger
ServiceBusQueueTrigger serviceBusTrigger
ServiceBusTopicTrigger serviceBusTrigger
EventHubTrigger eventHubTrigger
EventGridTrigger eventGridTrigger
CosmosDBTrigger cosmosDBTrigger
KafkaTrigger kafkaTrigger
RabbitMQTrigger rabbitMQTrigger
SqlTrigger sqlTrigger
MySqlTrigger mysqlTrigger
SignalRTrigger signalRTrigger
WarmupTrigger warmupTrigger
McpToolTrigger mcpToolTrigger
DaprServiceInvocationTrigger daprServiceInvocationTrigger
DaprTopicTrigger daprTopicTrigger
DaprBindingTrigger daprBindingTrigger
DurableOrchestrationTrigger orchestrationTrigger
DurableActivityTrigger activityTrigger
DurableEntityTrigger entityTrigger
DurableClientInput durableClient
HttpOutput http
QueueOutput queue
BlobInput blob
BlobOutput blob
TableInput table
TableOutput table
CosmosDBInput cosmosDB
CosmosDBOutput cosmosDB
ServiceBusQueueOutput serviceBus
ServiceBusTopicOutput serviceBus
EventHubOutput eventHub
EventGridOutput eventGrid
KafkaOutput kafka
SendGridOutput sendGrid
TwilioSmsOutput twilioSms
SqlInput sql
SqlOutput sql
MySqlInput mysql
MySqlOutput mysql`;

function rowsOf(lines: string): readonly (readonly [string, AnnotationRow])[] {
  return lines
    .trim()
    .split('\n')
    .map(line => {
      const [name = '', type = '', ...lists] = line.split(' ');
      const direction = name.endsWith('Output') ? 'out' : 'in';
      return [name, { type, direction, positional: lists.map(list => list.split(',')) }];
    });
}

const csharpRows: ReadonlyMap<string, AnnotationRow> = new Map([...rowsOf(csharpTriggers), ...rowsOf(csharpOthers)]);
const javaRows: ReadonlyMap<string, AnnotationRow> = new Map(rowsOf(java));

/** The row of an annotation; a trigger that is not in the tables is called as its annotation; undefined for others. */
export function annotationRow(name: string, language: 'csharp' | 'java'): AnnotationRow | undefined {
  const row = (language === 'csharp' ? csharpRows : javaRows).get(name);
  if (row || !name.endsWith('Trigger')) return row;
  return { type: name.charAt(0).toLowerCase() + name.slice(1), direction: 'in', positional: [] };
}
