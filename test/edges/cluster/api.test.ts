import assert from 'node:assert/strict';
import { createServer, type RequestListener } from 'node:http';
import { type TestContext, test } from 'node:test';
import { Agent, request } from 'undici';
import { Api, type ApiRequest } from '../../../src/edges/cluster/api.ts';

async function serve(context: TestContext, listener: RequestListener): Promise<Api> {
  const server = createServer(listener);
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const dispatcher = new Agent();
  context.after(async () => {
    await dispatcher.destroy();
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
  const connection = { server: url, dispatcher, request, headers: async () => ({}) };
  return new Api(connection, new AbortController().signal);
}

/** Sends `sent` to a server that breaks the first connection; gives how many requests arrived. */
async function arrivals(context: TestContext, sent: Omit<ApiRequest, 'path'>): Promise<number> {
  let arrived = 0;
  const api = await serve(context, (incoming, response) => {
    arrived += 1;
    if (arrived === 1) incoming.socket.destroy();
    else response.end('{}');
  });
  await api.send({ path: '/', ...sent }).catch(() => undefined);
  return arrived;
}

const repeated: readonly Omit<ApiRequest, 'path'>[] = [
  { method: 'GET' },
  { method: 'PATCH', body: '{}', contentType: 'application/apply-patch+yaml' },
  { method: 'DELETE' },
  { method: 'GET', passedOn: true },
];

for (const sent of repeated) {
  test(`sends ${JSON.stringify(sent)} again after a broken connection`, async context => {
    assert.equal(await arrivals(context, sent), 2);
  });
}

const sentOnce: readonly Omit<ApiRequest, 'path'>[] = [
  { method: 'POST', body: '{}' },
  { method: 'PATCH', body: '{}', passedOn: true },
];

for (const sent of sentOnce) {
  test(`does not send ${JSON.stringify(sent)} twice, which may have arrived`, async context => {
    assert.equal(await arrivals(context, sent), 1);
  });
}

test('names the failure when every attempt breaks', async context => {
  let arrived = 0;
  const api = await serve(context, incoming => {
    arrived += 1;
    incoming.socket.destroy();
  });
  await assert.rejects(api.send({ method: 'GET', path: '/' }), /cannot be reached \((UND_ERR_SOCKET|ECONNRESET)\)/);
  assert.equal(arrived, 4);
});

test('sends again what the API server postpones, and gives the answer of an app as it is', async context => {
  const arrived: string[] = [];
  const api = await serve(context, ({ url = '' }, response) => {
    const first = !arrived.includes(url);
    arrived.push(url);
    response.writeHead(first ? 503 : 200, { 'retry-after': '0' }).end();
  });
  assert.equal((await api.send({ method: 'POST', path: '/own', body: '{}' })).status, 200);
  assert.equal((await api.send({ method: 'POST', path: '/app', body: '{}', passedOn: true })).status, 503);
  assert.deepEqual(arrived, ['/own', '/own', '/app']);
});

test("knows the server's time by its answers", async context => {
  const api = await serve(context, (_, response) => {
    response.setHeader('date', 'Mon, 05 Jan 2026 12:00:00 GMT').end('{}');
  });
  await api.send({ method: 'GET', path: '/' });
  const ahead = api.date().getTime() - Date.parse('2026-01-05T12:00:00Z');
  assert(ahead >= 0 && ahead < 60_000, `${ahead} ms`);
});

test('ends its requests by another signal, also when its own has ended', async context => {
  const asked = Promise.withResolvers<void>();
  const api = await serve(context, ({ url }, response) => {
    if (url === '/') response.end('{}');
    else asked.resolve();
  });
  const [run, last] = [new AbortController(), new AbortController()];
  run.abort();
  const closing = api.endingAt(run.signal).endingAt(last.signal);
  assert.equal((await closing.send({ method: 'GET', path: '/' })).status, 200);
  const late = assert.rejects(
    closing.send({ method: 'GET', path: '/late' }),
    /did not answer before the run had to end/,
  );
  await asked.promise;
  last.abort();
  await late;
});
