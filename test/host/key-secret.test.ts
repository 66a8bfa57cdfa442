import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { issueCertificates } from '../lab/certificates.ts';
import { waitUntil } from '../lab/processes.ts';
import { appOf } from './app-folder.ts';
import { startHost } from './running-host.ts';

const encoded = (text: string) => Buffer.from(text).toString('base64');

/** API server with one Secret `keys` in namespace `shop`: get, patch and watch with a token, nothing else. */
async function secretServer(pki: string, data: Record<string, string>) {
  const requests: string[] = [];
  const watchers: ServerResponse[] = [];
  let version = 1;
  const secret = () => ({ kind: 'Secret', metadata: { name: 'keys', resourceVersion: String(version) }, data });
  const change = (added: Record<string, string>) => {
    version += 1;
    Object.assign(data, added);
    for (const watcher of watchers) watcher.write(`${JSON.stringify({ type: 'MODIFIED', object: secret() })}\n`);
  };
  const [cert, key] = await Promise.all(['apiserver.crt', 'apiserver.key'].map(name => readFile(join(pki, name))));
  const server = createServer({ cert, key }, async (request, response) => {
    requests.push(`${request.method} ${request.url}`);
    if (request.headers.authorization !== 'Bearer pod-token') return response.writeHead(401).end();
    if (request.url?.includes('watch=true')) {
      watchers.push(response);
      return response.write(`${JSON.stringify({ type: 'ADDED', object: secret() })}\n`);
    }
    if (request.method === 'PATCH') change(JSON.parse(`${Buffer.concat(await request.toArray())}`).data);
    response.end(JSON.stringify(secret()));
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const stop = async () => {
    server.closeAllConnections();
    server.close();
  };
  return { requests, change, port: (server.address() as AddressInfo).port, [Symbol.asyncDispose]: stop };
}

test('keys in a Secret are read, completed and followed', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'aks-functions-secret-'));
  try {
    await issueCertificates(join(dir, 'pki'));
    const account = join(dir, 'var/run/secrets/kubernetes.io/serviceaccount');
    await mkdir(account, { recursive: true });
    await writeFile(join(account, 'token'), 'pod-token\n');
    await writeFile(join(account, 'namespace'), 'shop');
    await writeFile(join(account, 'ca.crt'), await readFile(join(dir, 'pki/ca.crt')));
    const data: Record<string, string> = { 'host.master': encoded('m') };
    await using server = await secretServer(join(dir, 'pki'), data);
    await using folder = await appOf({
      'package.json': '{"main":"index.js"}',
      'index.js': `require('@azure/functions').app.http('Orders', { authLevel: 'function', handler: () => ({ body: 'in' }) });`,
    });
    await using host = await startHost(folder.path, {
      FUNCTIONS_WORKER_RUNTIME: 'node',
      STAND_IN_HOST_FILES: dir,
      AzureWebJobsSecretStorageType: 'kubernetes',
      AzureWebJobsKubernetesSecretName: 'secrets/keys',
      KUBERNETES_SERVICE_HOST: '127.0.0.1',
      KUBERNETES_SERVICE_PORT: String(server.port),
    });
    assert.equal(data['host.master'], encoded('m'));
    assert.deepEqual(Object.keys(data).sort(), [
      'functions.orders.default',
      'host.function.default',
      'host.master',
      'host.systemKey.default',
    ]);
    const made = Buffer.from(data['functions.orders.default'] ?? '', 'base64').toString();
    assert.equal((await host.ask('/api/orders', { key: made })).status, 200);
    assert.equal((await host.ask('/api/orders', { key: 'later' })).status, 401);
    server.change({ 'functions.orders.extra': encoded('later') });
    await waitUntil(
      'the new key opens',
      async () => (await host.ask('/api/orders', { key: 'later' })).status === 200,
      5_000,
    );
    assert.ok(server.requests.some(line => line.startsWith('GET /api/v1/namespaces/shop/secrets?watch=true')));
    assert.equal(host.log().includes(made), false);
  } finally {
    await rm(dir, { recursive: true });
  }
});
