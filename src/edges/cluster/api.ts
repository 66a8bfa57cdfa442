import { setTimeout as pause } from 'node:timers/promises';
import { Interrupted, RemoteError, UserError } from '../../errors.ts';
import type { Connection } from './connection.ts';
import { ServerClock } from './server-clock.ts';

/** Longest time for one request, in milliseconds. */
const requestDeadline = 30_000;
/** Attempts for a request that the server postponed or whose connection failed. */
const attempts = 4;
/** Longest pause that a `Retry-After` may ask for, in seconds. */
const longestPause = 30;

const usualAdvice = "Check the kubeconfig's address and certificate, and that this machine may reach it.";

/** One request to the API server. */
export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Milliseconds for this request alone; when they are over the answer is one of status 504. */
  readonly patience?: number;
  /** The answer comes from an app, whose statuses are its own and whose requests may act each time they arrive. */
  readonly passedOn?: true;
}

/** Answer of the API server, of any status. */
export interface ApiAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** Sends requests over one connection, with deadline, retries and interruption. */
export class Api {
  readonly #connection: Connection;
  readonly #signal: AbortSignal;
  readonly #clock: ServerClock;

  constructor(connection: Connection, signal: AbortSignal, clock = new ServerClock()) {
    this.#connection = connection;
    this.#signal = signal;
    this.#clock = clock;
  }

  /** The same connection, whose requests end with this signal instead. */
  endingAt(signal: AbortSignal): Api {
    return new Api(this.#connection, signal, this.#clock);
  }

  /** Time of the server as its answers tell it; this machine's before the first. */
  date(): Date {
    return this.#clock.date();
  }

  get server(): string {
    return this.#connection.server;
  }

  /** The answer of any status; throws UserError when the server cannot be reached. */
  async send(request: ApiRequest): Promise<ApiAnswer> {
    for (let attempt = 1; ; attempt += 1) {
      const answer = await this.#try(request, attempt);
      const refused = request.passedOn ? undefined : this.#connection.advice?.refused;
      if (answer?.status === 401 && refused) throw new RemoteError(refused, 401);
      if (answer && !(isPostponed(request, answer) && attempt < attempts)) return answer;
      await this.#wait(answer ? retryAfterOf(answer) : 0.2 * 2 ** attempt);
    }
  }

  async #try(request: ApiRequest, attempt: number): Promise<ApiAnswer | undefined> {
    try {
      return await this.#sendOnce(request);
    } catch (cause) {
      if (this.#signal.aborted) throw interruptionOf(this.#signal, cause);
      if (cause instanceof UserError) throw cause;
      if (request.patience !== undefined && isTimeout(cause)) return { status: 504, headers: {}, body: '' };
      if (attempt < attempts && mayRepeat(request, cause)) return undefined;
      const { unreachable = usualAdvice } = this.#connection.advice ?? {};
      throw new UserError(`The API server "${this.server}" cannot be reached (${reasonOf(cause)}). ${unreachable}`, {
        cause,
      });
    }
  }

  async #sendOnce({ method, path, query, body, contentType, headers, patience }: ApiRequest): Promise<ApiAnswer> {
    const { request, dispatcher } = this.#connection;
    const url = new URL(this.server + path);
    for (const [name, value] of Object.entries(query ?? {})) url.searchParams.set(name, value);
    const authorization = await this.#connection.headers(this.#signal);
    const answer = await request(url.href, {
      dispatcher,
      method,
      body: body ?? null,
      headers: {
        accept: 'application/json',
        ...(body === undefined ? {} : { 'content-type': contentType ?? 'application/json' }),
        ...headers,
        ...authorization,
      },
      signal: AbortSignal.any([this.#signal, AbortSignal.timeout(patience ?? requestDeadline)]),
    });
    this.#clock.learn(answer.headers.date);
    return { status: answer.statusCode, headers: answer.headers, body: await answer.body.text() };
  }

  async #wait(seconds: number): Promise<void> {
    await pause(seconds * 1000, undefined, { signal: this.#signal }).catch(cause => {
      throw interruptionOf(this.#signal, cause);
    });
  }
}

/** What the signal says, which knows why the run ends; another reason is that the time for last words is over. */
function interruptionOf({ reason }: AbortSignal, cause: unknown): UserError {
  return reason instanceof UserError
    ? reason
    : new Interrupted('The API server did not answer before the run had to end.', { cause });
}

function isTimeout(cause: unknown): boolean {
  return cause instanceof Error && cause.name === 'TimeoutError';
}

function isPostponed({ passedOn }: ApiRequest, { status }: ApiAnswer): boolean {
  return !passedOn && (status === 429 || status === 503);
}

function retryAfterOf({ headers }: ApiAnswer): number {
  const seconds = Number(headers['retry-after'] ?? 1);
  return Number.isFinite(seconds) ? Math.min(seconds, longestPause) : 1;
}

/** What cannot have reached the server is sent again, and what may arrive twice after any failure that passes. */
function mayRepeat({ method, passedOn }: ApiRequest, cause: unknown): boolean {
  const repeatable = passedOn ? method === 'GET' : method !== 'POST';
  return isUnsent(cause) || (repeatable && (isTimeout(cause) || isBroken(cause)));
}

function isUnsent(cause: unknown): boolean {
  return unsent.includes(reasonOf(cause));
}

/** A kept connection that the server, or something on the way, has closed; HTTP/2 says it in many words. */
function isBroken(cause: unknown): boolean {
  const reason = reasonOf(cause);
  return broken.includes(reason) || reason.startsWith('ERR_HTTP2_');
}

const unsent = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'UND_ERR_CONNECT_TIMEOUT'];
const broken = ['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'UND_ERR_SOCKET', 'UND_ERR_INFO', 'UND_ERR_HEADERS_TIMEOUT'];

function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  if (isTimeout(cause)) return `no answer within ${requestDeadline / 1000} s`;
  return 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.message;
}
