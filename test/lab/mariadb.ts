import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { outputOf } from './command.ts';
import { debianPrograms, type ServerGround } from './debian-servers.ts';

/** A MariaDB server, which speaks MySQL's protocol, with one empty database. */
export interface LabMariaDb {
  readonly host: string;
  readonly port: string;
  readonly database: string;
  readonly user: string;
  readonly password: string;
  /** In the form of .NET's client, which the Functions extension reads. */
  readonly connectionString: string;
  /** Carries out statements as administrator; throws on an error of the server. */
  execute(sql: string): Promise<string>;
}

const database = 'shop';
const user = 'lab';
const password = 'lab-mariadb';

/** Starts Debian's MariaDB on loopback with a new data folder. */
export async function startMariaDb({ processes, port, folder, say }: ServerGround): Promise<LabMariaDb> {
  const { root, env } = await debianPrograms(['mariadb-server-core', 'mariadb-client-core'], say);
  const listening = String(port());
  const data = await folder('mariadb', {});
  const socket = join(data, 'socket');
  const server = join(root, 'usr/sbin/mariadbd');
  const shared = join(root, 'usr/share/mysql');
  const flags = [
    ...['--no-defaults', '--user=root', `--datadir=${data}`, `--basedir=${join(root, 'usr')}`, '--skip-log-bin'],
    ...[`--lc-messages-dir=${shared}`, '--innodb-buffer-pool-size=8M', '--innodb-flush-log-at-trx-commit=0'],
  ];
  await outputOf(server, [...flags, '--bootstrap'], { env: { ...process.env, ...env }, input: await firstSql(shared) });
  const place = ['--bind-address=127.0.0.1', `--port=${listening}`, `--socket=${socket}`];
  processes.start(server, [...flags, ...place], { env });
  const execute = (sql: string) =>
    outputOf(
      join(root, 'usr/bin/mariadb'),
      ['--no-defaults', '--user=root', `--socket=${socket}`, '--skip-column-names', '--batch', database],
      { env: { ...process.env, ...env }, input: sql },
    );
  await processes.until('MariaDB answers', async () => (await execute('SELECT 1')).trim() === '1');
  return {
    ...{ host: '127.0.0.1', port: listening, database, user, password, execute },
    connectionString: `Server=127.0.0.1;Port=${listening};Database=${database};Uid=${user};Pwd=${password};`,
  };
}

/** What `mariadb-install-db` would carry out, and the lab's database and user. */
async function firstSql(shared: string): Promise<string> {
  const files = ['mysql_system_tables.sql', 'mysql_performance_tables.sql', 'mysql_system_tables_data.sql'];
  const texts = await Promise.all(files.map(file => readFile(join(shared, file), 'utf8')));
  return [
    'CREATE DATABASE mysql;\nUSE mysql;',
    ...texts,
    `CREATE DATABASE ${database};`,
    'FLUSH PRIVILEGES;',
    `CREATE USER '${user}'@'%' IDENTIFIED BY '${password}';`,
    `GRANT ALL ON *.* TO '${user}'@'%';`,
  ].join('\n');
}
