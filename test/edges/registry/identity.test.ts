import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import type { Secret } from '../../../src/core/secret.ts';
import { Registry } from '../../../src/edges/registry/registry.ts';
import { identityOf } from '../../support/azure-identity.ts';

const signal = new AbortController().signal;

interface Behaviour {
  /** Seconds until the exchanged token ends. */
  readonly life?: number;
  readonly exchange?: (response: ServerResponse) => void;
  /** Whether a token has the right that was asked for. */
  readonly grants?: boolean;
  /** Repository that gets images. */
  readonly pushTo?: string;
  /** Host in the challenge instead of the registry's own. */
  readonly realmHost?: string;
}

/** A registry that exchanges tokens as those of Azure do. */
class ExchangingRegistry implements AsyncDisposable {
  readonly seen: { readonly path: string; readonly authorization: string; readonly body: string }[] = [];
  readonly #behaviour: Behaviour;
  readonly #server: Server;

  constructor(behaviour: Behaviour) {
    this.#behaviour = behaviour;
    this.#server = createServer((request, response) => void this.#answer(request, response));
  }

  async start(): Promise<this> {
    await new Promise<void>(resolve => this.#server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  get host(): string {
    const address = this.#server.address();
    return `127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise(resolve => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { authorization = '' } = request.headers;
    const { exchange, life = 3600, grants = true, realmHost = this.host } = this.#behaviour;
    const path = (request.url ?? '').replace(/\?.*/, '');
    this.seen.push({ path, authorization, body: await text(request) });
    if (path === '/oauth2/exchange') {
      if (exchange) return exchange(response);
      const claims = Buffer.from(JSON.stringify({ exp: Date.now() / 1000 + life })).toString('base64url');
      response.end(JSON.stringify({ refresh_token: `h.${claims}.s` }));
    } else if (path === '/oauth2/token') {
      response.end(JSON.stringify({ access_token: 'access', expires_in: 300 }));
    } else if (authorization === 'Bearer access' && grants) {
      response.writeHead(404).end('{}');
    } else {
      const realm = `Bearer realm="http://${realmHost}/oauth2/token",service="${this.host}"`;
      const lacks = authorization === '' ? '' : ',error="insufficient_scope"';
      response.writeHead(401, { 'www-authenticate': `${realm}${lacks}` }).end('{}');
    }
  }
}

async function open(behaviour: Behaviour = {}) {
  const server = await new ExchangingRegistry(behaviour).start();
  const masked: Secret[] = [];
  const identity = identityOf();
  const client = new Registry({
    host: server.host,
    pushTo: behaviour.pushTo,
    access: async () => ({ identity }),
    mask: secret => masked.push(secret),
    pause: async () => {},
  });
  return { server, client, masked, identity };
}

describe('a registry of Azure', () => {
  it('exchanges the token of the identity once and gives tokens for what it yields', async () => {
    const { server, client, masked, identity } = await open();
    await using _ = server;
    await client.findDigest('orders', '1', signal);
    await client.findDigest('carts', '1', signal);
    assert.deepEqual(
      server.seen.map(({ path }) => path),
      ['/v2/', '/oauth2/exchange', '/oauth2/token', '/v2/orders/manifests/1', '/oauth2/token', '/v2/carts/manifests/1'],
    );
    assert.deepEqual(Object.fromEntries(new URLSearchParams(server.seen[1]?.body)), {
      grant_type: 'access_token',
      service: server.host,
      tenant: 'tenant-1',
      access_token: 'token for https://containerregistry.azure.net/.default',
    });
    const [user, password] = Buffer.from(server.seen[2]?.authorization.slice(6) ?? '', 'base64')
      .toString()
      .split(':');
    assert.equal(user, '00000000-0000-0000-0000-000000000000');
    assert.deepEqual(
      masked.map(secret => secret.reveal()),
      [password, 'access', 'access'],
    );
    assert.deepEqual(identity.asked, ['https://containerregistry.azure.net/.default']);
  });

  it('exchanges again when what it gave is about to end', async () => {
    const { server, client } = await open({ life: 200 });
    await using _ = server;
    await client.findDigest('orders', '1', signal);
    await client.findDigest('carts', '1', signal);
    assert.equal(server.seen.filter(({ path }) => path === '/oauth2/exchange').length, 2);
  });

  it('gives Docker a user and password', async () => {
    const { server, client, masked } = await open();
    await using _ = server;
    const credentials = await client.credentials(signal);
    assert.equal(credentials?.username, '00000000-0000-0000-0000-000000000000');
    assert.equal(credentials?.password, masked[0]);
  });

  it('never sees the token of the identity when it sends its callers elsewhere', async () => {
    const { server, client, identity } = await open({ realmHost: 'localhost:9' });
    await using _ = server;
    await assert.rejects(client.findDigest('orders', '1', signal), { name: 'UserError' });
    assert.deepEqual(identity.asked, []);
  });

  const refusals: readonly (Behaviour & { readonly name: string; readonly message: RegExp })[] = [
    {
      name: 'without a role',
      exchange: response => response.writeHead(401).end('{"errors":[{"code":"UNAUTHORIZED"}]}'),
      message:
        /refused the signed-in identity client-1 .*another tenant\. Give it the role .*az role assignment create/,
    },
    {
      name: 'without the right',
      grants: false,
      message: /identity client-1 has no right .* to read "orders:1"\. .*AcrPull/,
    },
    {
      name: 'without a right in the repository that gets images',
      ...{ grants: false, pushTo: 'orders' },
      message: /identity client-1 has no right .* to read "orders:1"\. .*AcrPush/,
    },
    {
      name: 'with an answer that has no token',
      exchange: response => response.end('<html>'),
      message: /gave no token in exchange/,
    },
    {
      name: 'with a quarantine',
      exchange: response => response.writeHead(403).end('{"errors":[{"message":"image is in quarantine"}]}'),
      message: /in quarantine.*Wait until the scan has released it/,
    },
  ];
  for (const { name, message, ...behaviour } of refusals) {
    it(`${name} says what to do`, async () => {
      const { server, client } = await open(behaviour);
      await using _ = server;
      await assert.rejects(client.findDigest('orders', '1', signal), { name: 'UserError', message });
    });
  }
});
