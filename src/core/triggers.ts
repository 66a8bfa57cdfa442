import type { FunctionConfig } from './config/config.ts';
import type { Binding, HostJson } from './project.ts';
import { azureQueueScaler } from './scalers/azure-queue.ts';
import type { Settings } from './settings.ts';

/** How a scaler signs in at the service that it watches. */
export type Connection =
  /** By the connection string in this setting. */
  | { readonly kind: 'string'; readonly setting: string }
  /** By workload identity; `metadata` says where the service is, `setting` is the prefix of the settings. */
  | {
      readonly kind: 'identity';
      readonly setting: string;
      readonly clientId?: string;
      readonly metadata: Readonly<Record<string, string>>;
    };

/** One trigger of a ScaledObject, without its sign-in. */
export interface Scaler {
  readonly type: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly connection?: Connection;
}

/** What a scaler is made from. */
export interface ScalerContext {
  readonly binding: Binding;
  readonly host: HostJson;
  readonly config: FunctionConfig;
  readonly settings: Settings;
  /** Collects a fault at the function's place. */
  readonly fault: (message: string) => void;
  /** Says something that the user should know about this function. */
  readonly notice?: (message: string) => void;
}

/** How one kind of trigger runs and scales. */
export interface TriggerRow {
  /** Type in `function.json`, in lower case. */
  readonly type: string;
  readonly workload: 'http' | 'events' | 'always';
  /** Its workload holds at least one replica, whatever scalers of other functions say. */
  readonly keepsOne: boolean;
  /** Does not start without `AzureWebJobsStorage`. */
  readonly needsStorage?: boolean;
  /** The scaler, or undefined after a fault. */
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

const rows: readonly TriggerRow[] = [
  ...overHttp.map(type => ({ type, workload: 'http', keepsOne: false }) as const),
  ...durable.map(type => ({ type, workload: 'http', keepsOne: true, needsStorage: true }) as const),
  { type: 'queuetrigger', workload: 'events', keepsOne: false, scaler: azureQueueScaler },
  { type: 'timertrigger', workload: 'always', keepsOne: true, needsStorage: true },
  { type: 'blobtrigger', workload: 'always', keepsOne: true, needsStorage: true },
  { type: 'eventhubtrigger', workload: 'always', keepsOne: true, needsStorage: true },
];

const rowsByType: ReadonlyMap<string, TriggerRow> = new Map(rows.map(row => [row.type, row]));

/** The row of a trigger's type in any case; a type without a row holds one replica and has no scaler. */
export function triggerRow(type: string): TriggerRow {
  const key = type.toLowerCase();
  return rowsByType.get(key) ?? { type: key, workload: 'always', keepsOne: true };
}

/** Whether a binding starts a function: its type ends in `Trigger`, as the host decides it. */
export function isTrigger(binding: { readonly type: string }): boolean {
  return binding.type.toLowerCase().endsWith('trigger');
}

/** Triggers whose workload stays at one replica by their nature and not for lack of a scaler here. */
const staysByNature = new Set<string>(['timertrigger', ...durable]);

/** Why a function is not scaled to zero, or undefined when its trigger has a scaler or is served over HTTP. */
export function noticeForTrigger(functionName: string, type: string): string | undefined {
  const row = triggerRow(type);
  if (!row.keepsOne) return undefined;
  const reason = staysByNature.has(row.type)
    ? `no scaler can tell when its trigger "${type}" fires`
    : `scaling for its trigger "${type}" is not available yet`;
  return `Function "${functionName}" keeps one replica running: ${reason}. A KEDA trigger of your own goes to "functions.${functionName}.trigger" in aks-functions.yml.`;
}
