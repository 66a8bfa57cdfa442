import type { Secret } from '../../core/secret.ts';
import { RemoteError, UserError } from '../../errors.ts';
import type { Clock } from '../../flows/clock.ts';
import { type HttpAnswer, type HttpSender, NoAnswer } from '../../flows/http-port.ts';
import type { StorageQueue } from '../../flows/queue-port.ts';
import { parseConnectionString, type QueueAccount } from './connection-string.ts';
import { parseErrorCode, parseMessages, renderMessage } from './message-xml.ts';
import { sharedKeyOf } from './signature.ts';

/** Version of the REST API: old enough for every cloud. */
const apiVersion = '2021-12-02';
/** Milliseconds for one request. */
const deadline = 20_000;
/** Attempts for a request that the service postponed or that never reached it. */
const attempts = 4;
/** Longest pause that a `Retry-After` may ask for, in seconds. */
const longestPause = 30;

/** What a queue needs of this machine. */
export interface QueueSurroundings {
  readonly http: HttpSender;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** The queue behind a connection string, over the REST API of the storage service; sends nothing yet. */
export function openStorageQueue(connection: Secret, name: string, surroundings: QueueSurroundings): StorageQueue {
  return new RestQueue(parseConnectionString(connection), name, surroundings);
}

interface QueueCall {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly doing: string;
}

class RestQueue implements StorageQueue {
  readonly name: string;
  readonly #account: QueueAccount;
  readonly #surroundings: QueueSurroundings;

  constructor(account: QueueAccount, name: string, surroundings: QueueSurroundings) {
    this.name = name;
    this.#account = account;
    this.#surroundings = surroundings;
  }

  get account(): string {
    return this.#account.account;
  }

  async put(text: string): Promise<void> {
    const answer = await this.#send({
      method: 'POST',
      path: '/messages',
      body: renderMessage(text),
      doing: 'put a message into',
    });
    if (answer.status !== 201) throw this.#errorOf(answer, 'put a message into');
  }

  async count(): Promise<number> {
    const answer = await this.#send({ method: 'GET', query: { comp: 'metadata' }, doing: 'count the messages of' });
    if (answer.status !== 200) throw this.#errorOf(answer, 'count the messages of');
    return Number(answer.headers['x-ms-approximate-messages-count'] ?? 0);
  }

  async peek(): Promise<readonly string[]> {
    const query = { peekonly: 'true', numofmessages: '32' };
    const answer = await this.#send({ method: 'GET', path: '/messages', query, doing: 'look into' });
    if (answer.status !== 200) throw this.#errorOf(answer, 'look into');
    return parseMessages(answer.body);
  }

  async remove(): Promise<boolean> {
    const answer = await this.#send({ method: 'DELETE', doing: 'delete' });
    if (answer.status === 404) return false;
    if (answer.status !== 204) throw this.#errorOf(answer, 'delete');
    return true;
  }

  async #send(call: QueueCall): Promise<HttpAnswer> {
    const { clock, signal } = this.#surroundings;
    for (let attempt = 1; ; attempt += 1) {
      const answer = await this.#try(call, attempt);
      if (answer && !(isPostponed(answer) && attempt < attempts)) return answer;
      await clock.pause(answer ? retryAfterOf(answer) * 1000 : 100 * 2 ** attempt, signal);
    }
  }

  async #try(call: QueueCall, attempt: number): Promise<HttpAnswer | undefined> {
    try {
      return await this.#surroundings.http.send(this.#requestOf(call));
    } catch (cause) {
      if (!(cause instanceof NoAnswer)) throw cause;
      // Only what cannot have reached the service is sent again: a message must not be put twice.
      if (attempt < attempts && /^(ECONNREFUSED|EAI_AGAIN)$/.test(cause.code)) return undefined;
      throw new UserError(
        `The queue service "${this.#account.endpoint.origin}" cannot be reached to ${call.doing} the queue "${this.name}" (${cause.code}). Check the address in the connection string, and that this machine may reach it.`,
        { cause },
      );
    }
  }

  #requestOf({ method, path = '', query = {}, body }: QueueCall) {
    const { endpoint, access } = this.#account;
    const url = new URL(endpoint);
    url.pathname = `${endpoint.pathname === '/' ? '' : endpoint.pathname}/${this.name}${path}`;
    for (const [key, value] of Object.entries(query)) url.searchParams.set(key, value);
    const headers = {
      'x-ms-version': apiVersion,
      'x-ms-date': this.#surroundings.clock.date().toUTCString(),
      ...(body === undefined ? {} : { 'content-type': 'application/xml' }),
    };
    const request = { method, url, headers, body, deadline };
    if (access.kind === 'key') {
      const authorization = sharedKeyOf(
        { method, url, headers, length: Buffer.byteLength(body ?? '') },
        access.account,
        access.key,
      );
      return { ...request, headers: { ...headers, authorization } };
    }
    url.search = [url.search.slice(1), access.query.reveal()].filter(Boolean).join('&');
    return request;
  }

  #errorOf({ status, headers, body }: HttpAnswer, doing: string): RemoteError {
    const code = headers['x-ms-error-code'] ?? parseErrorCode(body) ?? `HTTP ${status}`;
    const row = rows.find(one => one.statuses.includes(status));
    const queue = { name: this.name, account: this.account };
    return new RemoteError(
      row?.message(queue, code) ??
        `The storage account "${this.account}" did not ${doing} the queue "${this.name}": ${code}. Check the name of the queue and the state of the account.`,
      status,
    );
  }
}

interface Row {
  readonly statuses: readonly number[];
  readonly message: (queue: { readonly name: string; readonly account: string }, code: string) => string;
}

const rows: readonly Row[] = [
  {
    statuses: [404],
    message: ({ name, account }) =>
      `Queue "${name}" does not exist in the storage account "${account}". Create it, or correct the name in the code or its setting.`,
  },
  {
    statuses: [401, 403],
    message: ({ name, account }, code) =>
      `The storage account "${account}" refused the connection for the queue "${name}" (${code}). Check the key or signature in the connection string, its rights and time, and the firewall of the account.`,
  },
];

function isPostponed({ status }: HttpAnswer): boolean {
  return status === 429 || status === 503;
}

function retryAfterOf({ headers }: HttpAnswer): number {
  const seconds = Number(headers['retry-after'] ?? 1);
  return Number.isFinite(seconds) ? Math.min(seconds, longestPause) : 1;
}
