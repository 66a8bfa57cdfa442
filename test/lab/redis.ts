import { join } from 'node:path';
import { outputOf } from './command.ts';
import { debianPrograms, type ServerGround } from './debian-servers.ts';

/** A Redis server. */
export interface LabRedis {
  /** In the form of StackExchange's client, which the Functions extension reads. */
  readonly connectionString: string;
  /** `host:port` and password, as KEDA takes them. */
  readonly address: string;
  readonly password: string;
  /** Carries out one command and gives its answer as redis-cli prints it; throws on an error of the server. */
  command(...words: readonly string[]): Promise<string>;
}

const password = 'lab-redis';

/** Starts Debian's Redis in memory on loopback. */
export async function startRedis({ processes, port, folder, say }: ServerGround): Promise<LabRedis> {
  const { root, env } = await debianPrograms(['redis-server'], say);
  const listening = String(port());
  const config = [
    ...['bind 127.0.0.1', `port ${listening}`, `requirepass ${password}`],
    ...['save ""', 'appendonly no', 'daemonize no'],
  ];
  const place = await folder('redis', { 'redis.conf': config.join('\n') });
  processes.start(join(root, 'usr/bin/redis-server'), [join(place, 'redis.conf')], { env });
  const command = (...words: readonly string[]) =>
    outputOf(join(root, 'usr/bin/redis-cli'), ['-e', '-h', '127.0.0.1', '-p', listening, ...words], {
      env: { ...process.env, ...env, REDISCLI_AUTH: password },
    });
  await processes.until('Redis answers', async () => (await command('PING')).trim() === 'PONG');
  const address = `127.0.0.1:${listening}`;
  return { connectionString: `${address},password=${password},ssl=False`, address, password, command };
}
