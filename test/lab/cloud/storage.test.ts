import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { QueueServiceClient } from '@azure/storage-queue';
import { type Lab, startLab } from '../lab.ts';
import type { LabCloud } from '../lab-cloud.ts';
import { addPrincipal, type Principal } from './state.ts';
import { trustCloud } from './trusting.ts';

const contributor = 'Storage Queue Data Contributor';

describe('queues for principals', () => {
  let lab: Lab & { readonly cloud: LabCloud };
  before(async () => {
    lab = await startLab({ profile: 'api', cloud: true });
    trustCloud(lab.cloud);
  });
  after(() => lab?.stop());

  const account = () => {
    const [first] = lab.cloud.state.storageAccounts;
    assert.ok(first);
    return first;
  };

  function principalWith(role?: string): Principal {
    const principal = addPrincipal(lab.cloud.state, { name: `with ${role}`, tenantId: lab.cloud.home.tenantId });
    if (role) lab.cloud.assign(principal, role, account().id);
    return principal;
  }

  interface Wish {
    readonly principal: Principal;
    readonly audience?: string;
    readonly life?: number;
    /** Whether the service is asked by its real name. */
    readonly byName?: boolean;
  }

  async function serviceFor({ principal, audience, life, byName }: Wish): Promise<QueueServiceClient> {
    const { cloud } = lab;
    const { token, expires } = await cloud.tokens.issue(
      principal,
      audience ?? 'https://storage.azure.com/',
      life ?? 3600,
    );
    const credential = { getToken: async () => ({ token, expiresOnTimestamp: Math.abs(expires) * 1000 + 3_600_000 }) };
    const name = account().name;
    const address = byName ? `https://${name}.queue.core.windows.net` : `${cloud.address}/${name}`;
    const proxy = new URL(cloud.proxy.address);
    return new QueueServiceClient(address, credential, {
      retryOptions: { maxTries: 1 },
      ...(byName ? { proxyOptions: { host: `http://${proxy.hostname}`, port: Number(proxy.port) } } : {}),
    });
  }

  test('have the same messages as for connection strings', async () => {
    await lab.queue.create('orders');
    const service = await serviceFor({ principal: principalWith(contributor) });
    await service.getQueueClient('orders').sendMessage('x');
    assert.equal(await lab.queue.count('orders'), 1);
    await service.getQueueClient('orders').clearMessages();
    assert.equal(await lab.queue.count('orders'), 0);
  });

  test('are there under their real name, through the proxy', async () => {
    const service = await serviceFor({ principal: principalWith(contributor), byName: true });
    await service.createQueue('named');
    assert.equal(await lab.queue.count('named'), 0);
    assert.deepEqual(lab.cloud.proxy.asked.at(-1), `${account().name}.queue.core.windows.net:443`);
  });

  test('are refused to who has no role, and to who may only read', async () => {
    await lab.queue.create('guarded');
    const nobody = await serviceFor({ principal: principalWith() });
    const reader = await serviceFor({ principal: principalWith('Storage Queue Data Reader') });
    const mismatch = { statusCode: 403, code: 'AuthorizationPermissionMismatch' };
    await assert.rejects(nobody.getQueueClient('guarded').getProperties(), mismatch);
    assert.equal((await reader.getQueueClient('guarded').getProperties()).approximateMessagesCount, 0);
    await assert.rejects(reader.getQueueClient('guarded').sendMessage('x'), mismatch);
    await assert.rejects(reader.getQueueClient('guarded').receiveMessages(), mismatch);
  });

  test('are no more shown to who may only process messages than by the real service', async () => {
    await lab.queue.create('work');
    const processor = await serviceFor({ principal: principalWith('Storage Queue Data Message Processor') });
    await processor.getQueueClient('work').receiveMessages();
    await assert.rejects(processor.getQueueClient('work').getProperties(), { statusCode: 403 });
  });

  test('are refused with a token for another service or one that ended', async () => {
    const principal = principalWith(contributor);
    for (const wish of [{ audience: 'https://management.azure.com' }, { life: -10 }]) {
      const service = await serviceFor({ principal, ...wish });
      await assert.rejects(service.getQueueClient('orders').getProperties(), { statusCode: 401 });
    }
  });
});
