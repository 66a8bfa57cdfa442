import type { IncomingMessage, ServerResponse } from 'node:http';
import { createSecureServer, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { Api, type ApiAccess } from '../../test/lab/api.ts';
import { portOf } from '../../test/lab/processes.ts';

/** Certificate and key of the proxy itself, for 127.0.0.1. */
export interface ProxyTls {
  readonly cert: string;
  readonly key: string;
}

/** Stands before an API server, by HTTP/2 as well as HTTP/1.1, and counts who comes with what. */
export class RecordingProxy implements AsyncDisposable {
  /** TLS connections that were opened. */
  connections = 0;
  /** `METHOD resource` of each request, oldest first. */
  readonly requests: string[] = [];
  readonly #api: Api;
  readonly #server: ReturnType<typeof createSecureServer>;

  /** Passes on to the server of `access`, with its credentials. */
  static async start(access: ApiAccess, tls: ProxyTls): Promise<RecordingProxy> {
    const proxy = new RecordingProxy(access, tls);
    await new Promise<void>(resolve => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  private constructor(access: ApiAccess, tls: ProxyTls) {
    this.#api = new Api(access);
    this.#server = createSecureServer({ ...tls, allowHTTP1: true }, (request, response) => {
      this.#pass(request, response).catch(() => response.stream.destroy());
    });
    this.#server.on('secureConnection', () => {
      this.connections += 1;
    });
  }

  get origin(): string {
    return `https://127.0.0.1:${portOf(this.#server)}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#api.close();
    await new Promise(resolve => this.#server.close(resolve));
  }

  async #pass(request: Incoming, response: Outgoing): Promise<void> {
    const { method = 'GET', url = '/' } = request;
    this.requests.push(`${method} ${resourceOf(url)}`);
    const body = method === 'GET' ? undefined : await text(request);
    const contentType = request.headers['content-type'];
    const answer = await this.#api.open({
      ...{ method, path: url, signal: AbortSignal.timeout(60_000) },
      ...(body ? { body, ...(contentType ? { contentType } : {}) } : {}),
    });
    response.statusCode = answer.statusCode ?? 502;
    response.setHeader('content-type', answer.headers['content-type'] ?? 'application/json');
    await pipeline(answer, response);
  }
}

type Incoming = Http2ServerRequest | IncomingMessage;
type Outgoing = Http2ServerResponse | ServerResponse;

/** The kind of resource that a path is about: its plural, or the path itself outside of any group. */
function resourceOf(path: string): string {
  const { pathname } = new URL(path, 'https://cluster');
  const rest = /^\/(?:api\/v1|apis\/[^/]+\/[^/]+)\/(.+)$/.exec(pathname)?.[1];
  if (rest === undefined) return pathname;
  const [first = '', , resource] = rest.split('/');
  return first === 'namespaces' && resource !== undefined ? resource : first;
}
