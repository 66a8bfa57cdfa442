import { ArmRefusal } from './arm-answer.ts';
import type { CloudState, Principal, RequestKind } from './state.ts';

interface Bucket {
  tokens: number;
  /** Milliseconds since 1970. */
  filledAt: number;
}

/** How many requests each caller may still make. */
export class RequestLimits {
  readonly #state: CloudState;
  readonly #buckets = new Map<string, Bucket>();

  constructor(state: CloudState) {
    this.#state = state;
  }

  /** Takes a request into account; gives the headers that say what is left, and refuses what is too much. */
  spend(method: string, subscriptionId: string, { objectId }: Principal): Readonly<Record<string, string>> {
    const kind = kindOf(method);
    const bucket = this.#filled(`${subscriptionId}/${objectId}/${kind}`.toLowerCase(), kind);
    if (bucket.tokens < 1) throw throttled(kind, subscriptionId, objectId, this.#state.limits[kind].perSecond);
    bucket.tokens -= 1;
    const left = String(Math.floor(bucket.tokens));
    const name = (middle: string) => `x-ms-ratelimit-remaining-subscription${middle}-${kind}`;
    return { [name('')]: left, [name('-global')]: String(Math.floor(bucket.tokens * 15)) };
  }

  #filled(key: string, kind: RequestKind): Bucket {
    const { size, perSecond } = this.#state.limits[kind];
    const now = Date.now();
    const bucket = this.#buckets.get(key) ?? { tokens: size, filledAt: now };
    bucket.tokens = Math.min(size, bucket.tokens + ((now - bucket.filledAt) / 1000) * perSecond);
    bucket.filledAt = now;
    this.#buckets.set(key, bucket);
    return bucket;
  }
}

function kindOf(method: string): RequestKind {
  if (method === 'GET' || method === 'HEAD') return 'reads';
  return method === 'DELETE' ? 'deletes' : 'writes';
}

function throttled(kind: RequestKind, subscriptionId: string, objectId: string, perSecond: number): ArmRefusal {
  const seconds = String(Math.max(1, Math.ceil(1 / perSecond)));
  return new ArmRefusal(
    429,
    'SubscriptionRequestsThrottled',
    `Number of '${kind}' requests for subscription '${subscriptionId}' actor '${objectId}' exceeded. Please try again after '${seconds}' seconds after additional tokens are available. Refer to https://aka.ms/arm-throttling for additional information.`,
    { headers: { 'retry-after': seconds } },
  );
}
