import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { ManagedIdentityCredential } from '@azure/identity';
import type { Cloud } from './cloud.ts';
import { addPrincipal } from './state.ts';
import { startTrustedCloud } from './trusting.ts';

describe("a machine's identities", () => {
  let cloud: Cloud;
  before(async () => {
    cloud = await startTrustedCloud();
    process.env.AZURE_POD_IDENTITY_AUTHORITY_HOST = cloud.address;
    const { tenantId } = cloud.home;
    const resourceId =
      '/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/two';
    cloud.machineIdentities.push(
      addPrincipal(cloud.state, { name: 'one', tenantId }),
      addPrincipal(cloud.state, { name: 'two', tenantId, resourceId }),
    );
  });
  after(async () => {
    delete process.env.AZURE_POD_IDENTITY_AUTHORITY_HOST;
    await cloud?.stop();
  });

  const scope = 'https://management.azure.com/.default';
  const retryOptions = { maxRetries: 0 };

  test('are had by client id and by path', async () => {
    const [one, two] = cloud.machineIdentities;
    assert.ok(one && two?.resourceId);
    const asked = [
      { principal: one, credential: new ManagedIdentityCredential({ clientId: one.clientId, retryOptions }) },
      { principal: two, credential: new ManagedIdentityCredential({ resourceId: two.resourceId, retryOptions }) },
    ];
    for (const { principal, credential } of asked) {
      const { token } = await credential.getToken(scope);
      const verdict = await cloud.tokens.check(token, ['https://management.azure.com']);
      assert.equal(verdict.kind === 'valid' && verdict.principal, principal);
    }
  });

  test('are not had by others, nor without saying which when there are two', async () => {
    await assert.rejects(new ManagedIdentityCredential({ clientId: 'none', retryOptions }).getToken(scope));
    await assert.rejects(new ManagedIdentityCredential({ retryOptions }).getToken(scope));
    const answers = cloud.requests.slice(-2).map(({ status, part }) => ({ status, part }));
    assert.deepEqual(answers, [
      { status: 400, part: 'imds' },
      { status: 400, part: 'imds' },
    ]);
  });

  test('are not given without the header that a page cannot send', async () => {
    const path = '/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https://storage.azure.com';
    assert.equal((await fetch(cloud.address + path)).status, 400);
  });
});
