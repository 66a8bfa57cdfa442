import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import * as v from 'valibot';
import { hasDebianPackages } from '../lab/debian.ts';
import { type ServerGround, serverGround } from '../lab/debian-servers.ts';
import { type Lab, startLab } from '../lab/lab.ts';
import { type LabMariaDb, startMariaDb } from '../lab/mariadb.ts';
import { waitUntil } from '../lab/processes.ts';
import { type LabRabbitMq, startRabbitMq } from '../lab/rabbitmq.ts';
import { type LabRedis, startRedis } from '../lab/redis.ts';
import { runStep } from '../support/action.ts';
import { writeApp } from '../support/registry-app.ts';

const image = `127.0.0.1:1/shop@sha256:${'a'.repeat(64)}`;
const minute = 60_000;
const deployment = v.object({
  spec: v.object({ replicas: v.number() }),
  status: v.object({ readyReplicas: v.optional(v.number(), 0) }),
});

/** A lab and the servers that KEDA watches in these tests. */
interface Stage extends AsyncDisposable {
  readonly lab: Lab;
  readonly redis: LabRedis;
  readonly rabbit: LabRabbitMq;
  readonly mariadb: LabMariaDb;
}

/** A function and the work that waits for it. Nothing runs on the fake node, so the test itself does that work. */
interface Source {
  readonly name: string;
  readonly binding: Readonly<Record<string, unknown>>;
  /** What `aks-functions.yml` says of the function. */
  readonly options?: (stage: Stage) => object;
  readonly settings: (stage: Stage) => Readonly<Record<string, string>>;
  /** Makes what must be there before a host runs. */
  readonly prepare?: (stage: Stage) => Promise<unknown>;
  readonly fill: (stage: Stage) => Promise<unknown>;
  readonly drain: (stage: Stage) => Promise<unknown>;
}

const sources: readonly Source[] = [
  {
    name: 'a storage queue',
    binding: { type: 'queueTrigger', queueName: 'orders', connection: 'C' },
    settings: ({ lab }) => ({ C: lab.queue.connectionString }),
    prepare: ({ lab }) => lab.queue.create('orders'),
    fill: ({ lab }) => lab.queue.put('orders', ['one', 'two']),
    drain: ({ lab }) => lab.queue.clear('orders'),
  },
  {
    name: 'a Redis list',
    binding: { type: 'redisListTrigger', connection: 'C', key: 'orders' },
    settings: ({ redis }) => ({ C: redis.connectionString }),
    fill: ({ redis }) => redis.command('RPUSH', 'orders', 'one', 'two'),
    drain: ({ redis }) => redis.command('LTRIM', 'orders', '1', '0'),
  },
  {
    name: 'a Redis stream, by a trigger of the file',
    binding: { type: 'redisStreamTrigger', connection: 'C', key: 'clicks' },
    options: ({ redis: { address } }) => ({
      trigger: {
        type: 'redis-streams',
        metadata: { stream: 'clicks', streamLength: '5', address, passwordFromEnv: 'Password' },
      },
    }),
    settings: ({ redis }) => ({ C: redis.connectionString, Password: redis.password }),
    fill: ({ redis }) => redis.command('XADD', 'clicks', '*', 'page', 'home'),
    drain: ({ redis }) => redis.command('XTRIM', 'clicks', 'MAXLEN', '0'),
  },
  {
    name: 'a RabbitMQ queue',
    binding: { type: 'rabbitMQTrigger', connectionStringSetting: 'C', queueName: 'orders' },
    settings: ({ rabbit }) => ({ C: rabbit.connectionString }),
    prepare: ({ rabbit }) => rabbit.create('orders'),
    fill: ({ rabbit }) => rabbit.put('orders', ['one', 'two']),
    drain: ({ rabbit }) => rabbit.clear('orders'),
  },
  {
    name: 'a table of MySQL, by a trigger of the file',
    binding: { type: 'mysqlTrigger', connectionStringSetting: 'C', tableName: 'jobs' },
    options: ({ mariadb: { host, port, database, user } }) => ({
      trigger: {
        type: 'mysql',
        metadata: {
          ...{ query: 'SELECT COUNT(*) FROM jobs WHERE NOT done', queryValue: '5' },
          ...{ host, port, dbName: database, username: user, passwordFromEnv: 'Password' },
        },
      },
    }),
    settings: ({ mariadb }) => ({ C: mariadb.connectionString, Password: mariadb.password }),
    prepare: ({ mariadb }) => mariadb.execute('CREATE TABLE jobs (id int PRIMARY KEY, done bool NOT NULL)'),
    fill: ({ mariadb }) => mariadb.execute('INSERT INTO jobs VALUES (1, false), (2, false), (3, true)'),
    drain: ({ mariadb }) => mariadb.execute('UPDATE jobs SET done = true'),
  },
];

async function startStage(): Promise<Stage> {
  const lab = await startLab({ node: 'fake' });
  let ground: ServerGround | undefined;
  try {
    ground = await serverGround(lab);
    const [redis, rabbit, mariadb] = await Promise.all([
      startRedis(ground),
      startRabbitMq(ground),
      startMariaDb(ground),
    ]);
    const servers = ground;
    const dispose = async () => {
      await servers[Symbol.asyncDispose]();
      await lab.stop();
    };
    return { lab, redis, rabbit, mariadb, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await ground?.[Symbol.asyncDispose]();
    await lab.stop();
    throw error;
  }
}

interface Deployed extends Pick<Source, 'binding'> {
  readonly options?: object | undefined;
  readonly settings: Readonly<Record<string, string>>;
}

/** Deploys one function into a namespace of its own, to be scaled as fast as KEDA can. */
async function deploy({ lab }: Stage, namespace: string, { binding, options, settings }: Deployed): Promise<void> {
  await using app = await writeApp({
    'package.json': '{"name":"shop","version":"1.0.0"}',
    'f/function.json': JSON.stringify({ bindings: [{ name: 'input', direction: 'in', ...binding }] }),
    'f/index.js': 'module.exports = async () => {};',
    'aks-functions.yml': JSON.stringify({
      version: 1,
      ...(options ? { functions: { f: options } } : {}),
    }),
  });
  const result = await runStep('root', {
    with: {
      ...{ auth: 'none', name: 'shop', image, namespace, kubeconfig: lab.kubeconfig, verify: 'ready' },
      ...{ 'polling-interval': '1', 'cooldown-period': '2', 'secret-settings': linesOf(settings) },
    },
    workspace: app.path,
  });
  assert.equal(result.code, 0, result.log);
}

function linesOf(settings: Readonly<Record<string, string>>): string {
  return Object.entries(settings)
    .map(([name, value]) => `${name}=${value}`)
    .join('\n');
}

/** Waits until as many replicas are wanted and ready. */
async function waitForReplicas({ lab }: Stage, namespace: string, count: number, limit = minute): Promise<void> {
  const path = `/apis/apps/v1/namespaces/${namespace}/deployments/shop`;
  const holds = async () => {
    const { spec, status } = v.parse(deployment, (await lab.request('GET', path)).json());
    return spec.replicas === count && status.readyReplicas === count;
  };
  await waitUntil(`"${namespace}" has ${count} replicas`, holds, limit);
}

/** Minute and hour of a time in UTC, as cron has them. */
function cronTime(time: number): string {
  const at = new Date(time);
  return `${at.getUTCMinutes()} ${at.getUTCHours()} * * *`;
}

const obstacle = (await hasDebianPackages())
  ? false
  : 'the servers come from Debian packages, and there is no apt here';

describe('a workload goes from zero to one replica and back', { concurrency: true, skip: obstacle }, () => {
  let stage: Stage;
  before(async () => {
    stage = await startStage();
  });
  after(async () => {
    await stage?.[Symbol.asyncDispose]();
  });

  for (const [index, source] of sources.entries()) {
    test(`for ${source.name}`, async () => {
      const namespace = `source-${index}`;
      await source.prepare?.(stage);
      const [options, settings] = [source.options?.(stage), source.settings(stage)];
      await deploy(stage, namespace, { binding: source.binding, options, settings });
      await waitForReplicas(stage, namespace, 0);
      await source.fill(stage);
      await waitForReplicas(stage, namespace, 1);
      await source.drain(stage);
      await waitForReplicas(stage, namespace, 0);
    });
  }

  test('for a window of the clock, by a trigger of the file', async () => {
    // The first whole minute that leaves time to deploy and to be at zero before it.
    const start = Math.ceil((Date.now() + 40_000) / minute) * minute;
    const metadata = {
      ...{ timezone: 'UTC', desiredReplicas: '1' },
      ...{ start: cronTime(start), end: cronTime(start + minute) },
    };
    await deploy(stage, 'clock', {
      binding: { type: 'timerTrigger', schedule: '0 */5 * * * *' },
      options: { trigger: { type: 'cron', metadata } },
      settings: { AzureWebJobsStorage: stage.lab.queue.connectionString },
    });
    await waitForReplicas(stage, 'clock', 0, start - Date.now());
    await waitForReplicas(stage, 'clock', 1, start - Date.now() + minute);
    await waitForReplicas(stage, 'clock', 0, start - Date.now() + 3 * minute);
    assert.ok(Date.now() >= start + minute, 'the replica stayed to the end of the window');
  });
});
