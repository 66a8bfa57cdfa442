import { createHash, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

export interface RegistryServerOptions {
  /** How callers sign in; `bearer` also checks scopes. */
  readonly signIn?: 'none' | 'basic' | 'bearer';
  readonly users?: Readonly<Record<string, string>>;
  /** Repositories that signed-in users may only read. */
  readonly readOnly?: readonly string[];
  /** Keep sizes instead of bytes of blobs, for large uploads. */
  readonly forgetful?: boolean;
  /** Seconds that tokens live. */
  readonly tokenLife?: number;
  /** Answers a request in another way; `true` when it did. */
  readonly intercept?: (request: IncomingMessage, response: ServerResponse, count: number) => boolean;
}

interface Blob {
  readonly content: Buffer;
  readonly size: number;
}

/** What a test may know of a request. */
export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly authorization: string | undefined;
}

/** A registry of the OCI protocol in memory, on a free loopback port. */
export class RegistryServer implements AsyncDisposable {
  readonly seen: SeenRequest[] = [];
  readonly blobs = new Map<string, Blob>();
  readonly manifests = new Map<string, { readonly type: string; readonly content: Buffer }>();
  readonly #options: RegistryServerOptions;
  readonly #server: Server;
  readonly #uploads = new Map<string, { hash: ReturnType<typeof createHash>; pieces: Buffer[]; size: number }>();
  readonly #tokens = new Map<string, readonly string[]>();

  private constructor(options: RegistryServerOptions) {
    this.#options = options;
    this.#server = createServer((request, response) => {
      this.#handle(request, response).catch(() => response.destroy());
    });
  }

  static async start(options: RegistryServerOptions = {}): Promise<RegistryServer> {
    const registry = new RegistryServer(options);
    await new Promise<void>(resolve => registry.#server.listen(0, '127.0.0.1', resolve));
    return registry;
  }

  get host(): string {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('the registry does not listen');
    return `127.0.0.1:${address.port}`;
  }

  /** Puts a blob into a repository and says its digest. */
  addBlob(repository: string, content: string | Buffer): { readonly digest: string; readonly size: number } {
    const bytes = Buffer.from(content);
    const digest = digestOf(bytes);
    this.blobs.set(`${repository}@${digest}`, { content: bytes, size: bytes.length });
    return { digest, size: bytes.length };
  }

  /** Puts a manifest under a tag and its digest, and says the digest. */
  addManifest(repository: string, tag: string, type: string, value: unknown): string {
    const content = Buffer.from(JSON.stringify(value));
    const digest = digestOf(content);
    for (const name of [tag, digest]) this.manifests.set(`${repository}@${name}`, { type, content });
    return digest;
  }

  /** Requests as `METHOD path`, without queries and upload ids. */
  get calls(): readonly string[] {
    return this.seen.map(
      ({ method, path }) => `${method} ${path.replace(/\?.*/, '').replace(/uploads\/.+/, 'uploads/…')}`,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise(resolve => this.#server.close(resolve));
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<unknown> {
    const { method = '', url = '' } = request;
    this.seen.push({ method, path: url, authorization: request.headers.authorization });
    if (this.#options.intercept?.(request, response, this.seen.length)) return;
    const address = new URL(url, 'http://registry');
    if (address.pathname === '/token') return this.#giveToken(request, response, address);
    const match = /^\/v2\/(?:(.+?)\/(manifests|blobs)\/(.+))?$/.exec(address.pathname);
    if (!match) return answer(response, 404, 'NOT_FOUND');
    const [, repository = '', kind, name = ''] = match;
    const reading = method === 'GET' || method === 'HEAD';
    if (!this.#maySee(request, repository, reading ? 'pull' : 'push')) return this.#challenge(response);
    if (kind === undefined) return answer(response, 200);
    if (kind === 'manifests') return this.#manifest(request, response, `${repository}@${name}`);
    if (name.startsWith('uploads/')) return this.#upload(request, response, repository, address);
    return this.#blob(request, response, `${repository}@${name}`);
  }

  #maySee(request: IncomingMessage, repository: string, action: string): boolean {
    const { signIn = 'none' } = this.#options;
    if (signIn === 'none') return true;
    const { authorization = '' } = request.headers;
    if (signIn === 'basic') return this.#userOf(authorization) !== undefined;
    const granted = this.#tokens.get(authorization.replace('Bearer ', ''));
    return granted?.some(scope => new RegExp(`^repository:${repository}:.*${action}`).test(scope)) ?? false;
  }

  #userOf(authorization: string): string | undefined {
    const [user = '', password] = Buffer.from(authorization.replace('Basic ', ''), 'base64').toString().split(/:(.*)/s);
    return password !== undefined && this.#options.users?.[user] === password ? user : undefined;
  }

  #challenge(response: ServerResponse): void {
    const bearer = `Bearer realm="http://${this.host}/token",service="test",error="invalid_token"`;
    response.setHeader('www-authenticate', this.#options.signIn === 'basic' ? 'Basic realm="test"' : bearer);
    answer(response, 401, 'UNAUTHORIZED');
  }

  #giveToken(request: IncomingMessage, response: ServerResponse, address: URL): unknown {
    const { authorization } = request.headers;
    if (authorization !== undefined && this.#userOf(authorization) === undefined)
      return answer(response, 401, 'UNAUTHORIZED');
    const scopes = address.searchParams
      .getAll('scope')
      .map(scope => (authorization === undefined ? scope.replace(/:pull,push$/, ':pull') : scope));
    const { readOnly = [], tokenLife = 300 } = this.#options;
    const granted = scopes.map(scope =>
      readOnly.some(name => scope.startsWith(`repository:${name}:`)) ? scope.replace(',push', '') : scope,
    );
    const token = randomUUID();
    this.#tokens.set(token, granted);
    return response.end(JSON.stringify({ token, expires_in: tokenLife }));
  }

  async #manifest(request: IncomingMessage, response: ServerResponse, key: string): Promise<unknown> {
    const [repository = '', name = ''] = key.split('@');
    if (request.method === 'PUT') {
      const content = await bodyOf(request);
      const digest = digestOf(content);
      const stored = { type: request.headers['content-type'] ?? '', content };
      for (const reference of [name, digest]) this.manifests.set(`${repository}@${reference}`, stored);
      response.setHeader('docker-content-digest', digest);
      return answer(response, 201);
    }
    const stored = this.manifests.get(key);
    if (!stored) return answer(response, 404, 'MANIFEST_UNKNOWN');
    response.setHeader('content-type', stored.type);
    response.setHeader('docker-content-digest', digestOf(stored.content));
    response.setHeader('content-length', stored.content.length);
    return response.end(request.method === 'HEAD' ? undefined : stored.content);
  }

  #blob(request: IncomingMessage, response: ServerResponse, key: string): unknown {
    const blob = this.blobs.get(key);
    if (!blob) return answer(response, 404, 'BLOB_UNKNOWN');
    response.setHeader('content-length', blob.content.length);
    return response.end(request.method === 'HEAD' ? undefined : blob.content);
  }

  async #upload(
    request: IncomingMessage,
    response: ServerResponse,
    repository: string,
    address: URL,
  ): Promise<unknown> {
    if (request.method === 'POST') return this.#startUpload(response, repository, address);
    const id = address.pathname.split('/').at(-1) ?? '';
    const upload = this.#uploads.get(id);
    if (!upload) return answer(response, 404, 'BLOB_UPLOAD_UNKNOWN');
    for await (const piece of request) {
      upload.hash.update(piece);
      upload.size += piece.length;
      if (!this.#options.forgetful) upload.pieces.push(piece);
    }
    if (request.method === 'PATCH') {
      response.setHeader('range', `0-${Math.max(0, upload.size - 1)}`);
      return this.#accept(response, address.pathname);
    }
    this.#uploads.delete(id);
    const digest = `sha256:${upload.hash.digest('hex')}`;
    if (address.searchParams.get('digest') !== digest) return answer(response, 400, 'DIGEST_INVALID');
    this.blobs.set(`${repository}@${digest}`, { content: Buffer.concat(upload.pieces), size: upload.size });
    return answer(response, 201);
  }

  #startUpload(response: ServerResponse, repository: string, address: URL): unknown {
    const mount = address.searchParams.get('mount');
    const source = this.blobs.get(`${address.searchParams.get('from')}@${mount}`);
    if (mount !== null && source) {
      this.blobs.set(`${repository}@${mount}`, source);
      return answer(response, 201);
    }
    const id = randomUUID();
    this.#uploads.set(id, { hash: createHash('sha256'), pieces: [], size: 0 });
    return this.#accept(response, `/v2/${repository}/blobs/uploads/${id}`);
  }

  #accept(response: ServerResponse, path: string): void {
    response.setHeader('location', `${path}?state=a%2Bb`);
    answer(response, 202);
  }
}

/** Ends a response with a status and an error body of the OCI kind. */
export function answer(response: ServerResponse, status: number, code?: string, message = ''): void {
  response.statusCode = status;
  response.end(code === undefined ? undefined : JSON.stringify({ errors: [{ code, message }] }));
}

function digestOf(content: Buffer): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`;
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece);
  return Buffer.concat(pieces);
}
