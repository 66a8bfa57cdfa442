import { createHash } from 'node:crypto';
import { firstOf, type Parts, partsOf } from '../connection-strings.ts';
import { Secret } from '../secret.ts';
import { connectionFor } from './connect.ts';
import type { Scaler, ScalerContext } from './scaler.ts';
import { activationOf, requiredText } from './values.ts';

const trigger = 'MySQL trigger';

interface Table {
  /** The database, where the name of the table says it. */
  readonly database: string | undefined;
  readonly name: string;
}

/**
 * KEDA's `mysql` with the number of rows changed since the host last looked. The query fails until a host has made its
 * tables, so it is made only with a `threshold` in the file, beside one replica that always stays. Undefined otherwise
 * and after a fault.
 */
export function mySqlScaler(context: ScalerContext): Scaler | undefined {
  const table = tableOf(context);
  const found = connectionFor(context, { keys: ['connectionStringSetting', 'connection'], trigger, service: 'sql' });
  if (!table || found?.kind !== 'string') return undefined;
  if (context.config.threshold === undefined) {
    context.keepOne?.(
      'KEDA has no query that works before the host has made its tables. Once it is deployed, set "threshold" for it to have more replicas under load',
    );
    return undefined;
  }
  const parts = found.value && partsOf(found.value.reveal());
  const database = table.database ?? (parts && firstOf(parts, ['database', 'initial catalog']));
  const connectionString = parts && dataSourceName(parts, database);
  if (!connectionString || !database || !isName(database)) {
    context.keepOne?.(
      `the value of "${found.setting}" is not read or lacks server, database or user, and KEDA needs them. Give it in "secret-settings"`,
    );
    return undefined;
  }
  context.keepOne?.('KEDA can count the changes of its table only once the host has started');
  return {
    type: 'mysql',
    metadata: {
      query: changesQuery(database, table.name),
      queryValue: String(context.config.threshold),
      ...activationOf(context, 'activationQueryValue'),
    },
    parameters: [{ name: 'connectionString', value: new Secret(connectionString) }],
  };
}

/** The text becomes part of a query, so only names pass, each alone or in backticks. */
function tableOf(context: ScalerContext): Table | undefined {
  const table = requiredText(context, ['tableName'], trigger);
  if (table === undefined) return undefined;
  const [, database, name] = /^(?:(\w+|`[\w $-]+`)\.)?(\w+|`[\w $-]+`)$/u.exec(table) ?? [];
  const bare = (text: string | undefined) => text?.replaceAll('`', '');
  if (name !== undefined) return { database: bare(database), name: bare(name) ?? name };
  context.fault(`Key "tableName" of the ${trigger} must be a table such as "Orders" or "shop.Orders", got "${table}".`);
  return undefined;
}

/** Whether a name can stand in backticks. */
function isName(text: string): boolean {
  return /^[\w $-]+$/u.test(text);
}

/** The extension keeps the time of its last look for each function and table; the earliest one of the table counts. */
function changesQuery(database: string, table: string): string {
  const seen = `SELECT MIN(LastPolledTime) FROM az_func_mysql.GlobalState WHERE UserTableID = '${tableId(database, table)}'`;
  return `SELECT COUNT(*) FROM \`${database}\`.\`${table}\` WHERE az_func_updated_at > (${seen})`;
}

/** The extension's id of a table: the start of a hash, in the byte order of a .NET GUID. */
function tableId(database: string, table: string): string {
  const hash = createHash('sha256').update(`${database}${table}`).digest();
  const part = (start: number, end: number) => Buffer.from(hash.subarray(start, end)).reverse().toString('hex');
  return `${part(0, 4)}${part(4, 6)}${part(6, 8)}${hash.subarray(8, 16).toString('hex')}`;
}

/** What Go's driver calls .NET's `SslMode`; a certificate is checked only where the host checks it too. */
const tlsByMode: Readonly<Record<string, string>> = {
  none: 'false',
  disabled: 'false',
  required: 'skip-verify',
  verifyca: 'true',
  verifyfull: 'true',
};

/** A connection string as KEDA's driver takes it; undefined when it lacks a part. */
function dataSourceName(parts: Parts, database: string | undefined): string | undefined {
  const host = firstOf(parts, ['server', 'host', 'data source', 'datasource', 'address', 'addr', 'network address']);
  const user = firstOf(parts, ['uid', 'user id', 'userid', 'username', 'user name', 'user']);
  const password = firstOf(parts, ['pwd', 'password']) ?? '';
  if (!host || !user || !database) return undefined;
  const mode = (firstOf(parts, ['sslmode', 'ssl mode', 'ssl-mode']) ?? '').toLowerCase();
  const tls = tlsByMode[mode] ?? 'preferred';
  return `${user}:${password}@tcp(${host}:${parts.get('port') ?? '3306'})/${database}?tls=${tls}`;
}
