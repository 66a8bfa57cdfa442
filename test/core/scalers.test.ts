import assert from 'node:assert/strict';
import test from 'node:test';
import type { App } from '../../src/core/app.ts';
import type { Config } from '../../src/core/config/config.ts';
import { scalingObjectsOf } from '../../src/core/manifests/scaling.ts';
import type { HostJson } from '../../src/core/project.ts';
import { resolveApp } from '../../src/core/resolve-app.ts';
import { scalerFaultText } from '../../src/core/scaler-hints.ts';
import { mergeSettings, secretLayer, type SettingsSource } from '../../src/core/settings.ts';
import { toSecrets } from '../../src/core/settings-text.ts';
import { functionWith, projectOf } from '../support/project.ts';
import { faultsOf } from './faults.ts';

const storage = 'DefaultEndpointsProtocol=https;AccountName=shop;AccountKey=hush;EndpointSuffix=core.windows.net';
const messaging = 'Endpoint=sb://shop.servicebus.windows.net/;SharedAccessKeyName=Root;SharedAccessKey=hush';

interface Given {
  readonly triggers: readonly ({ readonly type: string } & Readonly<Record<string, unknown>>)[];
  readonly settings?: Readonly<Record<string, string>>;
  readonly host?: HostJson;
  readonly config?: Config;
  readonly keda?: string;
  readonly sources?: readonly SettingsSource[];
}

function resolve({ triggers, settings = {}, host, config = {}, keda = '2.21.0', sources = [] }: Given): App {
  const functions = triggers.map((trigger, index) => functionWith(`f${index}`, trigger));
  const all = new Map(Object.entries({ AzureWebJobsStorage: storage, ...settings }));
  return resolveApp({
    inputs: {
      name: 'shop', namespace: 'default', settings: undefined, secretSettings: undefined, settingsFile: undefined, identityClientId: undefined,
      minReplicas: undefined, maxReplicas: undefined, pollingInterval: undefined, cooldownPeriod: undefined, expose: undefined, host: undefined,
    },
    project: projectOf(functions, host), config, kedaVersion: keda === '' ? undefined : keda,
    settings: mergeSettings([secretLayer(toSecrets(all))], sources),
  });
}

const queue = { type: 'queueTrigger', queueName: 'orders', connection: 'C' } as const;
const bus = { type: 'serviceBusTrigger', queueName: 'orders', connection: 'C' } as const;
const hub = { type: 'eventHubTrigger', eventHubName: 'clicks', connection: 'C' } as const;
const kafka = { type: 'kafkaTrigger', brokerList: 'a:9092', topic: 't' } as const;
const cosmos = { type: 'cosmosDBTrigger', databaseName: 'd', containerName: 'c', connection: 'C' } as const;

const faulty: readonly { readonly name: string; readonly given: Given; readonly expected: RegExp }[] = [
  { name: 'a queue with a string of Event Hubs', given: { triggers: [queue], settings: { C: messaging } }, expected: /^f0\/function\.json: Setting "C" is no connection string of a storage account: .* looks like one of Event Hubs or Service Bus/ },
  { name: 'a hub with a string of storage', given: { triggers: [hub], settings: { C: storage } }, expected: /is no connection string of Event Hubs: .* looks like one of a storage account/ },
  { name: 'a hub with the string of the IoT Hub itself', given: { triggers: [hub], settings: { C: 'HostName=x.azure-devices.net;SharedAccessKeyName=a;SharedAccessKey=hush' } }, expected: /looks like one of IoT Hub/ },
  { name: 'a string without its key', given: { triggers: [bus], settings: { C: 'Endpoint=sb://shop.servicebus.windows.net/' } }, expected: /has neither SharedAccessKeyName/ },
  { name: 'Service Bus without a source', given: { triggers: [{ type: 'serviceBusTrigger', connection: 'C' }], settings: { C: messaging } }, expected: /must name a queue/ },
  { name: 'a topic without a subscription', given: { triggers: [{ type: 'serviceBusTrigger', topicName: 't', connection: 'C' }], settings: { C: messaging } }, expected: /Key "subscriptionName" of the Service Bus trigger is missing/ },
  { name: 'a connection without its setting', given: { triggers: [bus] }, expected: /Connection "C" of the Service Bus trigger has no setting/ },
  { name: 'a hub without a name', given: { triggers: [{ type: 'eventHubTrigger', connection: 'C' }], settings: { C: messaging } }, expected: /Key "eventHubName" of the Event Hubs trigger is missing/ },
  { name: 'Kafka without a topic', given: { triggers: [{ ...kafka, topic: '' }] }, expected: /Key "topic" of the Kafka trigger is missing/ },
  { name: 'Kafka over SASL without a user', given: { triggers: [{ ...kafka, protocol: 'saslSsl', authenticationMode: 'plain' }] }, expected: /Key "username" of the Kafka trigger is missing/ },
  { name: 'Kafka with an unknown mode', given: { triggers: [{ ...kafka, protocol: 'saslSsl', authenticationMode: 'magic' }] }, expected: /must be one of Plain, .* got "magic"/ },
  { name: 'a lag below 1', given: { triggers: [{ ...kafka, lagThreshold: 0 }] }, expected: /"lagThreshold" of the Kafka trigger must be a whole number above 0, got 0/ },
  { name: 'RabbitMQ with an HTTP address', given: { triggers: [{ type: 'rabbitMQTrigger', queueName: 'q', connectionStringSetting: 'C' }], settings: { C: 'http://hush' } }, expected: /is no connection string of RabbitMQ/ },
  { name: 'Cosmos DB without a database', given: { triggers: [{ ...cosmos, databaseName: '' }], settings: { C: 'AccountEndpoint=https://a;AccountKey=hush' } }, expected: /Key "databaseName" of the Cosmos DB trigger is missing/ },
  { name: 'a table that would change the query', given: { triggers: [{ type: 'sqlTrigger', tableName: "t'); DROP", connectionStringSetting: 'C' }], settings: { C: 'Server=a;Password=hush' } }, expected: /must be a table such as/ },
  { name: 'a schedule of seven fields', given: { triggers: [{ type: 'timerTrigger', schedule: '0 0 0 * * * *' }] }, expected: /Schedule "0 0 0 \* \* \* \*" has 7 fields/ },
  { name: 'a schedule of words', given: { triggers: [{ type: 'timerTrigger', schedule: '0 0 0 every day *' }] }, expected: /has the field "every"/ },
  { name: 'a threshold of host.json below 1', given: { triggers: [bus], settings: { C: messaging }, host: { extensions: { serviceBus: { maxConcurrentCalls: 0 } } } }, expected: /Key "extensions\.serviceBus\.maxConcurrentCalls" of host\.json must be a whole number above 0, got 0/ },
  { name: 'Durable on MSSQL without its setting', given: { triggers: [{ type: 'activityTrigger' }], host: { extensions: { durableTask: { storageProvider: { type: 'mssql' } } } } }, expected: /connectionStringName" of host\.json is missing/ },
  { name: 'a trigger that no KEDA knows', given: { triggers: [queue], config: { functions: { f0: { trigger: { type: 'azure-ques', metadata: {} } } } } }, expected: /Key "functions\.f0\.trigger\.type".* KEDA has no scaler "azure-ques"\. Did you mean "azure-queue"\?/ },
  { name: 'a trigger that this KEDA does not know', given: { triggers: [queue], keda: '2.19.0', config: { functions: { f0: { trigger: { type: 'azure-cosmosdb', metadata: {} } } } } }, expected: /KEDA "2\.19\.0" has no scaler "azure-cosmosdb", which is there only from 2\.21 on/ },
  { name: 'a short storage string on KEDA 2.14', given: { triggers: [queue], keda: '2.14.1', settings: { C: 'AccountName=a;AccountKey=hush' } }, expected: /which KEDA "2\.14\.1" needs/ },
];

for (const { name, given, expected } of faulty) {
  test(`${name} is a fault that shows no secret`, async () => {
    const faults = await faultsOf(async () => resolve(given));
    assert.equal(faults.length, 1, faults.join('\n'));
    assert.match(faults[0] ?? '', expected);
    assert.doesNotMatch(faults[0] ?? '', /hush/);
  });
}

function triggersOf(app: App): readonly unknown[] {
  const objects = app.workloads.flatMap(workload => scalingObjectsOf(app, workload));
  return objects.filter(object => object.kind === 'ScaledObject').flatMap(object => new Map(Object.entries(object.spec ?? {})).get('triggers') ?? []);
}

test('several functions of a workload have one ScaledObject, and the same source one trigger', () => {
  const settings = { C: messaging, D: storage };
  const app = resolve({ triggers: [bus, bus, { ...queue, connection: 'D' }], settings });
  assert.equal(app.workloads.length, 1);
  assert.equal(triggersOf(app).length, 2);
});

test('Durable functions on MSSQL share one trigger', () => {
  const host = { extensions: { durableTask: { storageProvider: { type: 'MicrosoftSQL', connectionStringName: 'C' } } } };
  const app = resolve({ triggers: [{ type: 'orchestrationTrigger' }, { type: 'activityTrigger' }], host, settings: { C: 'Server=a;User ID=b;Password=c' } });
  assert.equal(triggersOf(app).length, 1);
});

test('what KEDA cannot see does not hold up what it can', () => {
  const app = resolve({ triggers: [bus, cosmos], keda: '2.19.0', settings: { C: messaging }, config: { functions: { f1: { trigger: 'none' } } } });
  assert.deepEqual(app.workloads.map(one => [one.name, one.scaling.kind]), [['always', 'fixed'], ['events', 'events']]);
});

test('an unknown KEDA is treated as the oldest, and that is said', () => {
  const app = resolve({ triggers: [{ ...cosmos, leaseContainerPrefix: 'p' }], keda: '', settings: { C: 'AccountEndpoint=https://a;AccountKey=b' } });
  assert.equal(app.workloads[0]?.name, 'always');
  assert.match(app.notices[0]?.message ?? '', /the version of KEDA is not known/);
  assert.equal(app.notices[0]?.provisional, true);
});

test('an event hub of an unknown KEDA gets the form that every KEDA takes', () => {
  const [trigger] = triggersOf(resolve({ triggers: [hub], keda: '', settings: { C: messaging } }));
  assert.ok(!JSON.stringify(trigger).includes('eventHubName'));
});

test('a warm-up runs beside other functions and has no workload of its own', () => {
  const app = resolve({ triggers: [{ type: 'warmupTrigger' }, { type: 'httpTrigger' }, queue], settings: { C: storage } });
  assert.deepEqual(app.workloads.map(one => [one.name, one.functions.map(fn => fn.name)]), [['events', ['f2']], ['http', ['f1', 'f0']]]);
});

test('a setting in an object that is not read is taken from the pod, and further parameters too', () => {
  const sources = [{ kind: 'Secret', name: 'own' }] as const;
  const app = resolve({ triggers: [{ ...kafka, protocol: 'saslSsl', authenticationMode: 'plain', username: '%U%', password: '%P%' }], sources });
  const [authentication] = app.workloads.flatMap(workload => scalingObjectsOf(app, workload));
  assert.deepEqual(authentication?.spec, { env: [{ parameter: 'username', name: 'U' }, { parameter: 'password', name: 'P' }] });
});

test('a new value in an object that keeps its name gives the sign-in a new name', () => {
  const named = (hash: string) => {
    const app = resolve({ triggers: [queue], sources: [{ kind: 'Secret', name: 'own', keys: new Map([['C', hash]]) }] });
    return app.workloads.flatMap(workload => scalingObjectsOf(app, workload))[0]?.metadata.name;
  };
  assert.notEqual(named('1'), named('2'));
  assert.equal(named('1'), named('1'));
});

test('a setting stands for a key of host.json', () => {
  const settings = { C: messaging, AzureFunctionsJobHost__extensions__serviceBus__maxConcurrentCalls: '3' };
  assert.match(JSON.stringify(triggersOf(resolve({ triggers: [bus], settings }))), /"messageCount":"3"/);
});

test('a refused scaler names the roles of its own service', () => {
  const [workload] = resolve({ triggers: [bus], settings: { C: messaging } }).workloads;
  assert.ok(workload);
  assert.match(scalerFaultText(workload, 'status code 401'), /"Azure Service Bus Data Owner".* "Manage"/);
});
