import * as http from 'node:http';
import * as https from 'node:https';
import { Interrupted } from '../../errors.ts';
import { type HttpAnswer, type HttpRequest, type HttpSender, NoAnswer } from '../../flows/http-port.ts';
import { Agents } from '../agents.ts';

/** Bytes of a body that are kept. */
const bodyLimit = 1024 * 1024;

/** Requests over connections that are kept and used again; a redirect is not followed. Dispose of it to close them. */
export class HttpClient implements HttpSender, Disposable {
  readonly #signal: AbortSignal;
  readonly #agents = new Agents();

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
    this.#agents[Symbol.dispose]();
  }

  #answerOf({ method, url, headers, body, onSent }: HttpRequest, signal: AbortSignal): Promise<http.IncomingMessage> {
    const length =
      body === undefined && method === 'GET' ? {} : { 'content-length': String(Buffer.byteLength(body ?? '')) };
    const scheme = url.protocol === 'https:' ? https : http;
    const options = { method, headers: { ...headers, ...length }, agent: this.#agents.of(url, scheme), signal };
    return new Promise((resolve, reject) => {
      const request = scheme.request(url, options);
      request.once('response', resolve).on('error', reject);
      if (onSent) request.once('finish', onSent);
      request.end(body);
    });
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
