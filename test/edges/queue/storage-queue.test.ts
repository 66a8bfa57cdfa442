import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { afterEach, beforeEach, test } from 'node:test';
import { Secret } from '../../../src/core/secret.ts';
import { HttpClient } from '../../../src/edges/http/http-client.ts';
import { openStorageQueue } from '../../../src/edges/queue/storage-queue.ts';
import { RemoteError, UserError } from '../../../src/errors.ts';
import type { StorageQueue } from '../../../src/flows/queue-port.ts';
import { ManualClock } from '../../support/manual-clock.ts';

interface Seen {
  readonly method: string;
  readonly path: string;
  readonly authorization: string | undefined;
  readonly body: string;
}

const key = Buffer.from('a key of the account').toString('base64');
let seen: Seen[] = [];
let answers: ((response: ServerResponse) => void)[] = [];
let server: Server;
let endpoint = '';
let http: HttpClient;

beforeEach(async () => {
  seen = [];
  answers = [];
  server = createServer((request, response) => {
    void record(request).then(() => (answers.shift() ?? (one => one.writeHead(500).end()))(response));
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  endpoint = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
  http = new HttpClient(new AbortController().signal);
});

afterEach(async () => {
  http[Symbol.dispose]();
  server.closeAllConnections();
  await new Promise(resolve => server.close(resolve));
});

async function record(request: IncomingMessage): Promise<void> {
  let body = '';
  for await (const piece of request) body += String(piece);
  seen.push({
    method: request.method ?? '',
    path: request.url ?? '',
    authorization: request.headers.authorization,
    body,
  });
}

function answer(status: number, headers: Readonly<Record<string, string>> = {}, body = ''): void {
  answers.push(response => response.writeHead(status, headers).end(body));
}

function queueWith(connection: string): StorageQueue {
  return openStorageQueue(new Secret(connection), 'orders', {
    http,
    clock: new ManualClock(),
    signal: new AbortController().signal,
  });
}

function queue(): StorageQueue {
  return queueWith(`AccountName=shop;AccountKey=${key};QueueEndpoint=${endpoint}/shop`);
}

test('puts a message with its signs escaped, signed with the account key', async () => {
  answer(201);
  await queue().put('a < b & "c"');
  assert.equal(seen[0]?.method, 'POST');
  assert.equal(seen[0]?.path, '/shop/orders/messages');
  assert.match(seen[0]?.body ?? '', /<MessageText>a &lt; b &amp; &quot;c&quot;<\/MessageText>/);
  assert.match(seen[0]?.authorization ?? '', /^SharedKey shop:[A-Za-z0-9+/]{43}=$/);
});

test('adds the signature of a connection string to the address and sends no key', async () => {
  answer(200, { 'x-ms-approximate-messages-count': '3' });
  assert.equal(await queueWith(`QueueEndpoint=${endpoint};SharedAccessSignature=sv=2021&sig=abc`).count(), 3);
  assert.equal(seen[0]?.path, '/orders?comp=metadata&sv=2021&sig=abc');
  assert.equal(seen[0]?.authorization, undefined);
});

test('reads the texts of waiting messages', async () => {
  answer(
    200,
    {},
    '<QueueMessagesList><QueueMessage><MessageText>a &amp; &#x41;</MessageText></QueueMessage><QueueMessage><MessageText/></QueueMessage></QueueMessagesList>',
  );
  assert.deepEqual(await queue().peek(), ['a & A', '']);
});

test('says that a queue was gone already', async () => {
  answer(404);
  assert.equal(await queue().remove(), false);
  answer(204);
  assert.equal(await queue().remove(), true);
});

const refusals = [
  {
    name: 'a queue that does not exist',
    status: 404,
    code: 'QueueNotFound',
    expected: /^Queue "orders" does not exist in the storage account "shop"\. Create it/,
  },
  {
    name: 'a key that is refused',
    status: 403,
    code: 'AuthenticationFailed',
    expected:
      /^The storage account "shop" refused the connection for the queue "orders" \(AuthenticationFailed\)\. Check the key/,
  },
  {
    name: 'any other answer',
    status: 409,
    code: 'QueueBeingDeleted',
    expected: /^The storage account "shop" did not count the messages of the queue "orders": QueueBeingDeleted\. Check/,
  },
] as const;

for (const { name, status, code, expected } of refusals) {
  test(`explains ${name}`, async () => {
    answer(status, {}, `<?xml version="1.0"?><Error><Code>${code}</Code></Error>`);
    await assert.rejects(
      queue().count(),
      error => error instanceof RemoteError && error.status === status && expected.test(error.message),
    );
  });
}

test('asks again when the service is busy, as often as it is sensible', async () => {
  answer(503, { 'retry-after': '2' });
  answer(200, { 'x-ms-approximate-messages-count': '7' });
  assert.equal(await queue().count(), 7);
  for (let count = 0; count < 4; count += 1) answer(503);
  await assert.rejects(queue().count(), UserError);
  assert.equal(seen.length, 6);
});

test('explains a service that cannot be reached, without any part of the key', async () => {
  const unreachable = queueWith(`AccountName=shop;AccountKey=${key};QueueEndpoint=http://127.0.0.1:9/shop`);
  await assert.rejects(
    unreachable.count(),
    error =>
      error instanceof UserError &&
      /cannot be reached to count the messages of the queue "orders" \(ECONNREFUSED\)/.test(error.message) &&
      !error.message.includes(key),
  );
});

const strings = [
  {
    name: 'the short form of the emulator',
    text: 'UseDevelopmentStorage=true',
    expected: /storage emulator of a developer machine/,
  },
  {
    name: 'a string without a key',
    text: 'AccountName=shop',
    expected: /neither AccountKey nor SharedAccessSignature/,
  },
  {
    name: 'an endpoint that is no address',
    text: `AccountName=shop;AccountKey=${key};QueueEndpoint=shop`,
    expected: /QueueEndpoint that is no web address/,
  },
] as const;

for (const { name, text, expected } of strings) {
  test(`refuses ${name} before anything is sent`, () => {
    assert.throws(() => queueWith(text), expected);
    assert.equal(seen.length, 0);
  });
}
