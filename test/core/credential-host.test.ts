import assert from 'node:assert/strict';
import { test } from 'node:test';
import { credentialHostOf } from '../../src/core/credential-host.ts';

const cases = [
  { name: 'a registry', given: { registry: 'shopapps' }, expected: 'shopapps.azurecr.io' },
  {
    name: 'a registry beside an image of another host',
    given: { registry: 'shop.azurecr.io/apps', image: 'other.host/x:1' },
    expected: 'shop.azurecr.io',
  },
  { name: 'an image alone', given: { image: 'other.host/x:1' }, expected: 'other.host' },
  { name: 'an image without a host', given: { image: 'acme/x' }, expected: 'docker.io' },
  { name: 'neither', given: {}, expected: undefined },
];

for (const { name, given, expected } of cases) {
  test(`credentials go to the host of ${name}`, () => assert.equal(credentialHostOf(given), expected));
}
