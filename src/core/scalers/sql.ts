import { firstOf, type Parts, partsOf } from '../connection-strings.ts';
import { kedaIsAtLeast, kedaIsKnown } from '../keda.ts';
import { type ConnectionNeed, connectionFor, connectionNamed } from './connect.ts';
import type { Connection, Scaler, ScalerContext } from './scaler.ts';
import { activationOf, requiredText, thresholdOf } from './values.ts';

const need = { trigger: 'SQL trigger', service: 'sql' } as const satisfies Omit<ConnectionNeed, 'keys'>;

/**
 * KEDA's `mssql` with the number of changes since the version that the host has seen, which is approximate: its tables
 * count for all functions on the table, and exist only after the first start. Undefined after a fault.
 */
export function sqlScaler(context: ScalerContext): Scaler | undefined {
  const table = tableOf(context);
  const found = connectionFor(context, { ...need, keys: ['connectionStringSetting', 'connection'] });
  const targetValue = thresholdOf(context, { extension: 'Sql', paths: ['MaxChangesPerWorker'], otherwise: 1000 });
  if (table === undefined || !found || targetValue === undefined) return undefined;
  const connection = mssqlConnection(context, found);
  if (!connection) return undefined;
  context.keepOne?.('KEDA can count the changes of its table only once the host has started');
  return {
    type: 'mssql',
    metadata: { query: changesQuery(table), targetValue, ...activationOf(context, 'activationTargetValue') },
    connection,
  };
}

/** One number whatever is there; the batch is compiled statement by statement, so tables that do not exist yet are no error. */
function changesQuery(table: string): string {
  const seen = `SELECT MIN(LastSyncVersion) FROM az_func.GlobalState WHERE UserTableID = OBJECT_ID(N'${table}')`;
  return `IF OBJECT_ID(N'az_func.GlobalState') IS NULL SELECT 0 ELSE BEGIN DECLARE @seen bigint = (${seen}); SELECT COUNT(*) FROM CHANGETABLE(CHANGES ${table}, @seen) AS changes END`;
}

/** The text becomes part of a query, so only names pass, each alone or in brackets. */
function tableOf(context: ScalerContext): string | undefined {
  const table = requiredText(context, ['tableName'], need.trigger);
  if (table === undefined || /^(\w+|\[[\w $#-]+\])(\.(\w+|\[[\w $#-]+\])){0,2}$/u.test(table)) return table;
  context.fault(
    `Key "tableName" of the ${need.trigger} must be a table such as "dbo.Orders" or "[dbo].[Orders]", got "${table}".`,
  );
  return undefined;
}

/** KEDA's `mssql` for Durable Functions on MSSQL, which says itself how many hosts it wants. Undefined after a fault. */
export function durableSqlScaler(context: ScalerContext, connectionName: string): Scaler | undefined {
  const found = connectionNamed(context, connectionName, { trigger: 'Durable storage on MSSQL', service: 'sql' });
  const number = (path: string, otherwise: number) =>
    thresholdOf({ ...context, config: {} }, { extension: 'durableTask', paths: [path], otherwise });
  const orchestrations = number('maxConcurrentOrchestratorFunctions', 10);
  const activities = number('maxConcurrentActivityFunctions', 1);
  if (!found || orchestrations === undefined || activities === undefined) return undefined;
  const connection = mssqlConnection(context, found);
  if (!connection) return undefined;
  return {
    type: 'mssql',
    metadata: { query: `SELECT dt.GetScaleRecommendation(${orchestrations}, ${activities})`, targetValue: '1' },
    connection,
  };
}

/** Values of `Authentication` that mean the identity of the pod. */
const podIdentities = /^active\s*directory\s*(default|managed\s*identity|msi|workload\s*identity)$/i;

/** A connection that KEDA's driver understands: with user and password, or with the identity of the pod. */
function mssqlConnection(
  context: ScalerContext,
  found: NonNullable<ReturnType<typeof connectionNamed>>,
): Connection | undefined {
  if (found.kind === 'identity') return undefined;
  const { setting } = found;
  const parts = partsOf(found.value?.reveal() ?? '');
  const authentication = parts.get('authentication');
  const integrated = ['integrated security', 'trusted_connection'].some(key =>
    /^(true|yes|sspi)$/i.test(parts.get(key) ?? ''),
  );
  if (authentication === undefined && !integrated) return { kind: 'string', setting, parameter: 'connectionString' };
  if (authentication !== undefined && podIdentities.test(authentication)) return identityOf(context, setting, parts);
  context.keepOne?.(`the setting "${setting}" signs in in a way that KEDA does not know`);
  return undefined;
}

/** KEDA signs in with a token of the identity from 2.20 on, and then takes the place of the database in parts. */
function identityOf({ keda, keepOne }: ScalerContext, setting: string, parts: Parts): Connection | undefined {
  if (!kedaIsAtLeast(keda, '2.20')) {
    const reason = kedaIsKnown(keda)
      ? `KEDA "${keda}" cannot sign in at SQL with the identity of "${setting}"; 2.20 can`
      : `the version of KEDA is not known, and signing in at SQL with the identity of "${setting}" needs 2.20`;
    keepOne?.(reason, { provisional: !kedaIsKnown(keda) });
    return undefined;
  }
  const server = firstOf(parts, ['server', 'data source', 'address', 'addr', 'network address']) ?? '';
  const [, host, port] = /^(?:tcp:)?([\w.-]+)(?:,\s*(\d+))?$/i.exec(server) ?? [];
  const database = firstOf(parts, ['database', 'initial catalog']);
  if (host === undefined || database === undefined) {
    keepOne?.(`the setting "${setting}" does not name a server and a database, which KEDA needs apart`);
    return undefined;
  }
  const clientId = firstOf(parts, ['user id', 'uid', 'user']);
  const metadata = { host, ...(port === undefined ? {} : { port }), database };
  return { kind: 'identity', setting, ...(clientId === undefined ? {} : { clientId }), metadata };
}
