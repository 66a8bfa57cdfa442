import assert from 'node:assert/strict';
import test from 'node:test';
import { findConnection, storageConnectionFault } from '../../src/core/connections.ts';
import { Secret } from '../../src/core/secret.ts';
import { mergeSettings, plainLayer } from '../../src/core/settings.ts';

const connectionCases: readonly { name: string; given: Readonly<Record<string, string>>; expected: unknown }[] = [
  { name: 'prefers the prefixed name', given: { C: 'x', AzureWebJobsC: 'y' }, expected: ['string', 'AzureWebJobsC'] },
  { name: 'takes the name itself', given: { C: 'x' }, expected: ['string', 'C'] },
  {
    name: 'takes an identity when there is no text',
    given: { C: '', C__accountName: 'acc', C__clientId: 'id' },
    expected: ['identity', 'C', 'acc', 'id'],
  },
  {
    name: 'prefers the prefixed identity',
    given: { C: 'x', AzureWebJobsC__queueServiceUri: 'https://a' },
    expected: ['identity', 'AzureWebJobsC', undefined, undefined],
  },
  { name: 'does not take a client id alone for a connection', given: { C__clientId: 'id' }, expected: undefined },
  {
    name: 'finds a connection string of local.settings.json',
    given: { ConnectionStrings__C: 'x' },
    expected: ['string', 'ConnectionStrings__C'],
  },
];

for (const { name, given, expected } of connectionCases) {
  test(`a connection ${name}`, () => {
    const found = findConnection(mergeSettings([plainLayer(given)]), 'C');
    const shown =
      found?.kind === 'identity'
        ? [found.kind, found.setting, found.values.get('accountName'), found.values.get('clientId')]
        : found && [found.kind, found.setting];
    assert.deepEqual(shown, expected);
  });
}

test('a connection may be in an object whose keys are not known', () => {
  assert.deepEqual(findConnection(mergeSettings([], [{ kind: 'ConfigMap', name: 'c' }]), 'C'), {
    kind: 'string',
    setting: 'C',
  });
});

const shapes = [
  {
    given: 'DefaultEndpointsProtocol=https;AccountName=a;AccountKey=b==;EndpointSuffix=core.windows.net',
    expected: undefined,
  },
  { given: 'QueueEndpoint=http://127.0.0.1:10001/a;SharedAccessSignature=sv=1', expected: undefined },
  { given: 'AccountName=a', expected: /^has neither AccountKey/ },
  { given: 'Endpoint=sb://x;SharedAccessKey=hush', expected: /neither AccountName nor QueueEndpoint/ },
  { given: 'hush', expected: /^is no connection string/ },
  { given: 'UseDevelopmentStorage=true', expected: /emulator/ },
  { given: '@Microsoft.KeyVault(SecretUri=https://hush)', expected: /Key Vault reference/ },
];

for (const { given, expected } of shapes) {
  test(`a connection string "${given.slice(0, 24)}…" is ${expected ? 'refused without its value' : 'accepted'}`, () => {
    const fault = storageConnectionFault(new Secret(given));
    if (expected) assert.match(fault ?? '', expected);
    else assert.equal(fault, undefined);
    assert.ok(!fault?.includes('hush'));
  });
}
