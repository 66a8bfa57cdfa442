import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Secret } from '../../src/core/secret.ts';
import { RemoteError } from '../../src/errors.ts';
import type { ResourceManager } from '../../src/flows/azure-port.ts';
import { AzureRegistries } from '../../src/flows/azure-registries.ts';
import { registryAccess } from '../../src/flows/registry-access.ts';
import { azureEnvironment, identityOf } from '../support/azure-identity.ts';

const signal = new AbortController().signal;

function registriesWith(list: () => Promise<readonly unknown[]>) {
  const paths: string[] = [];
  const resources: ResourceManager = {
    subscriptionId: 'sub-1',
    call: () => Promise.reject(new Error('no single resource is needed')),
    list: ({ path }) => {
      paths.push(path);
      return list();
    },
  };
  return { paths, registries: new AzureRegistries(resources, azureEnvironment) };
}

const entry = (name: string, loginServer: string, roleAssignmentMode?: string) => ({
  id: `/subscriptions/sub-1/resourceGroups/rg/providers/Microsoft.ContainerRegistry/registries/${name}`,
  name,
  properties: { loginServer, roleAssignmentMode },
});
const shop = entry('Shop', 'shop-e1f2.azurecr.io', 'AbacRepositoryPermissions');

describe('the registries of the subscription', () => {
  it('give a bare name its login server, listed once', async () => {
    const { registries, paths } = registriesWith(async () => [shop, { odd: true }]);
    assert.equal(await registries.resolve('shop/functions', signal), 'shop-e1f2.azurecr.io/functions');
    assert.equal((await registries.find('shop-e1f2.azurecr.io', signal))?.byRepository, true);
    assert.deepEqual(paths, ['/subscriptions/sub-1/providers/Microsoft.ContainerRegistry/registries']);
  });

  it('are not asked for a login server', async () => {
    const { registries, paths } = registriesWith(async () => []);
    assert.equal(await registries.resolve('shop.azurecr.io', signal), 'shop.azurecr.io');
    assert.equal(await registries.isRegistry('shop.azurecr.io', signal), true);
    assert.deepEqual(paths, []);
  });

  it('leave the usual login server to a name that they do not know or may not be seen by', async () => {
    const forbidden = registriesWith(() => Promise.reject(new RemoteError('no right', 403)));
    assert.equal(await forbidden.registries.resolve('shop', signal), 'shop.azurecr.io');
    assert.equal(await forbidden.registries.isRegistry('r.example.com', signal), false);
    const other = registriesWith(async () => [shop]);
    assert.equal(await other.registries.resolve('cart/x', signal), 'cart.azurecr.io/x');
  });

  it('pass other failures on', async () => {
    const { registries } = registriesWith(() => Promise.reject(new RemoteError('throttled', 429)));
    await assert.rejects(registries.resolve('shop', signal), /throttled/);
  });
});

describe('the sign-in at a registry', () => {
  const given = { host: 'r.io', credentials: { username: 'ci', password: new Secret('p') } };
  const identity = identityOf();
  const { registries } = registriesWith(async () => [entry('lab', '127.0.0.1:5000')]);
  const login = { username: 'docker', password: new Secret('d') };
  const access = registryAccess({
    given,
    azure: { identity, isRegistry: (host, stop) => registries.isRegistry(host, stop) },
    dockerLogin: async host => (host === 'ghcr.io' ? login : undefined),
  });

  it('is what was given, for its host alone', async () => {
    assert.equal(await access('r.io', signal), given.credentials);
    assert.equal(await access('quay.io', signal), undefined);
  });

  it('is the identity for registries of Azure alone', async () => {
    for (const host of ['shop.azurecr.io', '127.0.0.1:5000'])
      assert.deepEqual(await access(host, signal), { identity });
    assert.equal(await access('azurecr.io.example.com', signal), undefined);
  });

  it('is else the one that Docker holds', async () => {
    assert.equal(await access('ghcr.io', signal), login);
  });
});
