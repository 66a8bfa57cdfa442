import { azureQueueScaler } from './scalers/azure-queue.ts';
import { blobScaler, isFromEventGrid } from './scalers/blob.ts';
import { cosmosScaler } from './scalers/cosmos-db.ts';
import { durableScaler } from './scalers/durable.ts';
import { eventHubScaler } from './scalers/event-hub.ts';
import { kafkaScaler } from './scalers/kafka.ts';
import { mySqlScaler } from './scalers/mysql.ts';
import { rabbitScaler } from './scalers/rabbitmq.ts';
import { redisListScaler, redisPubSubScaler, redisStreamScaler } from './scalers/redis.ts';
import type { Scaler, ScalerContext } from './scalers/scaler.ts';
import { serviceBusScaler } from './scalers/service-bus.ts';
import { sqlScaler } from './scalers/sql.ts';
import { timerScaler } from './scalers/timer.ts';

export type { Connection, Scaler, ScalerContext, ScalerParameter } from './scalers/scaler.ts';

/** How one kind of trigger runs and scales. */
export interface TriggerRow {
  /** Type in `function.json`, in lower case. */
  readonly type: string;
  /** Where it runs; of `events`, only with a scaler and without a reason to hold one replica, else in `always`. */
  readonly workload: 'http' | 'events' | 'always';
  /** Its workload holds at least one replica, whatever scalers of other functions say. */
  readonly keepsOne: boolean;
  /** Why, where no scaler says it. */
  readonly reason?: string;
  /** Does not start without `AzureWebJobsStorage`. */
  readonly needsStorage?: boolean;
  /** Runs beside other functions and never makes a workload of its own. */
  readonly rides?: boolean;
  /** The version of KEDA decides whether it has a scaler. */
  readonly needsKedaVersion?: boolean;
  /** The scaler; undefined after a fault or a reason to hold one replica. */
  readonly scaler?: (context: ScalerContext) => Scaler | undefined;
}

/** Triggers that arrive over HTTP. */
const overHttp = [
  'httptrigger',
  'eventgridtrigger',
  'signalrtrigger',
  'webpubsubtrigger',
  'mcptooltrigger',
  'mcpresourcetrigger',
  'mcpprompttrigger',
  'assistantskilltrigger',
  'connectortrigger',
] as const;

/** Durable kinds: one host must always be there for timers and orchestrations that wait. */
const durable = ['orchestrationtrigger', 'activitytrigger', 'entitytrigger'] as const;

/** Triggers whose events a Dapr sidecar brings; only the user knows the broker behind it. */
const dapr = ['daprtopictrigger', 'daprbindingtrigger', 'daprserviceinvocationtrigger'] as const;

/** Triggers that KEDA has a scaler for. */
const scaled: readonly Pick<TriggerRow, 'type' | 'scaler' | 'needsStorage' | 'needsKedaVersion'>[] = [
  { type: 'queuetrigger', scaler: azureQueueScaler },
  { type: 'servicebustrigger', scaler: serviceBusScaler },
  { type: 'eventhubtrigger', scaler: eventHubScaler, needsStorage: true, needsKedaVersion: true },
  { type: 'kafkatrigger', scaler: kafkaScaler },
  { type: 'rabbitmqtrigger', scaler: rabbitScaler },
  { type: 'cosmosdbtrigger', scaler: cosmosScaler, needsKedaVersion: true },
  { type: 'redislisttrigger', scaler: redisListScaler },
  { type: 'redisstreamtrigger', scaler: redisStreamScaler },
  { type: 'redispubsubtrigger', scaler: redisPubSubScaler },
  { type: 'sqltrigger', scaler: sqlScaler, needsKedaVersion: true },
  { type: 'mysqltrigger', scaler: mySqlScaler },
];

const rows: readonly TriggerRow[] = [
  ...overHttp.map(type => ({ type, workload: 'http', keepsOne: false }) as const),
  ...durable.map(
    type =>
      ({
        type,
        workload: 'http',
        keepsOne: true,
        needsStorage: true,
        needsKedaVersion: true,
        scaler: durableScaler,
      }) as const,
  ),
  ...dapr.map(
    type =>
      ({
        type,
        workload: 'always',
        keepsOne: true,
        reason: 'only you know the broker behind its Dapr component',
      }) as const,
  ),
  ...scaled.map(row => ({ ...row, workload: 'events', keepsOne: false }) as const),
  { type: 'timertrigger', workload: 'always', keepsOne: true, needsStorage: true, scaler: timerScaler },
  { type: 'blobtrigger', workload: 'always', keepsOne: true, needsStorage: true, scaler: blobScaler },
  { type: 'warmuptrigger', workload: 'http', keepsOne: false, rides: true },
  { type: 'manualtrigger', workload: 'http', keepsOne: false, rides: true },
];

const rowsByType: ReadonlyMap<string, TriggerRow> = new Map(rows.map(row => [row.type, row]));

/** A blob trigger that Event Grid calls: served over HTTP, while the blobs themselves wait in a queue of the host. */
const blobFromEventGrid: TriggerRow = {
  type: 'blobtrigger',
  workload: 'http',
  keepsOne: true,
  needsStorage: true,
  reason: 'Event Grid must find a host to tell of new blobs',
};

/** The row of a trigger's type in any case; a type without a row holds one replica and has no scaler. */
export function triggerRow(type: string): TriggerRow {
  const key = type.toLowerCase();
  return (
    rowsByType.get(key) ?? {
      type: key,
      workload: 'always',
      keepsOne: true,
      reason: `KEDA has no scaler for its trigger "${type}" that is known here`,
    }
  );
}

/** The row of a trigger, where more than its type may count. */
export function rowOfTrigger(binding: { readonly type: string; readonly [key: string]: unknown }): TriggerRow {
  const row = triggerRow(binding.type);
  return row.type === 'blobtrigger' && isFromEventGrid(binding) ? blobFromEventGrid : row;
}

/** Whether a binding starts a function: its type ends in `Trigger`, as the host decides it. */
export function isTrigger(binding: { readonly type: string }): boolean {
  return binding.type.toLowerCase().endsWith('trigger');
}

/** Says why a function is not scaled to zero, and what the user can do about it. */
export function noticeForOne(functionName: string, reason: string): string {
  return `Function "${functionName}" keeps one replica running: ${reason}. A KEDA trigger of your own goes to "functions.${functionName}.trigger" in aks-functions.yml.`;
}
