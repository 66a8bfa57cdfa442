import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { describe, it } from 'node:test';
import { Secret } from '../../../src/core/secret.ts';
import { connectionError } from '../../../src/edges/registry/failure.ts';
import { Registry } from '../../../src/edges/registry/registry.ts';
import type { RegistryOptions } from '../../../src/edges/registry/session.ts';
import { answer, RegistryServer, type RegistryServerOptions } from '../../support/registry-server.ts';

const signal = new AbortController().signal;
const users = { ci: 'right' };

async function connect(server: RegistryServerOptions = {}, client: Partial<RegistryOptions> = {}) {
  const registry = await RegistryServer.start(server);
  const pauses: number[] = [];
  const pause = async (milliseconds: number) => {
    pauses.push(milliseconds);
  };
  return { registry, client: new Registry({ host: registry.host, pushTo: 'orders', pause, ...client }), pauses };
}

async function* pieces(...texts: readonly string[]): AsyncIterable<Uint8Array> {
  for (const text of texts) yield Buffer.from(text);
}

/** Answers the first `times` requests of `method` by `reply`. */
function failing(
  method: string,
  times: number,
  reply: (response: ServerResponse) => void,
): NonNullable<RegistryServerOptions['intercept']> {
  let left = times;
  return (request, response) => {
    if (request.method !== method || left === 0) return false;
    left -= 1;
    reply(response);
    return true;
  };
}

const upload = (client: Registry) => client.uploadBlob('orders', () => pieces('abc', 'def'), signal);

describe('a refusal', () => {
  const status = (code: number, name: string, message = '') =>
    failing('POST', 9, response => answer(response, code, name, message));
  const cases: readonly { name: string; server: RegistryServerOptions; password?: string; message: RegExp }[] = [
    {
      name: 'of the password names user and inputs',
      server: { signIn: 'bearer', users },
      password: 'wrong',
      message: /refused user "ci".*Check inputs "registry-username" and "registry-password"/,
    },
    {
      name: 'without credentials asks for them',
      server: { signIn: 'basic', users },
      message: /wants a sign-in to push to "orders"\. Set inputs/,
    },
    {
      name: 'of a user without the right to push names the right',
      server: { signIn: 'bearer', users, readOnly: ['orders'], intercept: lacksScope },
      password: 'right',
      message: /User "ci".*no right to push to "orders".*AcrPush/,
    },
    {
      name: 'by 403 names the right',
      server: { intercept: status(403, 'DENIED') },
      message: /no right to push to "orders"/,
    },
    {
      name: 'of an unknown name says what to create',
      server: { intercept: status(404, 'NAME_UNKNOWN', 'no such project') },
      message: /does not know.*\("NAME_UNKNOWN: no such project"\).*create the repository/,
    },
    {
      name: 'by a full disk says to free space',
      server: { intercept: status(500, 'UNKNOWN', 'write: no space left on device') },
      message: /has no space left to push to "orders".*Delete old images/,
    },
    { name: 'by 507 says to free space', server: { intercept: status(507, 'X') }, message: /has no space left/ },
    {
      name: 'by another status names it',
      server: { intercept: status(418, 'TEAPOT') },
      message: /answered 418 when asked to push to "orders" \("TEAPOT"\)/,
    },
  ];
  for (const { name, server, password, message } of cases) {
    it(name, async () => {
      const credentials = password === undefined ? undefined : { username: 'ci', password: new Secret(password) };
      const { registry, client } = await connect(server, { access: async () => credentials });
      await using _ = registry;
      await assert.rejects(upload(client), { name: 'UserError', message });
    });
  }
});

// As a registry that knows the user but not the right.
function lacksScope(
  { method = '', headers }: { method?: string | undefined; headers: { authorization?: string | undefined } },
  response: ServerResponse,
): boolean {
  if (method !== 'POST' || !headers.authorization?.startsWith('Bearer')) return false;
  response.setHeader(
    'www-authenticate',
    'Bearer realm="http://127.0.0.1/token",service="x",error="insufficient_scope"',
  );
  answer(response, 401, 'UNAUTHORIZED');
  return true;
}

describe('a passing failure', () => {
  it('by 429 is waited out as long as the registry says', async () => {
    const intercept = failing('HEAD', 2, response => {
      response.setHeader('retry-after', '7');
      answer(response, 429);
    });
    const { registry, client, pauses } = await connect({ intercept });
    await using _ = registry;
    assert.equal(await client.hasBlob('orders', 'sha256:x', signal), false);
    assert.deepEqual(pauses, [7000, 7000]);
  });

  it('that stays is an error after four attempts', async () => {
    const { registry, client, pauses } = await connect({
      intercept: failing('HEAD', 9, response => answer(response, 503)),
    });
    await using _ = registry;
    await assert.rejects(client.hasBlob('orders', 'sha256:x', signal), { message: /answered 503/ });
    assert.deepEqual(pauses, [500, 1000, 2000]);
  });

  it('of the first request of all is asked again by the next call', async () => {
    const { registry, client } = await connect({ intercept: failing('GET', 1, response => answer(response, 418)) });
    await using _ = registry;
    await assert.rejects(client.hasBlob('orders', 'sha256:x', signal), {
      message: /answered 418 when asked to say how to sign in/,
    });
    assert.equal(await client.hasBlob('orders', 'sha256:x', signal), false);
  });

  it('of the first request of all does not show when it comes from `begin`', async () => {
    const { registry, client } = await connect({ intercept: failing('GET', 1, response => response.destroy()) });
    await using _ = registry;
    await client.begin();
    assert.equal(await client.hasBlob('orders', 'sha256:x', signal), false);
  });

  it('in the middle of an upload sends everything again', async () => {
    const intercept = failing('PATCH', 2, response => response.destroy());
    const { registry, client } = await connect({ intercept });
    await using _ = registry;
    assert.equal((await upload(client)).size, 6);
    assert.equal(registry.calls.filter(call => call.startsWith('PATCH')).length, 3);
  });

  it('by bytes damaged on their way sends everything again', async () => {
    const intercept = failing('PUT', 1, response => answer(response, 400, 'DIGEST_INVALID'));
    const { registry, client } = await connect({ intercept });
    await using _ = registry;
    assert.equal((await upload(client)).size, 6);
  });
});

describe('a failed connection', () => {
  it('that is refused says so at once', async () => {
    const { registry, client, pauses } = await connect();
    await registry[Symbol.asyncDispose]();
    await assert.rejects(upload(client), {
      name: 'UserError',
      message: /refused the connection\. Check the host in input "registry"/,
    });
    assert.deepEqual(pauses, []);
  });

  it('without an answer ends by the limit of silence', async () => {
    const { registry, client } = await connect({ intercept: failing('HEAD', 9, () => {}) }, { silence: 20 });
    await using _ = registry;
    await assert.rejects(client.hasBlob('orders', 'sha256:x', signal), { message: /did not answer in time/ });
  });

  it('without an answer ends by the signal, with its reason', async () => {
    const stop = new AbortController();
    const reason = new Error('stopped');
    const { registry, client } = await connect({
      intercept: () => setImmediate(() => stop.abort(reason)) !== undefined,
    });
    await using _ = registry;
    await assert.rejects(client.hasBlob('orders', 'sha256:x', stop.signal), reason);
  });

  const codes = [
    ['ENOTFOUND', /was not found/],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', /NODE_EXTRA_CA_CERTS/],
    ['CERT_HAS_EXPIRED', /NODE_EXTRA_CA_CERTS/],
    ['EPROTO', /expected protocol/],
    ['ECONNRESET', /broke the connection/],
  ] as const;
  for (const [code, message] of codes) {
    it(`by ${code} says what to do`, () => {
      assert.match(connectionError('h.io', 'push', Object.assign(new Error(), { code })).message, message);
    });
  }
});

describe('an upload', () => {
  it('that the registry cuts short shows the reason and reads no further', async () => {
    let read = 0;
    const endless = async function* () {
      for (;;) {
        read += 1;
        yield Buffer.alloc(64 * 1024);
        await new Promise(resolve => setImmediate(resolve));
      }
    };
    const { registry, client } = await connect({
      intercept: failing('PATCH', 1, response => answer(response, 507, 'FULL')),
    });
    await using _ = registry;
    await assert.rejects(client.uploadBlob('orders', endless, signal), { message: /no space left/ });
    assert.ok(read < 1000);
  });

  it('whose content cannot be read fails with that reason', async () => {
    const reason = new Error('file changed');
    const broken = async function* (): AsyncIterable<Uint8Array> {
      yield Buffer.from('a');
      throw reason;
    };
    const { registry, client } = await connect();
    await using _ = registry;
    await assert.rejects(client.uploadBlob('orders', broken, signal), reason);
  });
});
