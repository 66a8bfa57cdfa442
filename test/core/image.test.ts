import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { formatImageReference, parseImageReference, parseRegistry, repositoryOf } from '../../src/core/image.ts';
import { dockerConfigJson } from '../../src/core/image-pull-secret.ts';
import { Secret } from '../../src/core/secret.ts';

const digest = `sha256:${'a'.repeat(64)}`;

describe('image reference', () => {
  const cases = [
    { given: 'node', host: 'docker.io', repository: 'library/node', tag: 'latest' },
    { given: 'acme/shop:1.2', host: 'docker.io', repository: 'acme/shop', tag: '1.2' },
    { given: 'shop.azurecr.io/orders:v1', host: 'shop.azurecr.io', repository: 'orders', tag: 'v1' },
    { given: 'localhost/orders', host: 'localhost', repository: 'orders', tag: 'latest' },
    { given: '127.0.0.1:5000/a/b/c:x', host: '127.0.0.1:5000', repository: 'a/b/c', tag: 'x' },
    { given: `ghcr.io/acme/shop@${digest}`, host: 'ghcr.io', repository: 'acme/shop', digest },
    { given: `ghcr.io/acme/shop:1@${digest}`, host: 'ghcr.io', repository: 'acme/shop', tag: '1', digest },
  ];
  for (const { given, ...expected } of cases) {
    it(`reads "${given}" as Docker does`, () => assert.deepEqual(parseImageReference(given), expected));
  }

  it('is written in full', () => {
    const text = `ghcr.io/acme/shop:1@${digest}`;
    assert.equal(formatImageReference(parseImageReference(text)), text);
  });

  const faulty = [
    'https://ghcr.io/a',
    'ghcr.io/Acme/shop',
    'ghcr.io/a@sha256:12',
    'ghcr.io/a:no tag',
    'ghcr.io/',
    'a@b@c',
    '',
  ];
  for (const text of faulty) {
    it(`refuses "${text}" and quotes the input it came from`, () => {
      assert.throws(() => parseImageReference(text, 'base-image'), {
        name: 'UserError',
        message: /Input "base-image" .*got ".*"\. Write it/,
      });
    });
  }
});

describe('registry', () => {
  const cases = [
    { given: 'shopregistry', host: 'shopregistry.azurecr.io', prefix: '' },
    { given: 'shopregistry/team', host: 'shopregistry.azurecr.io', prefix: 'team' },
    { given: 'shop.azurecr.io', host: 'shop.azurecr.io', prefix: '' },
    { given: 'ghcr.io/acme/apps', host: 'ghcr.io', prefix: 'acme/apps' },
    { given: 'localhost:5000/x', host: 'localhost:5000', prefix: 'x' },
    { given: 'localhost', host: 'localhost', prefix: '' },
  ];
  for (const { given, ...expected } of cases) {
    it(`reads "${given}"`, () => assert.deepEqual(parseRegistry(given), expected));
  }

  const faulty = [
    'https://shop.azurecr.io',
    'Shop.azurecr.io',
    'shop.azurecr.io/',
    'shop',
    'shop.azurecr.io/a:1',
    'my_shop',
    'a..b/',
  ];
  for (const text of faulty) {
    it(`refuses "${text}"`, () => {
      assert.throws(() => parseRegistry(text), {
        name: 'UserError',
        message: new RegExp(`Input "registry" .*got "${text}"`),
      });
    });
  }

  it('takes the suffix of another cloud for a bare name', () => {
    assert.equal(parseRegistry('shopregistry', 'azurecr.us').host, 'shopregistry.azurecr.us');
  });

  it('puts the prefix before the name of the app', () => {
    assert.equal(repositoryOf({ host: 'ghcr.io', prefix: 'acme' }, 'orders'), 'acme/orders');
    assert.equal(repositoryOf({ host: 'ghcr.io', prefix: '' }, 'orders'), 'orders');
  });
});

describe('pull secret', () => {
  it('signs in to one registry', () => {
    const text = dockerConfigJson('shop.azurecr.io', 'ci', new Secret('pä:ss')).reveal();
    const auth = Buffer.from('ci:pä:ss').toString('base64');
    assert.deepEqual(JSON.parse(text), { auths: { 'shop.azurecr.io': { auth } } });
  });

  it('uses the name under which Docker Hub is looked up', () => {
    assert.match(dockerConfigJson('docker.io', 'ci', new Secret('x')).reveal(), /index\.docker\.io\/v1/);
  });
});
