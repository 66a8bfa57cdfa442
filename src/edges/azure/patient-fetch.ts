import { parseRetryAfter } from '../../core/retry-after.ts';
import type { Clock } from '../../flows/clock.ts';
import { type HttpAnswer, type HttpSender, NoAnswer } from '../../flows/http-port.ts';

/** Milliseconds for one attempt, and for all of them. */
const attemptDeadline = 10_000;
const deadline = 30_000;
const firstPause = 500;
const passingStatuses = [408, 429, 500, 502, 503, 504];

/** What a request needs beside itself. */
export interface Patient {
  readonly http: HttpSender;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Milliseconds, when less than the usual ones are left. */
  readonly longest?: number;
}

/** What to read. */
export interface Reading {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly onSent?: () => void;
}

/** The answer to a reading, asked for again while the failure is a passing one and time is left; throws NoAnswer. */
export async function patientFetch(
  reading: Reading,
  { http, clock, signal, longest = deadline }: Patient,
): Promise<HttpAnswer> {
  const until = clock.now() + Math.min(deadline, longest);
  for (let pause = firstPause; ; pause *= 2) {
    const left = until - clock.now();
    const answer = await http
      .send({ method: 'GET', ...reading, deadline: Math.max(1, Math.ceil(Math.min(attemptDeadline, left))) })
      .catch(error => errorIfPassing(error));
    const wait =
      answer instanceof NoAnswer ? pause : (parseRetryAfter(answer.headers['retry-after'], clock.now()) ?? pause);
    const isFinal = !(answer instanceof NoAnswer) && !passingStatuses.includes(answer.status);
    if (!isFinal && clock.now() + wait < until) {
      await clock.pause(wait, signal);
      continue;
    }
    if (answer instanceof NoAnswer) throw answer;
    return answer;
  }
}

/** A host that is not found, refuses or has a wrong certificate does so again. */
function errorIfPassing(error: unknown): NoAnswer {
  if (error instanceof NoAnswer && /^(?:none within|ECONNRESET|EPIPE|ETIMEDOUT|EAI_AGAIN)/.test(error.code))
    return error;
  throw error;
}
