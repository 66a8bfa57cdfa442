import assert from 'node:assert/strict';
import { createServer, type IncomingMessage } from 'node:http';
import { type TestContext, test } from 'node:test';
import { Registry } from '../../../src/edges/registry/registry.ts';
import { UserError } from '../../../src/errors.ts';

interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** A client of a registry that wants no sign-in and answers as the test says. */
async function clientOf(context: TestContext, answerTo: (request: IncomingMessage) => Answer) {
  const seen: string[] = [];
  const server = createServer((request, response) => {
    if (request.url === '/v2/') return response.end('{}');
    seen.push(`${request.method} ${request.url}`);
    const { status, headers = {}, body = '' } = answerTo(request);
    return response.writeHead(status, headers).end(body);
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const registry = new Registry({ host: `127.0.0.1:${typeof address === 'object' ? address?.port : 0}` });
  context.after(() => {
    registry[Symbol.dispose]();
    server.closeAllConnections();
    server.close();
  });
  return { registry, seen };
}

const { signal } = new AbortController();
const digest = `sha256:${'a'.repeat(64)}`;

test('lists the tags of all pages', async context => {
  const { registry, seen } = await clientOf(context, request =>
    request.url?.includes('last=')
      ? { status: 200, body: '{"tags":["c"]}' }
      : {
          status: 200,
          headers: { link: '</v2/shop/tags/list?n=1000&last=b>; rel="next"' },
          body: '{"tags":["a","b"]}',
        },
  );
  assert.deepEqual(await registry.listTags('shop', signal), ['a', 'b', 'c']);
  assert.deepEqual(seen, ['GET /v2/shop/tags/list?n=1000', 'GET /v2/shop/tags/list?n=1000&last=b']);
});

test('takes a repository that does not exist, or is empty, for one without tags', async context => {
  const { registry } = await clientOf(context, request =>
    request.url?.startsWith('/v2/empty/') ? { status: 200, body: '{"tags":null}' } : { status: 404 },
  );
  assert.deepEqual([await registry.listTags('gone', signal), await registry.listTags('empty', signal)], [[], []]);
});

test('says whether the manifest was there to be deleted', async context => {
  let status = 202;
  const { registry, seen } = await clientOf(context, () => ({ status }));
  assert.equal(await registry.deleteManifest('shop', digest, signal), true);
  status = 404;
  assert.equal(await registry.deleteManifest('shop', digest, signal), false);
  assert.equal(seen[0], `DELETE /v2/shop/manifests/${digest}`);
});

const refusals = [
  {
    name: 'deletion that is switched off',
    status: 405,
    expected: /does not allow to delete "shop@sha256:a+".*Allow it in the registry's own configuration/,
  },
  { name: 'a missing right', status: 403, expected: /has no right to delete "shop@sha256:a+".*AcrDelete/ },
] as const;

for (const { name, status, expected } of refusals) {
  test(`explains ${name}`, async context => {
    const { registry } = await clientOf(context, () => ({ status, body: '{"errors":[{"code":"UNSUPPORTED"}]}' }));
    await assert.rejects(
      registry.deleteManifest('shop', digest, signal),
      error => error instanceof UserError && expected.test(error.message),
    );
  });
}
