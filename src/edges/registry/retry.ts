import type { IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseRetryAfter } from '../../core/retry-after.ts';
import { UserError } from '../../errors.ts';
import { type Attempt, connectionError, detailOf, type Refusal, RegistryError, refusalError } from './failure.ts';
import { readBody } from './transport.ts';

/** Waits between attempts. */
export type Pause = (milliseconds: number, signal: AbortSignal) => Promise<unknown>;

/** What counts as success, and how long to try. */
export interface Persistence {
  readonly attempt: Attempt;
  readonly accepts: readonly number[];
  /** At least 1. */
  readonly attempts: number;
  readonly pause?: Pause | undefined;
  readonly signal: AbortSignal;
}

const firstPause = 250;
const longestPause = 60_000;

/** The answer of `send`, sent again while the failure is a passing one; throws RegistryError, or the signal's reason. */
export function sendUntilAnswered(
  send: () => Promise<IncomingMessage>,
  persistence: Persistence,
): Promise<IncomingMessage> {
  return repeated(() => sendOnce(send, persistence), persistence);
}

/** The result of `work`, done again while it throws a RegistryError that is passing. */
export async function repeated<T>(
  work: () => Promise<T>,
  { attempts, signal, pause = defaultPause }: Pick<Persistence, 'attempts' | 'signal' | 'pause'>,
): Promise<T> {
  for (let count = 1; ; count += 1) {
    try {
      return await work();
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof RegistryError) || !error.passing || count >= attempts) throw error;
      await pause(Math.min(error.retryAfter ?? firstPause * 2 ** count, longestPause), signal);
    }
  }
}

async function sendOnce(
  send: () => Promise<IncomingMessage>,
  { attempt, accepts, signal }: Persistence,
): Promise<IncomingMessage> {
  const answer = await send().catch(error => {
    signal.throwIfAborted();
    throw error instanceof UserError ? error : connectionError(attempt.host, attempt.doing, error);
  });
  if (accepts.includes(answer.statusCode ?? 0)) return answer;
  throw refusalError(attempt, await refusalOf(answer));
}

async function refusalOf(answer: IncomingMessage): Promise<Refusal> {
  // A token without the right is answered like no token at all; only this word tells them apart.
  const lacksRight = /insufficient_scope/.test(answer.headers['www-authenticate'] ?? '');
  const status = lacksRight ? 403 : (answer.statusCode ?? 0);
  return {
    status,
    detail: await refusalDetail(answer),
    retryAfter: parseRetryAfter(answer.headers['retry-after'], Date.now()),
  };
}

async function refusalDetail(answer: IncomingMessage): Promise<string> {
  try {
    return detailOf((await readBody(answer, 64 * 1024)).toString('utf8'));
  } catch {
    // The status alone already tells what happened.
    return '';
  }
}

async function defaultPause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await sleep(milliseconds, undefined, { signal }).catch(error => {
    signal.throwIfAborted();
    throw error;
  });
}
