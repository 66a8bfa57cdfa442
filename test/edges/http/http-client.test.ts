import assert from 'node:assert/strict';
import { createServer, type RequestListener } from 'node:http';
import { type TestContext, test } from 'node:test';
import { HttpClient } from '../../../src/edges/http/http-client.ts';
import { Interrupted } from '../../../src/errors.ts';
import { NoAnswer } from '../../../src/flows/http-port.ts';

async function serve(context: TestContext, listener: RequestListener): Promise<URL> {
  const server = createServer(listener);
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  return new URL(`http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/`);
}

function clientFor(context: TestContext, signal = new AbortController().signal): HttpClient {
  const client = new HttpClient(signal);
  context.after(() => client[Symbol.dispose]());
  return client;
}

test('gives a redirect as it is', async context => {
  const url = await serve(context, (_, response) => response.writeHead(302, { Location: '/elsewhere' }).end());
  const answer = await clientFor(context).send({ method: 'GET', url, headers: {}, deadline: 5000 });
  assert.equal(answer.status, 302);
  assert.equal(answer.headers.location, '/elsewhere');
});

test('sends the body with its length', async context => {
  const url = await serve(context, (request, response) => {
    request.on('data', (piece: Buffer) => response.end(`${request.headers['content-length']}:${piece.toString()}`));
  });
  const answer = await clientFor(context).send({ method: 'POST', url, headers: {}, body: 'größer', deadline: 5000 });
  assert.equal(answer.body, '8:größer');
});

test('keeps the first MiB of a body that has no end', async context => {
  const url = await serve(context, (_, response) => {
    const more = () => {
      while (response.write('x'.repeat(65_536))) {
        // The socket is filled until it is full.
      }
    };
    response.on('drain', more);
    more();
  });
  const answer = await clientFor(context).send({ method: 'GET', url, headers: {}, deadline: 10_000 });
  assert.equal(answer.body.length, 1024 * 1024);
});

test('gives up at the deadline', async context => {
  const url = await serve(context, () => undefined);
  const sent = clientFor(context).send({ method: 'GET', url, headers: {}, deadline: 50 });
  await assert.rejects(sent, error => error instanceof NoAnswer && error.code === 'none within 50 ms');
});

test('says why there is no answer', async context => {
  const sent = clientFor(context).send({
    method: 'GET',
    url: new URL('http://127.0.0.1:9/'),
    headers: {},
    deadline: 5000,
  });
  await assert.rejects(sent, error => error instanceof NoAnswer && error.code === 'ECONNREFUSED');
});

test('ends at once when the run is interrupted', async context => {
  const controller = new AbortController();
  const url = await serve(context, () => controller.abort());
  const sent = clientFor(context, controller.signal).send({ method: 'GET', url, headers: {}, deadline: 60_000 });
  await assert.rejects(sent, Interrupted);
});
