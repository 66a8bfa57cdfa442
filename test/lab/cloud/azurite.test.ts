import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { QueueServiceClient } from '@azure/storage-queue';
import { newAuthority, serverCertificate } from '../certificates.ts';
import { freePorts, Processes } from '../processes.ts';
import { startTrustedCloud } from './trusting.ts';

test('tokens of Entra are of the form that Azurite takes from the real one', async () => {
  await using undo = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'azurite-'));
  undo.defer(() => rm(folder, { recursive: true, force: true }));
  const authority = await newAuthority();
  const cloud = undo.use(await startTrustedCloud({ authority }));
  const { cert, key } = await serverCertificate(authority, ['127.0.0.1']);
  const [certFile, keyFile] = [join(folder, 'tls.crt'), join(folder, 'tls.key')];
  await Promise.all([writeFile(certFile, cert), writeFile(keyFile, key)]);
  const processes = await Processes.in(folder);
  undo.defer(() => processes.stop());
  const port = String((await freePorts(1))());
  const script = join(import.meta.dirname, '..', 'node_modules', 'azurite', 'dist', 'src', 'queue', 'main.js');
  processes.start(process.execPath, [
    ...[script, '--inMemoryPersistence', '--skipApiVersionCheck', '--disableTelemetry', '--silent'],
    ...['--queueHost', '127.0.0.1', '--queuePort', port, '--oauth', 'basic', '--cert', certFile, '--key', keyFile],
  ]);
  const endpoint = `https://127.0.0.1:${port}/devstoreaccount1`;
  await processes.until('Azurite answers', async () => (await fetch(endpoint)).status > 0);

  const serviceFor = async (audience: string) => {
    const { token, expires } = await cloud.tokens.issue(cloud.deployer, audience, 3600);
    const credential = { getToken: async () => ({ token, expiresOnTimestamp: expires * 1000 }) };
    return new QueueServiceClient(endpoint, credential, { retryOptions: { maxTries: 1 } });
  };
  const service = await serviceFor('https://storage.azure.com');
  await service.createQueue('orders');
  assert.equal((await service.getQueueClient('orders').getProperties()).approximateMessagesCount, 0);
  const foreign = await serviceFor('https://management.azure.com');
  await assert.rejects(foreign.getQueueClient('orders').getProperties(), { statusCode: 403 });
});
