import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { freePorts, Processes, waitUntil } from '../lab/processes.ts';
import { type LabQueue, startQueue } from '../lab/queue.ts';
import { appOf, sampleApp } from './app-folder.ts';
import { keyFiles } from './key-files.ts';
import { startHost } from './running-host.ts';

const node = { FUNCTIONS_WORKER_RUNTIME: 'node' };
const fast = JSON.stringify({
  version: '2.0',
  extensions: { queues: { maxPollingInterval: '00:00:00.200', maxDequeueCount: 2 } },
});

describe('with a storage account', () => {
  let dir: string;
  let processes: Processes;
  let queue: LabQueue;
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'aks-functions-queue-'));
    processes = await Processes.in(dir);
    queue = await startQueue(
      { dir, tools: '', processes, port: await freePorts(1), say: () => undefined },
      '127.0.0.1',
    );
  });
  after(async () => {
    await processes.stop();
    await rm(dir, { recursive: true });
  });
  const isEmpty = (name: string) => async () => (await queue.count(name)) === 0;

  for (const app of ['js-queue', 'js-queue-classic']) {
    test(`${app} works on its messages one by one`, async () => {
      await using folder = await sampleApp(app);
      await queue.create('function');
      await queue.put('function', ['first', '{"second":"ü & <b>"}']);
      await using host = await startHost(folder.path, { ...node, QueueConnString: queue.connectionString });
      await waitUntil('the queue is empty', isEmpty('function'));
      assert.match(host.log(), /Processed first/);
      assert.match(host.log(), /Processed \{ second: 'ü & <b>' \}/);
      const starts = [...host.log().matchAll(/js-queue (started|succeeded)/g)].map(([, event]) => event);
      assert.deepEqual(starts, ['started', 'succeeded', 'started', 'succeeded']);
    });
  }

  test('a message that fails too often goes to the poison queue', async () => {
    await using folder = await appOf({
      'host.json': fast,
      'package.json': '{"main":"index.js"}',
      'index.js': `require('@azure/functions').app.storageQueue('bad', { queueName: 'Bad', connection: 'Shop',
        handler: (message, context) => { throw new Error('try ' + context.triggerMetadata.dequeueCount); } });`,
    });
    await queue.create('bad');
    await queue.put('bad', ['m']);
    await using host = await startHost(folder.path, { ...node, AzureWebJobsShop: queue.connectionString });
    await waitUntil('the message is in the poison queue', async () => (await queue.count('bad-poison')) === 1);
    assert.equal(await queue.count('bad'), 0);
    assert.match(host.log(), /try 1[\s\S]*try 2/);
  });

  test('SIGTERM lets running functions finish and takes no more', async () => {
    await using folder = await sampleApp('js-queue');
    await queue.create('function');
    await queue.put('function', ['a', 'b', 'c']);
    await using host = await startHost(
      folder.path,
      { ...node, QueueConnString: queue.connectionString },
      /js-queue started/,
    );
    host.terminate();
    assert.equal(await host.ended, 0);
    assert.match(host.log(), /draining, 1 running[\s\S]*js-queue succeeded[\s\S]*drained/);
    assert.equal(await queue.count('function'), 2);
    await queue.clear('function');
  });

  test('Python functions take messages and put others', async () => {
    await using folder = await appOf({
      'host.json': fast,
      'copy/function.json': JSON.stringify({
        bindings: [
          { type: 'queueTrigger', direction: 'in', name: 'msg', queueName: '%IN%' },
          { type: 'queue', direction: 'out', name: 'out', queueName: 'copied' },
        ],
      }),
      'copy/__init__.py': `import logging
import azure.functions as func
from ..shared.text import upper

def main(msg: func.QueueMessage, out: func.Out[str]) -> None:
    logging.info("got %s for the %s time", msg.get_body().decode(), msg.dequeue_count)
    out.set(upper(msg.get_body().decode()))
`,
      'shared/text.py': 'def upper(text):\n    return text.upper()\n',
    });
    await queue.create('incoming');
    await queue.put('incoming', ['hey']);
    const settings = {
      FUNCTIONS_WORKER_RUNTIME: 'python',
      AzureWebJobsStorage: queue.connectionString,
      IN: 'incoming',
    };
    await using host = await startHost(folder.path, settings);
    await waitUntil('the copy is there', async () => (await queue.count('copied')) === 1);
    await waitUntil('the queue is empty', isEmpty('incoming'));
    assert.match(host.log(), /got hey for the 1 time/);
  });

  test('a connection that is missing or wrong is an error of function and host, and the process stays', async () => {
    await using folder = await sampleApp('js-queue');
    await using files = await keyFiles({ 'host.master': 'm' });
    const wrong = queue.connectionString.replace(/AccountKey=[^;]*/, 'AccountKey=d3Jvbmc=');
    for (const [given, reason] of [
      [undefined, /"QueueConnString" has no app setting/],
      ['nonsense', /is not a storage connection string/],
      [wrong, /answered 403/],
    ] as const) {
      const settings = given === undefined ? {} : { QueueConnString: given };
      await using host = await startHost(folder.path, { ...node, ...files.settings, ...settings });
      const { state, errors } = await host.status();
      assert.equal(state, 'Error');
      assert.match(errors.join(), reason);
      assert.match((await host.errorsOf('js-queue')).join(), reason);
    }
  });
});
