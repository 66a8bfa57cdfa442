import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { portOf } from './processes.ts';
import { passOn } from './registry-pass.ts';
import { type BlobPlaces, blobPlaces, type RegistryTarget, targetOf } from './registry-target.ts';
import type { RegistryUsers } from './registry-users.ts';

export interface RegistryRequest {
  readonly method: string;
  /** Path with query. */
  readonly path: string;
  readonly status: number;
}

/** An answer given instead of the registry's, in the form of the distribution API. */
export interface RegistryRefusal {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export type RegistryHook = (request: { readonly method: string; readonly path: string }) => RegistryRefusal | undefined;

export interface RegistryFront {
  readonly host: string;
  readonly open: string;
  readonly requests: readonly RegistryRequest[];
  answerInstead(hook: RegistryHook | undefined): void;
  close(): Promise<void>;
}

/** Serves the registry at `store` twice: with sign-in, and open. Blobs are seen only in the repositories they were put into. */
export async function serveFront(store: string, users: RegistryUsers): Promise<RegistryFront> {
  const behind = { store, places: blobPlaces() };
  const requests: RegistryRequest[] = [];
  let hook: RegistryHook | undefined;
  const guarded = await listening(async (request, response) => {
    response.once('close', () => requests.push(recordOf(request, response)));
    const refusal = hook?.({ method: request.method ?? '', path: request.url ?? '' });
    if (refusal) return refuse(response, refusal);
    if (request.url?.startsWith('/token')) return giveToken(users, request, response);
    const denial = denialOf(users, request);
    return denial ? refuse(response, denial) : forward(behind, request, response);
  });
  const open = await listening((request, response) => forward(behind, request, response));
  return {
    host: `127.0.0.1:${portOf(guarded)}`,
    open: `127.0.0.1:${portOf(open)}`,
    requests,
    answerInstead(next) {
      hook = next;
    },
    async close() {
      await Promise.all([guarded, open].map(closed));
    },
  };
}

type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void> | void;

async function listening(handler: Handler): Promise<Server> {
  const server = createServer((request, response) => {
    void (async () => handler(request, response))().catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  return server;
}

function closed(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise(resolve => server.close(() => resolve()));
}

function recordOf(request: IncomingMessage, response: ServerResponse): RegistryRequest {
  return { method: request.method ?? '', path: request.url ?? '', status: response.statusCode };
}

function refuse(response: ServerResponse, { status, code, message, headers }: RegistryRefusal): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify({ errors: [{ code, message }] }));
}

/** By GET with Basic, as most clients ask, or by POST with the password grant, as containerd and Docker do. */
async function giveToken(users: RegistryUsers, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const form = request.method === 'POST' ? new URLSearchParams(await textOf(request)) : urlOf(request).searchParams;
  const [username, password] = basicOf(request) ?? [form.get('username') ?? '', form.get('password') ?? ''];
  const scopes = form.getAll('scope').flatMap(scope => scope.split(' '));
  const token = users.tokenFor(username, password, scopes);
  if (!token) return refuse(response, { status: 401, code: 'UNAUTHORIZED', message: 'authentication required' });
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ token, access_token: token, expires_in: 300 }));
}

function basicOf(request: IncomingMessage): readonly [string, string] | undefined {
  const encoded = /^Basic (.+)$/i.exec(request.headers.authorization ?? '')?.[1];
  if (!encoded) return undefined;
  const text = Buffer.from(encoded, 'base64').toString();
  const colon = text.indexOf(':');
  return [text.slice(0, colon), text.slice(colon + 1)];
}

async function textOf(request: IncomingMessage): Promise<string> {
  request.setEncoding('utf8');
  let text = '';
  for await (const piece of request) text += piece;
  return text;
}

function urlOf(request: IncomingMessage): URL {
  return new URL(request.url ?? '/', 'http://registry');
}

/** The challenge for a request without a token that allows it; undefined when it may pass. */
function denialOf(users: RegistryUsers, request: IncomingMessage): RegistryRefusal | undefined {
  const token = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1] ?? '';
  const target = targetOf(request.method ?? '', urlOf(request));
  if (!target) return users.knows(token) ? undefined : challenge(request, undefined, false);
  const verdict = users.check(token, target.repository, target.action);
  if (verdict !== 'allowed') return challenge(request, target, verdict === 'refused');
  // Who may not read the source of a mount is told so, or blobs would leak from one repository to another.
  const source = target.mount?.from;
  const readable = source === undefined || users.check(token, source, 'pull') === 'allowed';
  return readable ? undefined : challenge(request, target, true);
}

function challenge(
  request: IncomingMessage,
  target: RegistryTarget | undefined,
  insufficient: boolean,
): RegistryRefusal {
  const { host } = request.headers;
  const actions = target?.action === 'push' ? 'pull,push' : target?.action;
  const parts = [
    `realm="http://${host}/token"`,
    `service="${host}"`,
    ...(target ? [`scope="repository:${target.repository}:${actions}"`] : []),
    ...(insufficient ? ['error="insufficient_scope"'] : []),
  ];
  const headers = { 'www-authenticate': `Bearer ${parts.join(',')}` };
  return { status: 401, code: 'UNAUTHORIZED', message: 'authentication required', headers };
}

/** The store, and in which repositories its blobs are. */
interface Behind {
  readonly store: string;
  readonly places: BlobPlaces;
}

/** Passes a request on to the registry, and its answer back, as streams. */
async function forward({ store, places }: Behind, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const target = targetOf(request.method ?? '', urlOf(request));
  if (target && places.lacks(target))
    return refuse(response, { status: 404, code: 'BLOB_UNKNOWN', message: 'blob unknown to registry' });
  if (target && places.mounts(target)) return mounted(response, target);
  await passOn(store, request, response, answer => {
    if (target) places.learn(target, answer.statusCode ?? 0);
  });
}

function mounted(response: ServerResponse, { repository, mount }: RegistryTarget): void {
  const digest = mount?.digest ?? '';
  response.writeHead(201, { location: `/v2/${repository}/blobs/${digest}`, 'docker-content-digest': digest });
  response.end();
}
