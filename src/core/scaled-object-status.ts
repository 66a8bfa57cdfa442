/** What we read of a ScaledObject. */
export interface ScaledObject {
  readonly spec?: {
    readonly pollingInterval?: number;
    readonly cooldownPeriod?: number;
    readonly minReplicaCount?: number;
    readonly maxReplicaCount?: number;
    readonly triggers?: readonly {
      readonly type: string;
      readonly metadata: Readonly<Record<string, string>>;
      readonly authenticationRef?: { readonly name: string };
    }[];
  };
  readonly status?: {
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly reason?: string;
      readonly message?: string;
    }[];
    readonly externalMetricNames?: readonly string[];
    readonly hpaName?: string;
    readonly lastActiveTime?: string;
  };
}

/** State of a scaler as one poll shows it. */
export type ScalerState =
  | { readonly kind: 'ready'; readonly metrics: readonly string[] }
  | { readonly kind: 'pending' }
  | { readonly kind: 'paused' }
  | { readonly kind: 'failed'; readonly message: string };

/** What the conditions of a ScaledObject say; right after applying they prove little, so its metrics must answer too. */
export function scalerStateOf(object: ScaledObject): ScalerState {
  const { conditions = [], externalMetricNames = [], hpaName } = object.status ?? {};
  const condition = (type: string) => conditions.find(one => one.type === type);
  if (condition('Paused')?.status === 'True') return { kind: 'paused' };
  const ready = condition('Ready');
  if (ready?.status === 'False')
    return { kind: 'failed', message: [ready.reason, ready.message].filter(Boolean).join(': ') };
  // Active may stay unknown for a whole polling interval; the metrics tell the same at once.
  if (ready?.status !== 'True' || !hpaName) return { kind: 'pending' };
  return { kind: 'ready', metrics: externalMetricNames };
}

/** Number of a Kubernetes quantity such as `3`, `3500m`, `2k`, `256Mi`; NaN for anything else. */
export function parseQuantity(text: string): number {
  const match = /^(-?\d+(?:\.\d+)?)(m|[kMGTPE]|[KMGTPE]i)?$/.exec(text);
  return match ? Number(match[1]) * factorOf(match[2]) : Number.NaN;
}

function factorOf(unit: string | undefined): number {
  if (unit === undefined) return 1;
  if (unit === 'm') return 0.001;
  const power = 'KMGTPE'.indexOf(unit.slice(0, 1).toUpperCase()) + 1;
  return (unit.endsWith('i') ? 1024 : 1000) ** power;
}
