import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import { portOf } from '../processes.ts';
import { answerJson, type CloudExchange, type NamedPart } from './exchange.ts';
import { type Behaviour, behave, Misbehaviour, type Target } from './misbehaviour.ts';
import { type CloudRequest, recordedPath } from './records.ts';

/** PEM texts of a server. */
export interface ServerCertificate {
  readonly cert: string;
  readonly key: string;
}

const nobody: NamedPart = { name: 'none', paths: /^/, serve: async () => false };

/** One HTTPS server for all services of the cloud, on as many addresses as are asked for. */
export class CloudServer {
  /** All that arrived, in order. */
  readonly requests: CloudRequest[] = [];
  readonly #parts: NamedPart[] = [];
  readonly #servers: Server[] = [];
  readonly #misbehaviour = new Misbehaviour();

  /** Adds a part; the first one that has the path and answers counts. */
  add(...parts: readonly NamedPart[]): void {
    this.#parts.push(...parts);
  }

  /** Opens one more address, all parts behind it, and gives it as URL without a slash at its end. */
  async listen(certificate: ServerCertificate, host = '127.0.0.1', port = 0): Promise<string> {
    const server = createServer({ ...certificate }, (request, response) => {
      void this.#serve(request, response).catch(() => request.socket.destroy());
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(port, host, resolve);
    });
    this.#servers.push(server);
    return `https://${host}:${portOf(server)}`;
  }

  /** Answers such requests otherwise, always or some times; gives what takes it back. */
  misbehave(target: Target, behaviour: Behaviour, times = Number.POSITIVE_INFINITY): () => void {
    return this.#misbehaviour.add(target, behaviour, times);
  }

  /** Breaks all connections. */
  async close(): Promise<void> {
    const closed = (server: Server) =>
      new Promise<void>(resolve => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    await Promise.all(this.#servers.map(closed));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', `https://${request.headers.host ?? '127.0.0.1'}`);
    const record = recordOf({ request, response, url });
    this.requests.push(record);
    const exchange = exchangeOf({ request, response, url }, noted => Object.assign(record, noted));
    for (const part of [...this.#parts.filter(({ paths }) => paths.test(url.pathname)), nobody]) {
      record.part = part.name;
      const behaviour = this.#misbehaviour.next(part.name, request.method ?? '', url.pathname + url.search);
      if (behaviour) return behave(exchange, behaviour);
      if (await part.serve(exchange)) return;
    }
    answerJson(exchange, 404, { error: { code: 'NotFound', message: `The emulated cloud has no ${url.pathname}.` } });
  }
}

type Wire = Pick<CloudExchange, 'request' | 'response' | 'url'>;

function exchangeOf(wire: Wire, note: CloudExchange['note']): CloudExchange {
  let text: Promise<string> | undefined;
  return { ...wire, note, body: () => (text ??= textOf(wire.request)) };
}

async function textOf(request: IncomingMessage): Promise<string> {
  request.setEncoding('utf8');
  let text = '';
  for await (const piece of request) text += piece;
  return text;
}

/** In the order of arrival; the status is there as soon as the caller can have it. */
function recordOf({ request, response, url }: Wire): CloudRequest & { part: string } {
  return {
    method: request.method ?? '',
    path: recordedPath(url),
    part: nobody.name,
    get status() {
      return response.headersSent ? response.statusCode : 0;
    },
  };
}
