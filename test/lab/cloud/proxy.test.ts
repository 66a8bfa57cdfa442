import assert from 'node:assert/strict';
import { request } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { ClientSecretCredential } from '@azure/identity';
import type { Cloud } from './cloud.ts';
import { isPublicName } from './public-names.ts';
import { addPrincipal } from './state.ts';
import { startTrustedCloud } from './trusting.ts';

describe("the cloud's proxy", () => {
  let cloud: Cloud;
  before(async () => {
    cloud = await startTrustedCloud();
  });
  after(() => cloud?.stop());

  test('shows the cloud to the sign-in library as the real one', async () => {
    const { tenantId } = cloud.home;
    const { clientId } = addPrincipal(cloud.state, { name: 'by-secret', tenantId, secret: 'right' });
    const proxy = new URL(cloud.proxy.address);
    const proxyOptions = { host: `http://${proxy.hostname}`, port: Number(proxy.port) };
    const credential = new ClientSecretCredential(tenantId, clientId, 'right', { proxyOptions });
    const { token } = await credential.getToken('https://management.azure.com/.default');
    assert.equal((await cloud.tokens.check(token, ['https://management.azure.com'])).kind, 'valid');
    assert.deepEqual(cloud.proxy.asked, ['login.microsoftonline.com:443']);
  });

  function connectTo(path: string): Promise<number | undefined> {
    return new Promise((resolve, reject) => {
      const asked = request(new URL(cloud.proxy.address), { method: 'CONNECT', path });
      asked.once('error', reject);
      asked.once('connect', (answer, socket) => {
        socket.destroy();
        resolve(answer.statusCode);
      });
      asked.end();
    });
  }

  test('leads to loopback, and never outside', async () => {
    assert.equal(await connectTo(new URL(cloud.address).host), 200);
    for (const outside of ['example.com:443', 'login.microsoftonline.com.example:443', 'a.b.azurecr.io:443'])
      assert.equal(await connectTo(outside), 403);
  });

  test('knows names by one label for a star, whatever the case of letters', () => {
    for (const known of ['shop.azurecr.io', 'MANAGEMENT.azure.com', 'a.queue.core.windows.net'])
      assert.equal(isPublicName(known), true, known);
    for (const unknown of ['azurecr.io', '.azurecr.io', 'azure.com', 'queue.core.windows.net'])
      assert.equal(isPublicName(unknown), false, unknown);
  });
});
