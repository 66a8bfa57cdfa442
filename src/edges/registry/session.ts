import type { IncomingMessage } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import type { Secret } from '../../core/secret.ts';
import type { Credentials, RegistryAccess } from '../../flows/ports.ts';
import { isLoopback } from '../loopback.ts';
import { Authorization, type Challenge, exchangePlaceOf, parseChallenge } from './authorization.ts';
import { codeOf, RegistryError } from './failure.ts';
import { type Pause, sendUntilAnswered } from './retry.ts';
import { SignIn } from './sign-in.ts';
import { type Outgoing, Transport } from './transport.ts';

/** Which registry, as whom, and how patient. */
export interface RegistryOptions {
  readonly host: string;
  /** How to sign in, asked once when the registry first wants it; without it the registry is used without sign-in. */
  readonly access?: ((signal: AbortSignal) => Promise<RegistryAccess | undefined>) | undefined;
  /** Told every token that the registry gives. */
  readonly mask?: ((secret: Secret) => void) | undefined;
  /** Repository that gets images: its tokens are asked for with the right to push from the start. */
  readonly pushTo?: string | undefined;
  /** Milliseconds of silence after which a request counts as failed. */
  readonly silence?: number;
  readonly pause?: Pause;
}

/** One request of the registry protocol and the statuses that count as success. */
export interface Call {
  readonly method: Outgoing['method'];
  readonly repository: string;
  /** From `/v2/` on, or the address that the registry named for an upload. */
  readonly path: string;
  /** What it is for, as in `push to "orders"`. */
  readonly doing: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: NonNullable<Outgoing['body']>;
  readonly accepts: readonly number[];
  /** Another repository that is read from. */
  readonly alsoPull?: string;
  readonly signal: AbortSignal;
}

interface Door {
  readonly origin: string;
  readonly challenge: Challenge;
}

const attempts = 4;
/** Milliseconds for the first answer, which needs nothing to be read or written: a registry that is silent by then is not there. */
const doorSilence = 15_000;
/** Milliseconds that others may wait for the first request to leave. */
const departureTime = 250;
const redirects = [301, 302, 303, 307, 308];
// Docker Hub's images carry one host in their names and are served by another.
const servingHosts: Readonly<Record<string, string>> = { 'docker.io': 'registry-1.docker.io' };

/** Signed-in requests to one registry; what it answers otherwise becomes a RegistryError. */
export class RegistrySession implements Disposable {
  readonly host: string;
  readonly #options: RegistryOptions;
  readonly #transport: Transport;
  readonly #signIn: SignIn;
  readonly #authorization: Authorization;
  readonly #closed = new AbortController();
  readonly #departed = Promise.withResolvers<void>();
  #door: Promise<Door> | undefined;

  constructor(options: RegistryOptions) {
    this.host = options.host;
    this.#options = options;
    this.#transport = new Transport(options.silence ?? 60_000);
    this.#signIn = new SignIn({ ...options, transport: this.#transport });
    this.#authorization = new Authorization({ ...options, transport: this.#transport, signIn: this.#signIn });
  }

  /** Asks ahead of need how to sign in; settles when the question has left, has failed, or has had its time to leave. */
  async begin(): Promise<void> {
    // The next call asks again and reports what is wrong.
    const answered = this.#findDoor().then(
      () => undefined,
      () => undefined,
    );
    await Promise.race([answered, this.#departed.promise, pause(departureTime, undefined, { ref: false })]);
  }

  /** User and password that another program can sign in with; undefined without a sign-in. */
  async credentials(signal: AbortSignal): Promise<Credentials | undefined> {
    const { challenge } = await orAborted(this.#findDoor(), signal);
    return this.#signIn.credentials(exchangePlaceOf(challenge, this.host), signal);
  }

  /** The answer, whose body is to be read or resumed. */
  call(call: Call): Promise<IncomingMessage> {
    const signIn = this.#signIn;
    const attempt = {
      host: this.host,
      doing: call.doing,
      pushes: call.repository === this.#options.pushTo,
      // Who calls is known only after the sign-in.
      get caller() {
        return signIn.caller;
      },
    };
    return sendUntilAnswered(() => this.#signedIn(call), {
      attempt,
      accepts: call.accepts,
      attempts: isReplayable(call) ? attempts : 1,
      pause: this.#options.pause,
      signal: call.signal,
    });
  }

  [Symbol.dispose](): void {
    this.#closed.abort();
    this.#transport[Symbol.dispose]();
  }

  async #signedIn(call: Call): Promise<IncomingMessage> {
    const { origin, challenge } = await orAborted(this.#findDoor(), call.signal);
    const scopes = this.#scopesOf(call);
    const answer = await this.#send(call, { origin, challenge }, scopes);
    if (answer.statusCode !== 401 || challenge.kind !== 'bearer' || !isReplayable(call)) return answer;
    answer.resume();
    this.#authorization.forget(scopes);
    return this.#send(call, { origin, challenge }, scopes);
  }

  async #send(call: Call, { origin, challenge }: Door, scopes: readonly string[]): Promise<IncomingMessage> {
    const { method, signal, body, path } = call;
    const url = new URL(path, origin);
    const authorization =
      url.origin === origin ? await this.#authorization.header(challenge, scopes, signal) : undefined;
    const headers = { ...call.headers, ...(authorization === undefined ? {} : { authorization }) };
    return this.#follow({ method, url, headers, signal, ...(body === undefined ? {} : { body }) });
  }

  // What a redirect leads to is another server, often a public store, which must not see our token.
  async #follow(outgoing: Outgoing, left = 5): Promise<IncomingMessage> {
    const answer = await this.#transport.send(outgoing);
    const { location } = answer.headers;
    const reading = outgoing.method === 'GET' || outgoing.method === 'HEAD';
    if (!reading || left === 0 || location === undefined || !redirects.includes(answer.statusCode ?? 0)) return answer;
    answer.resume();
    const url = new URL(location, outgoing.url);
    const { authorization: _, ...others } = outgoing.headers;
    return this.#follow(
      { ...outgoing, url, headers: url.origin === outgoing.url.origin ? outgoing.headers : others },
      left - 1,
    );
  }

  #scopesOf({ repository, alsoPull, method }: Call): readonly string[] {
    // Many registries give the right to delete to few users: it is asked for only where it is needed.
    if (method === 'DELETE') return [`repository:${repository}:delete`];
    const writes = !['GET', 'HEAD'].includes(method) || repository === this.#options.pushTo;
    const actions = writes ? 'pull,push' : 'pull';
    const also = alsoPull === undefined || alsoPull === repository ? [] : [`repository:${alsoPull}:pull`];
    return [`repository:${repository}:${actions}`, ...also];
  }

  #findDoor(): Promise<Door> {
    this.#door ??= this.#knock().catch(error => {
      this.#door = undefined;
      throw isSilent(error) ? new RegistryError(error.message, false, undefined, { cause: error.cause }) : error;
    });
    return this.#door;
  }

  async #knock(): Promise<Door> {
    const host = servingHosts[this.host] ?? this.host;
    if (!isLoopback(host)) return this.#doorAt(`https://${host}`);
    try {
      return await this.#doorAt(`http://${host}`);
    } catch (error) {
      if (isSilent(error) || (error instanceof Error && codeOf(error.cause) === 'ECONNREFUSED')) throw error;
      // A local registry may speak TLS; when it does not either, the first failure is the one to show.
      return this.#doorAt(`https://${host}`).catch(() => Promise.reject(error));
    }
  }

  // Asked once: the call that needs the door does it again.
  async #doorAt(origin: string): Promise<Door> {
    const { signal } = this.#closed;
    const silence = Math.min(doorSilence, this.#options.silence ?? doorSilence);
    const answer = await sendUntilAnswered(
      () => {
        const question = { method: 'GET', url: new URL('/v2/', origin), headers: {} } as const;
        return this.#transport.send({ ...question, signal, silence, onSent: this.#departed.resolve });
      },
      {
        attempt: { host: this.host, caller: this.#signIn.caller, doing: 'say how to sign in' },
        accepts: [200, 401],
        attempts: 1,
        pause: this.#options.pause,
        signal,
      },
    );
    answer.resume();
    return {
      origin,
      challenge:
        answer.statusCode === 401 ? parseChallenge(answer.headers['www-authenticate'], this.host) : { kind: 'none' },
    };
  }
}

function isSilent(error: unknown): error is RegistryError {
  return error instanceof RegistryError && codeOf(error.cause) === 'ESILENT';
}

function isReplayable({ body }: Call): boolean {
  return body === undefined || body instanceof Uint8Array;
}

async function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const stop = () => aborted.reject(signal.reason);
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
