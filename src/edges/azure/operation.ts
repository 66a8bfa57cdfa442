import { isRecord } from '../../core/json.ts';
import type { RawAnswer } from './resource-manager.ts';

/** Pause between two looks where none is named, and the longest one, in seconds. */
const usualPause = 5;
const longestPause = 60;

/** Where to look next, after how many milliseconds. */
interface Step {
  readonly address: string;
  readonly pause: number;
}

/**
 * A long-running operation of the Resource Manager: `Azure-AsyncOperation` names a resource whose `status` tells how it
 * goes on, `Location` alone one that answers 202 until its result is there.
 */
export class Operation {
  #byStatus: boolean;
  readonly #method: string;
  readonly #location: string | undefined;
  #next: Step | undefined;
  #result: RawAnswer | undefined;
  #failure: { readonly status: number; readonly body: unknown } | undefined;

  private constructor(first: RawAnswer, method: string, address: string, byStatus: boolean) {
    this.#byStatus = byStatus;
    this.#method = method;
    this.#location = first.headers.location;
    this.#next = { address, pause: pauseOf(first) };
  }

  /** The operation that an answer has begun; undefined for one that says all. */
  static of(answer: RawAnswer, method: string): Operation | undefined {
    if (method === 'GET') return undefined;
    const { 'azure-asyncoperation': status, location } = answer.headers;
    if (status !== undefined) return new Operation(answer, method, status, true);
    return answer.status === 202 && location !== undefined ? new Operation(answer, method, location, false) : undefined;
  }

  /** Undefined when it has ended. */
  get next(): Step | undefined {
    return this.#next;
  }

  /** The answer that it ended with; undefined when the resource itself has to be read. */
  get result(): RawAnswer | undefined {
    return this.#result;
  }

  get failure(): { readonly status: number; readonly body: unknown } | undefined {
    return this.#failure;
  }

  /** Takes the answer of the next step. */
  take(answer: RawAnswer): void {
    const address = this.#next?.address ?? '';
    const state = this.#byStatus ? stateIn(answer.body) : answer.status === 202 ? 'running' : 'succeeded';
    this.#next = state === 'running' ? { address, pause: pauseOf(answer) } : undefined;
    if (state === 'failed') this.#failure = { status: 409, body: answer.body };
    if (state === 'succeeded') this.#succeed(answer);
  }

  #succeed(answer: RawAnswer): void {
    const isChange = this.#method === 'PUT' || this.#method === 'PATCH';
    if (this.#byStatus && this.#method === 'POST' && this.#location !== undefined) {
      this.#byStatus = false;
      this.#next = { address: this.#location, pause: 0 };
    } else if (!(this.#byStatus && isChange)) this.#result = answer;
  }
}

function stateIn(body: unknown): 'running' | 'succeeded' | 'failed' {
  const status = isRecord(body) && typeof body.status === 'string' ? body.status.toLowerCase() : '';
  if (status === 'succeeded') return 'succeeded';
  return status === 'failed' || status === 'canceled' ? 'failed' : 'running';
}

function pauseOf({ headers }: RawAnswer): number {
  const seconds = Number(headers['retry-after'] ?? usualPause);
  return Math.min(Number.isFinite(seconds) ? seconds : usualPause, longestPause) * 1000;
}
