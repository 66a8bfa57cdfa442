import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { root } from '../support/action.ts';
import { writeApp } from '../support/registry-app.ts';
import { assertHidden, messagesOf } from './faults-shown.ts';
import { interruptTests } from './interrupts.ts';
import { answering, canary, type Scene, startScene, writeGreeting, writeNodeApp } from './lab-scene.ts';

const run = promisify(execFile);
const noDigest = `sha256:${'a'.repeat(64)}`;
const queueApp = { path: join(root, 'test/apps/js-queue') };

describe('a deployment whose pods', async () => {
  let scene: Scene;
  before(async () => {
    scene = await startScene();
    await scene.lab.queue.create('function');
  });
  after(async () => scene?.[Symbol.asyncDispose]());

  /** Skips what only a real node shows, and says so. */
  function needsPods(t: { skip(reason: string): void }): boolean {
    if (scene.lab.nodeKind === 'real') return false;
    t.skip(`without a real node there are no containers: ${scene.lab.nodeObstacle}`);
    return true;
  }

  test('crash shows exit code, events and last log lines, secrets hidden', async t => {
    if (needsPods(t)) return;
    await using app = await writeGreeting(
      "console.log('Connecting with', process.env.API_TOKEN); console.log('::error::forged'); process.exit(3);",
    );
    const result = await scene.deploy(app, 'crash', { timeout: '90s' });
    assert.equal(result.code, 1);
    assert.match(messagesOf(result), /^Container "shop-http" crashed \d+ times, the last time with exit code \d+/);
    for (const text of [result.log, result.summary]) assert.match(text, /Connecting with \*\*\*/);
    assert.doesNotMatch(messagesOf(result), /forged/);
    assertHidden(result, [canary]);
    assert.deepEqual(await scene.releases('crash'), { 1: 'failed' });
    assert.match(result.summary, /Release 1 is recorded as failed/);
  });

  test('cannot load their code show the error of the host and its log', async t => {
    if (needsPods(t)) return;
    const result = await scene.deploy({ path: join(root, 'test/apps/crashing') }, 'loading');
    assert.equal(result.code, 1);
    assert.match(
      messagesOf(result),
      /^The functions of "shop-http" are not loaded .+: DATABASE_URL is missing\. Correct/s,
    );
    assert.match(result.summary, /Connecting with \*\*\*/);
    assertHidden(result, [canary]);
  });

  test('register fewer functions than the code shows are named with what is missing', async t => {
    if (needsPods(t)) return;
    const handler = "{ authLevel: 'anonymous', handler: () => ({ body: 'ok' }) }";
    await using app = await writeNodeApp(
      `const { app } = require('@azure/functions');\napp.http('greet', ${handler});\nif (!process.env.FULL) return;\napp.http('orders', ${handler});\n`,
    );
    const result = await scene.deploy(app, 'fewer');
    assert.equal(result.code, 1);
    assert.match(messagesOf(result), /The host did not load the function "orders", which the code declares\./);
  });

  test('may not pull their image say so', async t => {
    if (needsPods(t)) return;
    const { registry } = scene.lab;
    await using app = await writeGreeting(answering('hello'));
    const without = { registry: '', 'registry-username': '', 'registry-password': '' };
    const result = await scene.deploy(app, 'pull', { ...without, image: `${registry.host}/x/shop@${noDigest}` });
    assert.equal(result.code, 1);
    assert.match(
      messagesOf(result),
      /^Image ".+@sha256:a+" of container "shop-http" cannot be pulled \(.+\)\. Check that the image exists and that the cluster may pull it/,
    );
    assert.match(result.log, /Failed to pull image/);
    assert.deepEqual(await scene.releases('pull'), { 1: 'failed' });
  });

  test('would run an image that does not exist are never made', async () => {
    const image = `${scene.lab.registry.host}/shop/shop:v9`;
    const result = await scene.deploy(queueApp, 'absent', { image });
    assert.equal(result.code, 1);
    assert.match(
      messagesOf(result),
      /^Image ".+\/shop\/shop:v9" does not exist in its registry\. Check its name and tag/,
    );
    assert.equal((await scene.lab.request('GET', '/api/v1/namespaces/absent')).status, 404);
  });

  test('listen to a queue that does not exist are told by KEDA', async () => {
    await using app = await writeApp({
      'package.json': '{"name":"q","version":"1.0.0"}',
      'q/function.json': JSON.stringify({
        bindings: [
          {
            type: 'queueTrigger',
            direction: 'in',
            name: 'm',
            queueName: 'no-such-queue',
            connection: 'QueueConnString',
          },
        ],
      }),
      'q/index.js': 'module.exports = async () => {};',
    });
    const result = await scene.deploy(app, 'queue', { 'polling-interval': '5' });
    assert.equal(result.code, 1);
    assert.match(
      messagesOf(result),
      /^KEDA cannot scale "shop" for "q" \(azure-queue on queue "no-such-queue"\): .+QueueNotFound\. Create the queue, or correct its name/,
    );
    assert.deepEqual(await scene.releases('queue'), { 1: 'failed' });
  });

  test('have the wrong key of the storage account are told by KEDA, and the key stays hidden', async () => {
    const key = 'Y2FuYXJ5LWtleS1jYW5hcnkta2V5';
    const connection = scene.lab.queue.connectionString.replace(/AccountKey=[^;]+/, `AccountKey=${key}`);
    await using app = await writeApp({
      'package.json': '{"name":"q","version":"1.0.0"}',
      'q/function.json': JSON.stringify({
        bindings: [
          { type: 'queueTrigger', direction: 'in', name: 'm', queueName: 'function', connection: 'QueueConnString' },
        ],
      }),
      'q/index.js': 'module.exports = async () => {};',
    });
    const result = await scene.deploy(app, 'key', {
      'polling-interval': '5',
      'secret-settings': `QueueConnString=${connection}`,
    });
    assert.equal(result.code, 1);
    assert.match(messagesOf(result), /AuthenticationFailed\. Check the account key of the connection/);
    assertHidden(result, [key]);
  });

  test('never become ready end the run at its time-out, with their log', async t => {
    if (needsPods(t)) return;
    await using app = await writeNodeApp(
      "const { app } = require('@azure/functions');\nconsole.log('Waiting for the database');\nfor (;;);\napp.http('greet', { handler: () => ({}) });\n",
    );
    const result = await scene.deploy(app, 'late', { timeout: '8s' });
    assert.equal(result.code, 1);
    assert.match(messagesOf(result), /within 8 s\. Raise the input "timeout" if it only needs longer\.$/);
    assert.match(result.summary, /Waiting for the database/);
    assert.deepEqual(await scene.releases('late'), { 1: 'failed' });
  });

  test('do not start leave those of the earlier release serving', async t => {
    if (needsPods(t)) return;
    await using good = await writeGreeting(answering('first'));
    const first = await scene.deploy(good, 'second');
    assert.equal(first.code, 0, first.log);
    const [pod = ''] = await scene.readyPods('second');
    const missing = `${scene.lab.registry.host}/second/shop@${noDigest}`;
    const second = await scene.deploy(good, 'second', { image: missing });
    assert.equal(second.code, 1);
    assert.equal(second.outputs['previous-image'], first.outputs.image);
    assert.match(second.summary, /Release 2 is recorded as failed\. Pods of the earlier release keep running/);
    assert.equal(await scene.ask('second', pod, '/api/greet'), 'first');
    assert.deepEqual(await scene.releases('second'), { 1: 'deployed', 2: 'failed' });
    const third = await scene.deploy(good, 'second');
    assert.equal(third.code, 0, third.log);
    assert.deepEqual(await scene.releases('second'), { 1: 'deployed', 2: 'failed', 3: 'deployed' });
  });

  test('answer and crash a moment later do not replace those of the earlier release', async t => {
    if (needsPods(t)) return;
    await using good = await writeGreeting(answering('first'));
    const first = await scene.deploy(good, 'moment');
    assert.equal(first.code, 0, first.log);
    const [pod = ''] = await scene.readyPods('moment');
    await using bad = await writeGreeting(`setTimeout(() => process.kill(process.ppid), 2000); ${answering('second')}`);
    const second = await scene.deploy(bad, 'moment');
    assert.equal(second.code, 1, second.log);
    assert.match(messagesOf(second), /^Container "shop-http" crashed \d+ times, the last time with exit code \d+/);
    assert.equal(await scene.ask('moment', pod, '/api/greet'), 'first');
    assert.deepEqual(await scene.releases('moment'), { 1: 'deployed', 2: 'failed' });
  });

  test('need packages that do not fit on the disk are never made', async t => {
    await using folder = await writeApp();
    const temporary = join(folder.path, 'full');
    await mkdir(temporary);
    try {
      await run('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', temporary]);
    } catch (error) {
      return t.skip(`a small file system needs root: ${String(error)}`);
    }
    try {
      const result = await scene.deploy(
        { path: join(root, 'test/apps/crashing') },
        'disk',
        {},
        { env: { RUNNER_TEMP: temporary } },
      );
      assert.equal(result.code, 1);
      assert.match(
        messagesOf(result),
        new RegExp(
          `temporary folder "${temporary}/.+" is full\\. Free some space, or name another folder in RUNNER_TEMP`,
        ),
      );
      assert.equal((await scene.lab.request('GET', '/api/v1/namespaces/disk')).status, 404);
    } finally {
      await run('umount', [temporary]);
    }
  });

  interruptTests(() => scene);
});
