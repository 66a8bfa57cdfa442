import * as http from 'node:http';
import * as https from 'node:https';
import { Interrupted } from '../../errors.ts';
import { type HttpAnswer, type HttpRequest, type HttpSender, NoAnswer } from '../../flows/http-port.ts';
import { isLoopback } from '../loopback.ts';

/** Bytes of a body that are kept. */
const bodyLimit = 1024 * 1024;

/** Requests over connections that are kept and used again; a redirect is not followed. Dispose of it to close them. */
export class HttpClient implements HttpSender, Disposable {
  readonly #signal: AbortSignal;
  readonly #agents = new Map<string, http.Agent>();

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  async send(request: HttpRequest): Promise<HttpAnswer> {
    const began = performance.now();
    const signal = AbortSignal.any([this.#signal, AbortSignal.timeout(request.deadline)]);
    try {
      const answer = await this.#answerOf(request, signal);
      const body = await firstPart(answer);
      const headers = Object.entries(answer.headers).map(([name, value]) => [
        name,
        Array.isArray(value) ? value.join(', ') : (value ?? ''),
      ]);
      return {
        status: answer.statusCode ?? 0,
        headers: Object.fromEntries(headers),
        body,
        milliseconds: performance.now() - began,
      };
    } catch (cause) {
      if (this.#signal.aborted)
        throw new Interrupted('The run was interrupted while it waited for an answer.', { cause });
      throw new NoAnswer(signal.aborted ? `none within ${request.deadline} ms` : codeOf(cause), { cause });
    }
  }

  [Symbol.dispose](): void {
    for (const agent of this.#agents.values()) agent.destroy();
  }

  #answerOf({ method, url, headers, body, onSent }: HttpRequest, signal: AbortSignal): Promise<http.IncomingMessage> {
    const length =
      body === undefined && method === 'GET' ? {} : { 'content-length': String(Buffer.byteLength(body ?? '')) };
    const options = { method, headers: { ...headers, ...length }, agent: this.#agentFor(url), signal };
    return new Promise((resolve, reject) => {
      const request = url.protocol === 'https:' ? https.request(url, options) : http.request(url, options);
      request.once('response', resolve).on('error', reject);
      if (onSent) request.once('finish', onSent);
      request.end(body);
    });
  }

  #agentFor(url: URL): http.Agent {
    const direct = isLoopback(url.host);
    const key = `${url.protocol}${direct}`;
    const known = this.#agents.get(key);
    if (known) return known;
    const options = { keepAlive: true, ...(direct ? {} : { proxyEnv: process.env }) };
    const agent = url.protocol === 'https:' ? new https.Agent(options) : new http.Agent(options);
    this.#agents.set(key, agent);
    return agent;
  }
}

async function firstPart(answer: http.IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of answer) {
    const bytes = Buffer.from(piece);
    pieces.push(bytes.subarray(0, bodyLimit - size));
    size += bytes.length;
    if (size >= bodyLimit) break;
  }
  return Buffer.concat(pieces).toString('utf8');
}

/** Of several addresses that were tried, the first one's. */
function codeOf(cause: unknown): string {
  if (cause instanceof AggregateError) return codeOf(cause.errors[0]);
  if (!(cause instanceof Error)) return String(cause);
  return 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.message;
}
