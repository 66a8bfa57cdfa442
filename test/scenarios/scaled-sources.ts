import { type ServerGround, serverGround } from '../lab/debian-servers.ts';
import { type Lab, startLab } from '../lab/lab.ts';
import { type LabMariaDb, startMariaDb } from '../lab/mariadb.ts';
import { type LabRabbitMq, startRabbitMq } from '../lab/rabbitmq.ts';
import { type LabRedis, startRedis } from '../lab/redis.ts';

/** A lab and the servers that KEDA watches in these tests. */
export interface Stage extends AsyncDisposable {
  readonly lab: Lab;
  readonly redis: LabRedis;
  readonly rabbit: LabRabbitMq;
  readonly mariadb: LabMariaDb;
}

/** A function and the work that waits for it. Nothing runs on the fake node, so the test itself does that work. */
export interface Source {
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

/** Functions that go from zero to one replica and back. */
export const sources: readonly Source[] = [
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

/** Functions that keep one replica, since only a started host makes what KEDA watches. */
export const growing: readonly (Omit<Source, 'drain'> & Required<Pick<Source, 'prepare'>>)[] = [
  {
    name: 'changes in a table of MySQL',
    binding: { type: 'mysqlTrigger', connectionStringSetting: 'C', tableName: 'orders' },
    options: () => ({ threshold: 2 }),
    settings: ({ mariadb }) => ({ C: mariadb.connectionString }),
    // As the extension makes them; the first id of a table is its hash of "shop" and "orders".
    prepare: ({ mariadb }) =>
      mariadb.execute(`
        CREATE DATABASE az_func_mysql;
        CREATE TABLE az_func_mysql.GlobalState (UserFunctionID char(64), UserTableID char(64), LastPolledTime datetime);
        INSERT INTO az_func_mysql.GlobalState VALUES ('f', '77061b86d6486e5eba9f1ca901ccc4be', '2026-01-01');
        INSERT INTO az_func_mysql.GlobalState VALUES ('g', 'of another table', '1970-01-01');
        CREATE TABLE orders (id int PRIMARY KEY, az_func_updated_at timestamp NOT NULL);
        INSERT INTO orders VALUES (1, '2025-12-30'), (2, '2025-12-30'), (3, '2025-12-31'), (4, '2025-12-31');`),
    fill: ({ mariadb }) =>
      mariadb.execute("INSERT INTO orders VALUES (5, '2026-01-02'), (6, '2026-01-02'), (7, '2026-01-03')"),
  },
  {
    name: 'entries of a Redis stream that its group has not read',
    binding: { type: 'redisStreamTrigger', connection: 'C', key: 'events' },
    options: () => ({ threshold: 2 }),
    settings: ({ redis }) => ({ C: redis.connectionString }),
    prepare: ({ redis }) => redis.command('XGROUP', 'CREATE', 'events', 'f', '0', 'MKSTREAM'),
    fill: async ({ redis }) => {
      for (const page of ['home', 'shop', 'help']) await redis.command('XADD', 'events', '*', 'page', page);
    },
  },
];

/** Starts a lab with a fake node and all the servers. */
export async function startStage(): Promise<Stage> {
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
