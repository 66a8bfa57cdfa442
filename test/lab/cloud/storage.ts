import { type IncomingMessage, request as send } from 'node:http';
import { pipeline } from 'node:stream/promises';
import {
  AccountSASPermissions,
  AccountSASResourceTypes,
  AccountSASServices,
  generateAccountSASQueryParameters,
  StorageSharedKeyCredential,
} from '@azure/storage-queue';
import { bearerOf, type CloudContext, type CloudExchange, type NamedPart } from './exchange.ts';
import { isAllowed } from './roles.ts';
import type { StorageAccount } from './state.ts';

/** The service that keeps the messages: it knows the account by its key alone. */
export interface QueueBackend {
  /** Address with the account at its end. */
  readonly endpoint: string;
  readonly account: string;
  readonly key: string;
}

interface Wanted {
  readonly account: string;
  /** Path after the account. */
  readonly path: string;
}

const audiences = (account: string) => ['https://storage.azure.com', `https://${account}.queue.core.windows.net`];

/**
 * Queues for whoever has a token and a role: as `https://ACCOUNT.queue.core.windows.net/` behind the proxy, and as
 * `{address}/ACCOUNT/`. What may pass goes on to `backend`, so that tokens and connection strings see the same messages.
 */
export function queueService(context: CloudContext, backend: QueueBackend): NamedPart {
  return {
    name: 'storage',
    paths: /^/,
    async serve(exchange) {
      const wanted = wantedIn(exchange.url, backend.account);
      const account = context.state.storageAccounts.find(({ name }) => name === wanted?.account);
      if (!wanted || !account) return false;
      const refusal = await refusalOf(exchange, context, account, wanted.path);
      if (refusal) return refuse(exchange, refusal);
      await forward(exchange, backend, wanted.path);
      return true;
    },
  };
}

function wantedIn({ hostname, pathname }: URL, account: string): Wanted | undefined {
  const [name, ...rest] = hostname.split('.');
  if (name && rest.join('.').startsWith('queue.core.')) return { account: name, path: pathname };
  const [, first, ...path] = pathname.split('/');
  return first === account ? { account, path: `/${path.join('/')}` } : undefined;
}

interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly message: string;
}

async function refusalOf(
  exchange: CloudExchange,
  { tokens, state }: CloudContext,
  account: StorageAccount,
  path: string,
): Promise<Refusal | undefined> {
  const token = bearerOf(exchange);
  if (!token) return unauthenticated('NoAuthenticationInformation', 'authentication information is not given');
  const verdict = await tokens.check(token, audiences(account.name));
  if (verdict.kind !== 'valid') return unauthenticated('InvalidAuthenticationInfo', faults[verdict.kind]);
  const { objectId: principalId } = verdict.principal;
  exchange.note({ principal: principalId });
  const [, queue = ''] = path.split('/');
  const scope = `${account.id}/queueServices/default/queues/${queue}`;
  const rights = rightsFor(exchange.request.method ?? '', exchange.url, path);
  return rights.some(right => isAllowed(state, { ...right, principalId, scope })) ? undefined : notPermitted;
}

const notPermitted: Refusal = {
  status: 403,
  code: 'AuthorizationPermissionMismatch',
  message: 'This request is not authorized to perform this operation using this permission.',
};

const faults = {
  expired: 'Lifetime validation failed. The token is expired.',
  invalid: 'Signature validation failed.',
  'foreign-audience': 'Audience validation failed. Audience did not match.',
} as const;

function unauthenticated(code: string, message: string): Refusal {
  return { status: 401, code, message: `Server failed to authenticate the request: ${message}` };
}

interface Right {
  readonly action: string;
  readonly kind: 'action' | 'dataAction';
}

const service = 'Microsoft.Storage/storageAccounts/queueServices/queues';
const onQueue = (verb: string): Right => ({ action: `${service}/${verb}`, kind: 'action' });
const onMessages = (verb: string): Right => ({ action: `${service}/messages/${verb}`, kind: 'dataAction' });

/** Any of these rights is enough. */
function rightsFor(method: string, { searchParams }: URL, path: string): readonly Right[] {
  if (!/^\/[^/]+\/messages/.test(path))
    return [onQueue({ GET: 'read', HEAD: 'read', DELETE: 'delete' }[method] ?? 'write')];
  if (method === 'GET' && searchParams.get('peekonly') === 'true') return [onMessages('read')];
  if (method === 'GET') return [onMessages('process/action'), onMessages('write')];
  if (method === 'POST') return [onMessages('add/action'), onMessages('write')];
  if (method === 'PUT') return [onMessages('write')];
  return [onMessages('delete'), onMessages('process/action')];
}

function refuse({ response }: CloudExchange, { status, code, message }: Refusal): true {
  const challenge = 'Bearer authorization_uri=https://login.microsoftonline.com/common/oauth2/authorize';
  response.writeHead(status, {
    'content-type': 'application/xml',
    'x-ms-error-code': code,
    ...(status === 401 ? { 'www-authenticate': `${challenge} resource_id=https://storage.azure.com` } : {}),
  });
  response.end(
    `<?xml version="1.0" encoding="utf-8"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`,
  );
  return true;
}

/** The token stays behind: a signature of the account's key goes in its place. */
async function forward({ request, response, url }: CloudExchange, backend: QueueBackend, path: string): Promise<void> {
  const target = new URL(backend.endpoint + path);
  target.search = [url.search.slice(1), signatureOf(backend)].filter(Boolean).join('&');
  const { authorization: _, host: __, ...headers } = request.headers;
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const passed = send(target, { method: request.method, headers }, resolve);
    passed.once('error', reject);
    pipeline(request, passed).catch(reject);
  });
  response.writeHead(answer.statusCode ?? 502, answer.headers);
  await pipeline(answer, response);
}

function signatureOf({ account, key }: QueueBackend): string {
  const values = {
    expiresOn: new Date(Date.now() + 60_000),
    permissions: AccountSASPermissions.parse('rwdlacup'),
    resourceTypes: AccountSASResourceTypes.parse('sco').toString(),
    services: AccountSASServices.parse('q').toString(),
  };
  return generateAccountSASQueryParameters(values, new StorageSharedKeyCredential(account, key)).toString();
}
