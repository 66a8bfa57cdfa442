import { parseRetryAfter } from '../../core/retry-after.ts';
import type { TokenCredentialOptions } from './azure-identity.ts';
import { codeOf } from './no-answer.ts';

/** Longest pause that an answer may ask for, in milliseconds; a longer one fails at once, and says so. */
const longestPause = 30_000;
/** Milliseconds after an answer that throttles without saying for how long: Azure's clients would not try again at all. */
const usualPause = 2000;

/** Header, of ours alone, with a pause that is too long to wait for. */
export const askedPause = 'x-asked-pause';

/** What the last request got. */
export type Outcome =
  | { readonly kind: 'answer'; readonly status: number; readonly body: string; readonly retryAfter: string | undefined }
  | { readonly kind: 'broken'; readonly code: string };

/** A step in the pipeline of Azure's clients. */
export type PipelinePolicy = NonNullable<TokenCredentialOptions['additionalPolicies']>[number]['policy'];

/** How long to try. */
export interface WireOptions {
  readonly signal: AbortSignal;
  /** Milliseconds for one attempt. */
  readonly deadline: number;
}

/**
 * A step before every attempt of Azure's clients, which have neither deadlines nor pauses of their own for throttling,
 * and whose errors for a broken connection do not say what broke.
 */
export class Wire {
  readonly policy: PipelinePolicy;
  #last: Outcome | undefined;

  constructor({ signal, deadline }: WireOptions) {
    this.policy = {
      name: 'wire',
      sendRequest: async (request, next) => {
        request.timeout = deadline;
        request.abortSignal = request.abortSignal ? AbortSignal.any([signalOf(request.abortSignal), signal]) : signal;
        try {
          const answer = await next(request);
          const { status, bodyAsText, headers } = answer;
          this.#last = { kind: 'answer', status, body: bodyAsText ?? '', retryAfter: headers.get('retry-after') };
          if (status === 429 || status === 503) pauseWithinLimit(headers);
          return answer;
        } catch (error) {
          this.#last = { kind: 'broken', code: codeOf(error) };
          throw error;
        }
      },
    };
  }

  get last(): Outcome | undefined {
    return this.#last;
  }
}

type Request = Parameters<PipelinePolicy['sendRequest']>[0];
type Headers = Awaited<ReturnType<PipelinePolicy['sendRequest']>>['headers'];

/** The library's own kind of signal, as one of the platform. */
function signalOf(given: NonNullable<Request['abortSignal']>): AbortSignal {
  if (given instanceof AbortSignal) return given;
  const controller = new AbortController();
  if (given.aborted) controller.abort();
  else given.addEventListener('abort', () => controller.abort());
  return controller.signal;
}

function pauseWithinLimit(headers: Headers): void {
  const asked = headers.get('retry-after');
  const wait = parseRetryAfter(asked, Date.now());
  if (wait === undefined) headers.set('retry-after-ms', String(usualPause));
  else if (wait > longestPause) {
    headers.set(askedPause, asked ?? '');
    headers.delete('retry-after');
  }
}
