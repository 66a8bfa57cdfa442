import * as http from 'node:http';
import { Agents } from '../agents.ts';

/** One request; a body that streams can be sent once only. */
export interface Outgoing {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | AsyncIterable<Uint8Array>;
  readonly signal: AbortSignal;
  /** Milliseconds of silence for this request alone. */
  readonly silence?: number;
  /** Called when all of it, the body too, was handed to the network. */
  readonly onSent?: () => void;
}

/** Requests over connections that are kept and used again. */
export class Transport implements Disposable {
  readonly #agents = new Agents();
  readonly #silence: number;

  /** `silence`: milliseconds without a byte either way after which a request fails with code `ESILENT`. */
  constructor(silence: number) {
    this.#silence = silence;
  }

  /** The answer, its body not yet read. Rejects with the socket's error, or the signal's reason. */
  async send(outgoing: Outgoing): Promise<http.IncomingMessage> {
    outgoing.signal.throwIfAborted();
    const { url, method, headers, body, signal, silence = this.#silence } = outgoing;
    const scheme = url.protocol === 'https:' ? await import('node:https') : http;
    const length = body instanceof Uint8Array ? { 'content-length': String(body.length) } : {};
    const options = {
      method,
      headers: { ...headers, ...length },
      agent: this.#agents.of(url, scheme),
      timeout: silence,
      signal,
    };
    const request = scheme.request(url, options);
    request.once('timeout', () => request.destroy(silent()));
    if (outgoing.onSent) request.once('finish', outgoing.onSent);
    const answer = answerOf(request, signal);
    if (body === undefined || body instanceof Uint8Array) request.end(body);
    else sendPieces(request, body).catch(error => request.destroy(error));
    return answer;
  }

  [Symbol.dispose](): void {
    this.#agents[Symbol.dispose]();
  }
}

function answerOf(request: http.ClientRequest, signal: AbortSignal): Promise<http.IncomingMessage> {
  return new Promise((resolve, reject) => {
    request.once('response', resolve);
    request.on('error', error => reject(signal.aborted ? signal.reason : error));
  });
}

async function sendPieces(request: http.ClientRequest, body: AsyncIterable<Uint8Array>): Promise<void> {
  let over = false;
  let wake = () => {};
  const finish = () => {
    over = true;
    wake();
  };
  request
    .on('drain', () => wake())
    .once('response', finish)
    .once('close', finish);
  for await (const piece of body) {
    const roomLeft = request.write(piece);
    const room = new Promise<void>(resolve => {
      wake = resolve;
    });
    if (!roomLeft && !over) await room;
    // A registry may answer before it has read everything (disk full); the rest is then of no use.
    if (over) break;
  }
  request.end();
}

function silent(): Error {
  return Object.assign(new Error('no byte was received in time'), { code: 'ESILENT' });
}

/** Text of a small body; rejects when it is larger than `limit` bytes. */
export async function readBody(answer: AsyncIterable<Uint8Array>, limit = 4 * 1024 * 1024): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of answer) {
    size += piece.length;
    if (size > limit) throw new Error(`the answer is larger than ${limit} bytes`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}
