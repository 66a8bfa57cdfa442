import assert from 'node:assert/strict';
import test from 'node:test';
import type { FunctionConfig } from '../../src/core/config/config.ts';
import type { Binding, HostJson } from '../../src/core/project.ts';
import { mergeSettings, plainLayer, type Settings, secretLayer } from '../../src/core/settings.ts';
import { toSecrets } from '../../src/core/settings-text.ts';
import { noticeForOne, type Scaler, triggerRow } from '../../src/core/triggers.ts';

const storage = 'AccountName=a;AccountKey=b';

interface Given {
  readonly binding?: Readonly<Record<string, unknown>>;
  readonly plain?: Readonly<Record<string, string>>;
  readonly secret?: Readonly<Record<string, string>>;
  readonly host?: HostJson;
  readonly config?: FunctionConfig;
  readonly settings?: Settings;
}

function scale({ binding = {}, plain = {}, secret = {}, host = {}, config = {}, settings }: Given): {
  scaler: Scaler | undefined;
  faults: string[];
  notices: string[];
} {
  const faults: string[] = [];
  const notices: string[] = [];
  const trigger: Binding = { type: 'queueTrigger', direction: 'in', name: 'm', queueName: 'orders', ...binding };
  const all = settings ?? mergeSettings([plainLayer(plain), secretLayer(toSecrets(new Map(Object.entries(secret))))]);
  const row = triggerRow(trigger.type);
  const scaler = row.scaler?.({
    binding: trigger,
    host,
    config,
    settings: all,
    fault: message => faults.push(message),
    notice: message => notices.push(message),
  });
  return { scaler, faults, notices };
}

const conn = { C: storage };
const string = { kind: 'string', setting: 'C' } as const;

const cases: readonly { name: string; given: Given; expected: Scaler }[] = [
  {
    name: "takes the host's batch size",
    given: { binding: { connection: 'C' }, secret: conn },
    expected: { type: 'azure-queue', metadata: { queueName: 'orders', queueLength: '16' }, connection: string },
  },
  {
    name: 'takes batchSize of host.json',
    given: { binding: { connection: 'C' }, secret: conn, host: { extensions: { queues: { batchSize: 1 } } } },
    expected: { type: 'azure-queue', metadata: { queueName: 'orders', queueLength: '1' }, connection: string },
  },
  {
    name: 'prefers threshold and activation of the file',
    given: { binding: { connection: 'C' }, secret: conn, config: { threshold: 50, activation: 5 } },
    expected: {
      type: 'azure-queue',
      metadata: { queueName: 'orders', queueLength: '50', activationQueueLength: '5' },
      connection: string,
    },
  },
  {
    name: 'lower-cases and resolves the queue name',
    given: { binding: { connection: 'C', queueName: '%Q%-Jobs' }, plain: { Q: 'Big' }, secret: conn },
    expected: { type: 'azure-queue', metadata: { queueName: 'big-jobs', queueLength: '16' }, connection: string },
  },
  {
    name: 'uses AzureWebJobsStorage by default',
    given: { secret: { AzureWebJobsStorage: storage }, binding: { connection: '' } },
    expected: {
      type: 'azure-queue',
      metadata: { queueName: 'orders', queueLength: '16' },
      connection: { kind: 'string', setting: 'AzureWebJobsStorage' },
    },
  },
  {
    name: 'follows a connection in a %SETTING%',
    given: { binding: { connection: '%Which%' }, plain: { Which: 'C' }, secret: conn },
    expected: { type: 'azure-queue', metadata: { queueName: 'orders', queueLength: '16' }, connection: string },
  },
  {
    name: 'uses an identity by account name',
    given: { binding: { connection: 'C' }, plain: { C__accountName: 'acc', C__clientId: 'id' } },
    expected: {
      type: 'azure-queue',
      metadata: { queueName: 'orders', queueLength: '16' },
      connection: { kind: 'identity', setting: 'C', clientId: 'id', metadata: { accountName: 'acc' } },
    },
  },
  {
    name: 'uses an identity by address in a sovereign cloud',
    given: { binding: { connection: 'C' }, plain: { C__queueServiceUri: 'https://acc.queue.core.chinacloudapi.cn' } },
    expected: {
      type: 'azure-queue',
      metadata: { queueName: 'orders', queueLength: '16' },
      connection: { kind: 'identity', setting: 'C', metadata: { accountName: 'acc', cloud: 'AzureChinaCloud' } },
    },
  },
  {
    name: 'uses an identity by address of an unknown cloud',
    given: { binding: { connection: 'C' }, plain: { C__serviceUri: 'https://acc.queue.my.suffix/' } },
    expected: {
      type: 'azure-queue',
      metadata: { queueName: 'orders', queueLength: '16' },
      connection: {
        kind: 'identity',
        setting: 'C',
        metadata: { accountName: 'acc', cloud: 'Private', endpointSuffix: 'queue.my.suffix' },
      },
    },
  },
];

for (const { name, given, expected } of cases) {
  test(`the queue scaler ${name}`, () => assert.deepEqual(scale(given), { scaler: expected, faults: [], notices: [] }));
}

const faulty: readonly { name: string; given: Given; expected: RegExp }[] = [
  {
    name: 'without its setting',
    given: { binding: { connection: 'C' } },
    expected: /^Connection "C" of the queue trigger has no setting\. Add "C"/,
  },
  {
    name: 'with a connection of another service',
    given: { binding: { connection: 'C' }, secret: { C: 'Endpoint=sb://hush' } },
    expected: /^Setting "C" is no connection string of a storage account/,
  },
  {
    name: 'with an unknown %SETTING%',
    given: { binding: { connection: 'C', queueName: '%Q%' }, secret: conn },
    expected: /^Key "queueName" uses the setting "Q", which is not provided/,
  },
  {
    name: 'with an impossible name',
    given: { binding: { connection: 'C', queueName: 'a--b' }, secret: conn },
    expected: /^Queue name "a--b" is not valid/,
  },
  {
    name: 'with a secret that is no queue name',
    given: { binding: { connection: 'C', queueName: '%Q%' }, secret: { ...conn, Q: 'hush!' } },
    expected: /^Queue name the value of a secret setting is not valid/,
  },
  {
    name: 'with a batch size out of range',
    given: { binding: { connection: 'C' }, secret: conn, host: { extensions: { queues: { batchSize: 64 } } } },
    expected: /must be a whole number from 1 to 32, got 64/,
  },
  {
    name: 'without a queue name',
    given: { binding: { connection: 'C', queueName: undefined }, secret: conn },
    expected: /^Key "queueName" of the queue trigger is missing/,
  },
  {
    name: 'with an identity of no account',
    given: { binding: { connection: 'C' }, plain: { C__blobServiceUri: 'https://a.blob.core.windows.net' } },
    expected: /does not say which storage account/,
  },
];

for (const { name, given, expected } of faulty) {
  test(`a queue trigger ${name} is a fault`, () => {
    const { scaler, faults } = scale(given);
    assert.equal(scaler, undefined);
    assert.equal(faults.length, 1);
    assert.match(faults[0] ?? '', expected);
    assert.doesNotMatch(faults[0] ?? '', /hush/);
  });
}

test('a queue name from a secret setting is told', () => {
  const { scaler, notices } = scale({
    binding: { connection: 'C', queueName: '%Q%' },
    secret: { ...conn, Q: 'orders' },
  });
  assert.equal(scaler?.metadata.queueName, 'orders');
  assert.equal(notices.length, 1);
});

test('an offline run does not fault a connection in an unread object', () => {
  const settings = mergeSettings([], [{ kind: 'Secret', name: 's' }]);
  assert.deepEqual(scale({ binding: { connection: 'C' }, settings }).scaler?.connection, string);
});

const rows = [
  { given: 'httpTrigger', expected: { workload: 'http', keepsOne: false } },
  { given: 'EventGridTrigger', expected: { workload: 'http', keepsOne: false } },
  { given: 'orchestrationTrigger', expected: { workload: 'http', keepsOne: true } },
  { given: 'QUEUETRIGGER', expected: { workload: 'events', keepsOne: false } },
  { given: 'timerTrigger', expected: { workload: 'always', keepsOne: true } },
  { given: 'natsTrigger', expected: { workload: 'always', keepsOne: true } },
];

for (const { given, expected } of rows) {
  test(`${given} runs in the workload "${expected.workload}"`, () => {
    const { workload, keepsOne } = triggerRow(given);
    assert.deepEqual({ workload, keepsOne }, expected);
  });
}

test('a notice says why one replica stays and what can be done', () => {
  assert.equal(
    noticeForOne('f', 'no scaler can tell when it fires'),
    'Function "f" keeps one replica running: no scaler can tell when it fires. A KEDA trigger of your own goes to "functions.f.trigger" in aks-functions.yml.',
  );
});
