import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { Secret } from '../../../src/core/secret.ts';
import { Registry } from '../../../src/edges/registry/registry.ts';
import type { RegistryOptions } from '../../../src/edges/registry/session.ts';
import { answer, RegistryServer, type RegistryServerOptions } from '../../support/registry-server.ts';

const signal = new AbortController().signal;
const users = { ci: 'pass:word' };
const credentials = { username: 'ci', password: new Secret('pass:word') };

/** A server and a client of it that waits for nothing between attempts. */
async function connect(server: RegistryServerOptions = {}, client: Partial<RegistryOptions> = {}) {
  const registry = await RegistryServer.start(server);
  const pauses: number[] = [];
  const pause = async (milliseconds: number) => {
    pauses.push(milliseconds);
  };
  const options = { host: registry.host, pushTo: 'orders', pause, ...client };
  return { registry, client: new Registry(options), pauses };
}

async function* pieces(...texts: readonly string[]): AsyncIterable<Uint8Array> {
  for (const text of texts) yield Buffer.from(text);
}

describe('sign-in', () => {
  it('needs no request when the registry wants none', async () => {
    const { registry, client } = await connect();
    await using _ = registry;
    assert.equal(await client.hasBlob('orders', 'sha256:x', signal), false);
    assert.deepEqual(registry.calls, ['GET /v2/', 'HEAD /v2/orders/blobs/sha256:x']);
  });

  it('asks for one token with the right to push and uses it again', async () => {
    const { registry, client } = await connect({ signIn: 'bearer', users }, { access: async () => credentials });
    await using _ = registry;
    await client.hasBlob('orders', 'sha256:x', signal);
    await client.uploadBlob('orders', () => pieces('a'), signal);
    const tokens = registry.seen.filter(({ path }) => path.startsWith('/token'));
    assert.equal(tokens.length, 1);
    assert.match(tokens[0]?.path ?? '', /service=test&scope=repository%3Aorders%3Apull%2Cpush/);
    assert.equal(tokens[0]?.authorization, `Basic ${Buffer.from('ci:pass:word').toString('base64')}`);
  });

  it('reads a public registry with an anonymous token', async () => {
    const { registry, client } = await connect({ signIn: 'bearer', users });
    await using _ = registry;
    const { digest } = registry.addBlob('base', 'layer');
    assert.equal(await client.hasBlob('base', digest, signal), true);
  });

  it('gets a new token when the registry no longer takes the one it has', async () => {
    let refused = false;
    const intercept: NonNullable<RegistryServerOptions['intercept']> = ({ method }, response) => {
      if (method !== 'HEAD' || refused) return false;
      refused = true;
      answer(response, 401, 'UNAUTHORIZED');
      return true;
    };
    const { registry, client } = await connect(
      { signIn: 'bearer', users, intercept },
      { access: async () => credentials },
    );
    await using _ = registry;
    assert.equal(await client.hasBlob('orders', 'sha256:x', signal), false);
    assert.equal(registry.calls.filter(call => call === 'GET /token').length, 2);
  });

  it('sends name and password themselves to a registry without tokens', async () => {
    const { registry, client } = await connect({ signIn: 'basic', users }, { access: async () => credentials });
    await using _ = registry;
    assert.equal((await client.uploadBlob('orders', () => pieces('a'), signal)).size, 1);
  });

  it('starts before it is needed', async () => {
    const { registry, client } = await connect({ signIn: 'bearer', users }, { access: async () => credentials });
    await using _ = registry;
    await client.begin();
    await client.findDigest('orders', 'x', signal);
    assert.equal(registry.calls.filter(call => call === 'GET /v2/').length, 1);
  });

  it('refuses to send a password where it is not safe', async () => {
    const intercept: NonNullable<RegistryServerOptions['intercept']> = (_, response) => {
      response.setHeader('www-authenticate', 'Bearer realm="http://example.com/token",service="x"');
      answer(response, 401);
      return true;
    };
    const { registry, client } = await connect({ intercept }, { access: async () => credentials });
    await using _ = registry;
    await assert.rejects(client.findDigest('orders', 'x', signal), {
      name: 'UserError',
      message: /"http:\/\/example\.com\/token".*not be safe/,
    });
  });
});

describe('blobs', () => {
  it('are sent piece by piece and stored by the digest of what was sent', async () => {
    const { registry, client } = await connect();
    await using _ = registry;
    const digest = `sha256:${createHash('sha256').update('abcdef').digest('hex')}`;
    assert.deepEqual(await client.uploadBlob('orders', () => pieces('abc', 'def'), signal), { digest, size: 6 });
    assert.equal(registry.blobs.get(`orders@${digest}`)?.content.toString(), 'abcdef');
    assert.deepEqual(registry.calls.slice(1), [
      'POST /v2/orders/blobs/uploads/',
      'PATCH /v2/orders/blobs/uploads/…',
      'PUT /v2/orders/blobs/uploads/…',
    ]);
  });

  it('are mounted from another repository with the right to read it', async () => {
    const { registry, client } = await connect({ signIn: 'bearer', users }, { access: async () => credentials });
    await using _ = registry;
    const { digest } = registry.addBlob('base', 'layer');
    assert.equal(await client.mountBlob('orders', digest, 'base', signal), true);
    assert.equal(await client.mountBlob('orders', 'sha256:other', 'base', signal), false);
    assert.match(
      registry.seen.find(({ path }) => path.startsWith('/token'))?.path ?? '',
      /scope=repository%3Aorders%3Apull%2Cpush&scope=repository%3Abase%3Apull/,
    );
  });

  it('are read in pieces', async () => {
    const { registry, client } = await connect();
    await using _ = registry;
    const { digest } = registry.addBlob('base', 'x'.repeat(300_000));
    let size = 0;
    for await (const piece of client.streamBlob('base', digest, signal)) size += piece.length;
    assert.equal(size, 300_000);
  });

  it('are followed to another server without the token', async () => {
    await using store = await RegistryServer.start({ intercept: (_, response) => answer(response, 200) === undefined });
    const intercept: NonNullable<RegistryServerOptions['intercept']> = ({ url }, response) => {
      if (!url?.includes('/blobs/')) return false;
      response.setHeader('location', `http://${store.host}/blob`);
      answer(response, 307);
      return true;
    };
    const { registry, client } = await connect(
      { signIn: 'bearer', users, intercept },
      { access: async () => credentials },
    );
    await using _ = registry;
    for await (const piece of client.streamBlob('base', 'sha256:x', signal)) assert.fail(`${piece.length} bytes`);
    assert.deepEqual(store.seen, [{ method: 'GET', path: '/blob', authorization: undefined }]);
    assert.match(registry.seen.at(-1)?.authorization ?? '', /^Bearer /);
  });

  it('are refused when their bytes are not those of the digest', async () => {
    const { registry, client } = await connect();
    await using _ = registry;
    registry.blobs.set('base@sha256:x', { content: Buffer.from('other'), size: 5 });
    await assert.rejects(client.fetchBlob('base', 'sha256:x', signal), {
      name: 'UserError',
      message: /holds other content/,
    });
  });
});

describe('manifests', () => {
  it('are stored under a tag and found by it', async () => {
    const { registry, client } = await connect();
    await using _ = registry;
    const content = Buffer.from('{"schemaVersion":2}');
    const digest = `sha256:${createHash('sha256').update(content).digest('hex')}`;
    assert.equal(await client.findDigest('orders', 'v1', signal), undefined);
    await client.putManifest(
      'orders',
      'v1',
      { digest, mediaType: 'application/vnd.oci.image.manifest.v1+json', content },
      signal,
    );
    assert.equal(await client.findDigest('orders', 'v1', signal), digest);
    const fetched = await client.fetchManifest('orders', digest, signal);
    assert.deepEqual(
      [fetched.digest, fetched.mediaType, Buffer.from(fetched.content)],
      [digest, 'application/vnd.oci.image.manifest.v1+json', content],
    );
  });

  it('that came out otherwise than sent are an error', async () => {
    const { registry, client } = await connect();
    await using _ = registry;
    const manifest = { digest: 'sha256:other', mediaType: 'x', content: Buffer.from('{}') };
    await assert.rejects(client.putManifest('orders', 'v1', manifest, signal), {
      name: 'UserError',
      message: /other content/,
    });
  });
});
