import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { ContainerRegistryClient, KnownContainerRegistryAudience } from '@azure/container-registry';
import { packTar } from 'modern-tar';
import { outputOf } from '../command.ts';
import { accessTokenOf, dockerConfig, type RegistryGround, refreshTokenOf, startRegistryGround } from './acr-client.ts';
import type { Cloud } from './cloud.ts';
import { addRegistry, type RegistryTraits } from './resources.ts';
import { assign } from './roles.ts';
import { addPrincipal, type ContainerRegistry, type Principal } from './state.ts';
import { startTrustedCloud } from './trusting.ts';

const reader = 'Container Registry Repository Reader';
const writer = 'Container Registry Repository Writer';
const onlyShop = "@Request[Microsoft.ContainerRegistry/registries/repositories:name] StringStartsWith 'shop/'";

describe('a registry of the cloud', () => {
  let cloud: Cloud;
  let ground: RegistryGround;
  let layer: string;
  let user: Principal;

  before(async () => {
    [cloud, ground] = await Promise.all([startTrustedCloud(), startRegistryGround()]);
    layer = join(ground.dir, 'layer.tar');
    await writeFile(layer, await packTar([{ header: { name: 'a', size: 1 }, body: 'a' }]));
  });
  after(() => Promise.all([cloud?.stop(), ground?.stop()]));
  beforeEach(() => {
    cloud.state.registries.splice(0);
    user = addPrincipal(cloud.state, { name: 'user', tenantId: cloud.home.tenantId });
  });

  function registry(traits: Partial<RegistryTraits> = {}): ContainerRegistry {
    const loginServer = new URL(cloud.address).host;
    return addRegistry(cloud.state, cloud.home, {
      name: 'shop',
      loginServer,
      store: ground.registry.backend,
      ...traits,
    });
  }

  async function crane(token: string, to: ContainerRegistry, ...args: readonly string[]): Promise<string> {
    const config = await dockerConfig(ground.dir, to, token);
    const env = { ...process.env, SSL_CERT_FILE: cloud.caFile, DOCKER_CONFIG: config };
    return (await outputOf(join(ground.tools, 'crane'), args, { env })).trim();
  }

  /** Pushes an image that no other has, past the sign-in of the cloud. */
  async function pushed(to: ContainerRegistry, name: string, label = name): Promise<string> {
    const administrator = addPrincipal(cloud.state, { name: 'administrator', tenantId: cloud.home.tenantId });
    assign(cloud.state, administrator.objectId, to.mode === 'abac' ? writer : 'AcrPush', to.id);
    const token = await tokenFor(to, administrator);
    const target = `${to.loginServer}/${name}`;
    await crane(token, to, 'append', '--oci-empty-base', '-f', layer, '-t', target);
    await crane(token, to, 'mutate', target, '--label', `of=${label}`, '-t', target);
    return crane(token, to, 'digest', target);
  }

  async function tokenFor(of: ContainerRegistry, principal = user, more = {}): Promise<string> {
    const token = await refreshTokenOf(cloud, of, principal, more);
    assert.ok(token, 'the registry exchanges no token');
    return token;
  }

  function sdk(of: ContainerRegistry, principal: Principal): ContainerRegistryClient {
    const credential = {
      getToken: async () => {
        const { token, expires } = await cloud.tokens.issue(principal, 'https://containerregistry.azure.net', 3600);
        return { token, expiresOnTimestamp: expires * 1000 };
      },
    };
    const audience = KnownContainerRegistryAudience.AzureResourceManagerPublicCloud;
    const retryOptions = { maxRetries: 0 };
    return new ContainerRegistryClient(`https://${of.loginServer}`, credential, { audience, retryOptions });
  }

  const listed = async <T>(pages: AsyncIterable<T>): Promise<readonly T[]> => {
    const all: T[] = [];
    for await (const one of pages) all.push(one);
    return all;
  };

  test('names its own sign-in, and the scope that is missing', async () => {
    const { loginServer } = registry();
    const ask = async (method: string, path: string, token = '') => {
      const headers = token ? { authorization: `Bearer ${token}` } : {};
      const { status, headers: answered } = await fetch(`https://${loginServer}${path}`, { method, headers });
      return `${status} ${answered.get('www-authenticate')}`;
    };
    const own = `401 Bearer realm="https://${loginServer}/oauth2/token",service="${loginServer}"`;
    assert.equal(await ask('GET', '/v2/'), own);
    assert.equal(await ask('GET', '/v2/app/manifests/1'), `${own},scope="repository:app:pull"`);
    assert.equal(await ask('POST', '/v2/app/blobs/uploads/'), `${own},scope="repository:app:pull,push"`);
    assert.equal(await ask('GET', '/acr/v1/a%2Fb/_tags'), `${own},scope="repository:a/b:metadata_read"`);
    assert.equal(await ask('GET', '/acr/v1/_catalog'), `${own},scope="registry:catalog:*"`);
    const shop = registry({ name: 'other', loginServer });
    cloud.assign(user, 'AcrPull', shop.id);
    cloud.state.registries.splice(0, 1);
    const token = await accessTokenOf(shop, await tokenFor(shop), 'repository:app:pull,push');
    const lacking = `${own},scope="repository:app:pull,push",error="insufficient_scope"`;
    assert.equal(await ask('POST', '/v2/app/blobs/uploads/', token), lacking);
  });

  test('exchanges tokens of its audience, of who has a role on it and is of its tenant', async () => {
    const shop = registry();
    assert.equal(await refreshTokenOf(cloud, shop, user), undefined);
    cloud.assign(user, 'AcrPull', shop.id);
    assert.ok(await refreshTokenOf(cloud, shop, user));
    const arm = { audience: 'https://management.azure.com/' };
    assert.equal(await refreshTokenOf(cloud, shop, user, arm), undefined);
    shop.armAudience = true;
    assert.ok(await refreshTokenOf(cloud, shop, user, arm));
    assert.equal(await refreshTokenOf(cloud, shop, user, { audience: 'https://storage.azure.com' }), undefined);
    assert.equal(
      await refreshTokenOf(cloud, shop, user, { tenant: 'ffffffff-ffff-4fff-8fff-ffffffffffff' }),
      undefined,
    );
    const stranger = addPrincipal(cloud.state, { name: 'stranger', tenantId: 'eeeeeeee-eeee-4eee-8eee-eeeeeeeeeeee' });
    cloud.assign(stranger, 'AcrPull', shop.id);
    assert.equal(await refreshTokenOf(cloud, shop, stranger), undefined);
  });

  test('lets an image be pulled with AcrPull, and pushed with AcrPush, by an ordinary client', async () => {
    const shop = registry();
    const digest = await pushed(shop, 'shop/cart:1');
    cloud.assign(user, 'AcrPull', shop.id);
    const image = `${shop.loginServer}/shop/cart`;
    assert.equal(await crane(await tokenFor(shop), shop, 'digest', `${image}:1`), digest);
    const push = async () =>
      crane(await tokenFor(shop), shop, 'append', '--oci-empty-base', '-f', layer, '-t', `${image}:2`);
    await assert.rejects(push(), /insufficient_scope|UNAUTHORIZED/);
    cloud.assign(user, 'AcrPush', shop.id);
    assert.match(await push(), /@sha256:/);
  });

  test('gives tokens by every way that clients ask', async () => {
    const shop = registry();
    cloud.assign(user, 'AcrPull', shop.id);
    const password = await tokenFor(shop);
    const username = '00000000-0000-0000-0000-000000000000';
    const url = `https://${shop.loginServer}/oauth2/token`;
    const scope = 'repository:app:pull';
    const basic = (name: string) => ({ authorization: `Basic ${btoa(`${name}:${password}`)}` });
    const form = (fields: Readonly<Record<string, string>>) => ({ method: 'POST', body: new URLSearchParams(fields) });
    const requests = [
      fetch(`${url}?scope=${scope}`, { headers: basic(username) }),
      fetch(url, form({ grant_type: 'password', username, password, scope })),
      fetch(url, form({ grant_type: 'refresh_token', refresh_token: password, scope })),
      fetch(`${url}?scope=${scope}`, { headers: basic('somebody') }),
      fetch(`${url}?scope=${scope}`),
    ];
    assert.deepEqual(
      (await Promise.all(requests)).map(({ status }) => status),
      [200, 200, 200, 401, 401],
    );
  });

  test('in ABAC mode honours only the roles on repositories, as far as their conditions go', async () => {
    const shop = registry({ mode: 'abac' });
    await pushed(shop, 'shop/cart:1');
    await pushed(shop, 'secret:1');
    cloud.assign(user, 'AcrPull', shop.id);
    cloud.assign(user, 'Owner', shop.id);
    assert.equal(await refreshTokenOf(cloud, shop, user), undefined);
    assign(cloud.state, user.objectId, reader, shop.id, { condition: onlyShop });
    const digest = async (name: string) => crane(await tokenFor(shop), shop, 'digest', `${shop.loginServer}/${name}`);
    assert.match(await digest('shop/cart:1'), /^sha256:/);
    await assert.rejects(digest('secret:1'), /insufficient_scope|UNAUTHORIZED/);
  });

  test('is listed and cleaned by the official client', async () => {
    const shop = registry();
    const digest = await pushed(shop, 'clean/app:1', 'one');
    await pushed(shop, 'clean/app:2', 'two');
    assert.equal(await pushed(shop, 'clean/app:also-1', 'one'), digest);
    cloud.assign(user, 'AcrPull', shop.id);
    const client = sdk(shop, user);
    assert.ok((await listed(client.listRepositoryNames())).includes('clean/app'));
    const repository = client.getRepository('clean/app');
    const manifests = await listed(repository.listManifestProperties());
    const tagsByDigest = Object.fromEntries(manifests.map(one => [one.digest, one.tags]));
    assert.deepEqual(tagsByDigest[digest], ['1', 'also-1']);
    const newest = await listed(repository.getArtifact(digest).listTagProperties({ order: 'LastUpdatedOnDescending' }));
    assert.deepEqual(
      newest.map(({ name }) => name),
      ['also-1', '2', '1'],
    );
    await assert.rejects(repository.getArtifact('also-1').deleteTag('also-1'));
    cloud.assign(user, 'AcrDelete', shop.id);
    const deleter = sdk(shop, user).getRepository('clean/app');
    await deleter.getArtifact('also-1').deleteTag('also-1');
    assert.deepEqual((await repository.getArtifact(digest).getTagProperties('1')).digest, digest);
    await deleter.getArtifact(digest).delete();
    const rest = await listed(repository.getArtifact('2').listTagProperties());
    assert.deepEqual(
      rest.map(({ name }) => name),
      ['2'],
    );
  });

  test('lists page by page', async () => {
    const shop = registry();
    for (const tag of ['a', 'b', 'c']) await pushed(shop, `paged:${tag}`, tag);
    cloud.assign(user, 'AcrPull', shop.id);
    const artifact = sdk(shop, user).getRepository('paged').getArtifact('a');
    const pages = await listed(artifact.listTagProperties().byPage({ maxPageSize: 2 }));
    assert.deepEqual(
      pages.map(page => page.map(({ name }) => name)),
      [['a', 'b'], ['c']],
    );
  });

  test('keeps images in quarantine until they are released', async () => {
    const shop = registry({ quarantine: true });
    cloud.assign(user, 'AcrPush', shop.id);
    const target = `${shop.loginServer}/fresh:1`;
    const token = await tokenFor(shop);
    const said = await crane(token, shop, 'append', '--oci-empty-base', '-f', layer, '-t', target);
    await assert.rejects(crane(token, shop, 'manifest', target), /quarantine|403/);
    shop.released.push(said.split('@')[1] ?? '');
    assert.match(await crane(token, shop, 'manifest', target), /schemaVersion/);
  });

  test('ends its tokens, and those of another registry are not good here', async () => {
    const shop = registry();
    const otherServer = new URL(await cloud.listen()).host;
    const other = registry({ name: 'other', loginServer: otherServer });
    for (const one of [shop, other]) cloud.assign(user, 'AcrPull', one.id);
    const ask = async (token: string) =>
      (await fetch(`https://${shop.loginServer}/v2/`, { headers: { authorization: `Bearer ${token}` } })).status;
    assert.equal(await ask(await accessTokenOf(shop, await tokenFor(shop))), 200);
    assert.equal(await ask(await accessTokenOf(other, await tokenFor(other))), 401);
    shop.tokenLife = -10;
    assert.equal(await ask(await accessTokenOf(shop, await tokenFor(shop))), 401);
  });
});
