import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import * as v from 'valibot';
import { pushImage } from './images.ts';
import { fakeNetwork } from './node-network.ts';
import { freePorts, Processes } from './processes.ts';
import { type LabRegistry, startRegistry } from './registry.ts';
import { Teardown } from './teardown.ts';
import { labTools } from './tools.ts';

const say = (line: string) => console.error(line);
const tokenAnswer = v.object({ token: v.string() });
const blob = Buffer.from('content');
const digest = `sha256:${createHash('sha256').update(blob).digest('hex')}`;

describe('the registry', () => {
  let dir: string;
  let processes: Processes;
  let registry: LabRegistry;
  const teardown = new Teardown();

  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'aks-functions-registry-'));
    await mkdir(join(dir, 'registry'));
    processes = await Processes.in(dir);
    teardown.add(() => rm(dir, { recursive: true }));
    teardown.add(() => processes.stop());
    const port = await freePorts(1);
    registry = await startRegistry({
      dir,
      tools: await labTools(say),
      processes,
      port,
      network: fakeNetwork,
      teardown,
      say,
    });
  });
  after(() => teardown.run());
  beforeEach(() => registry.answerInstead(undefined));

  async function tokenBy(init: RequestInit, query = ''): Promise<string> {
    const response = await fetch(`http://${registry.host}/token${query}`, init);
    return v.parse(tokenAnswer, await response.json()).token;
  }

  function tokenFor(username: string, password: string, ...scopes: string[]): Promise<string> {
    const query = `?${scopes.map(scope => `scope=${scope}`).join('&')}`;
    const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
    return tokenBy({ headers: { authorization } }, query);
  }

  async function call(method: string, path: string, token?: string, body?: Uint8Array<ArrayBuffer>) {
    const headers = token ? { authorization: `Bearer ${token}` } : {};
    const response = await fetch(new URL(path, `http://${registry.host}`), {
      method,
      headers,
      ...(body ? { body } : {}),
    });
    return {
      status: response.status,
      location: response.headers.get('location'),
      challenge: response.headers.get('www-authenticate'),
    };
  }

  async function putBlob(repository: string, token: string): Promise<number> {
    const begun = await call('POST', `/v2/${repository}/blobs/uploads/`, token);
    return (await call('PUT', `${begun.location}?digest=${digest}`, token, Uint8Array.from(blob))).status;
  }

  const everything = (scope: string) => tokenFor(registry.username, registry.password, scope);

  test('names the token server and the scope to those without a token', async () => {
    const { status, challenge } = await call('POST', '/v2/shop/cart/blobs/uploads/');
    const realm = `realm="http://${registry.host}/token",service="${registry.host}"`;
    assert.equal(status, 401);
    assert.equal(challenge, `Bearer ${realm},scope="repository:shop/cart:pull,push"`);
  });

  test('gives tokens by Basic and by the password grant', async () => {
    const { username, password } = registry;
    const scope = 'repository:shop:pull';
    const body = new URLSearchParams({ grant_type: 'password', username, password, scope });
    for (const token of [await tokenBy({ method: 'POST', body }), await everything(scope)])
      assert.equal((await call('GET', '/v2/', token)).status, 200);
  });

  test('refuses a wrong password', async () => {
    const response = await fetch(`http://${registry.host}/token`, {
      headers: { authorization: `Basic ${btoa('lab:wrong')}` },
    });
    assert.equal(response.status, 401);
  });

  test('limits a user to its repositories', async () => {
    registry.addUser({ username: 'reader', password: 'r', rights: [{ repository: 'public/*', actions: ['pull'] }] });
    const token = await tokenFor('reader', 'r', 'repository:public/a:pull,push', 'repository:secret:pull');
    assert.equal((await call('GET', '/v2/public/a/manifests/none', token)).status, 404);
    const refused = [
      await call('GET', '/v2/secret/manifests/none', token),
      await call('POST', '/v2/public/a/blobs/uploads/', token),
    ];
    for (const { status, challenge } of refused) {
      assert.equal(status, 401);
      assert.match(challenge ?? '', /error="insufficient_scope"/);
    }
  });

  test('shows a blob only in the repositories it was put into or mounted from', async () => {
    const [source, target] = [
      await everything('repository:base:pull,push'),
      await everything('repository:app:pull,push'),
    ];
    assert.equal(await putBlob('base', source), 201);
    assert.equal((await call('HEAD', `/v2/app/blobs/${digest}`, target)).status, 404);
    const mount = `/v2/app/blobs/uploads/?mount=${digest}&from=base`;
    assert.equal((await call('POST', mount, target)).status, 401, 'the token does not cover the source');
    const { username, password } = registry;
    const both = await tokenFor(username, password, 'repository:base:pull', 'repository:app:pull,push');
    assert.equal((await call('POST', mount, both)).status, 201);
    assert.equal((await call('GET', `/v2/app/blobs/${digest}`, both)).status, 200);
  });

  test('answers what a test wants it to answer', async () => {
    const token = await everything('repository:full:pull,push');
    registry.answerInstead(({ method }) =>
      method === 'PUT' ? { status: 507, code: 'UNKNOWN', message: 'no space' } : undefined,
    );
    assert.equal(await putBlob('full', token), 507);
  });

  test('has what was pushed without sign-in, and records requests without secrets', async () => {
    const image = await pushImage(registry.backend, {
      name: 'tool:1',
      files: [{ path: 'a', content: 'b' }],
      entrypoint: ['/a'],
    });
    const token = await everything('repository:tool:pull');
    assert.equal((await call('GET', `/v2/tool/manifests/${image.split('@')[1]}`, token)).status, 200);
    assert.deepEqual(registry.requests.at(-1)?.path.split('/').slice(0, 4), ['', 'v2', 'tool', 'manifests']);
    assert.equal(JSON.stringify(registry.requests).includes(registry.password), false);
  });

  test('asks for a new token when those given out have expired', async () => {
    const token = await everything('repository:shop:pull');
    registry.expireTokens();
    assert.equal((await call('GET', '/v2/', token)).status, 401);
  });
});
