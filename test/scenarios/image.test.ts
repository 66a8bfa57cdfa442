import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { runCommand, runStep } from '../support/action.ts';
import { inApp, type LayerFiles, tarOf } from '../support/memory-registry.ts';
import { type AppOnDisk, writeApp } from '../support/registry-app.ts';
import { fakePrograms } from '../support/registry-programs.ts';
import { RegistryServer } from '../support/registry-server.ts';
import { messagesOf } from './faults-shown.ts';
import { connectionString, kubeconfigFor, queueApp } from './faulty-apps.ts';

const host = { 'host.json': '{"version":"2.0"}' };
const connected = { 'secret-settings': `Orders=${connectionString('a2V5LW9mLW5vYm9keQ==')}` };
const sales = {
  'package.json': '{}',
  'sales/function.json': queueApp['orders/function.json'] ?? '',
  'sales/index.js': '',
};
const type = 'application/vnd.oci.image.manifest.v1+json';

/** Puts an image of these layers, the lowest first, into the registry as `apps/shop`; says its reference by digest. */
async function addImage(registry: RegistryServer, layers: readonly LayerFiles[], tag = '1'): Promise<string> {
  const packed = await Promise.all(layers.map(async files => gzipSync(await tarOf(files))));
  const stored = packed.map(layer => registry.addBlob('apps/shop', layer));
  const rootfs = { type: 'layers', diff_ids: stored.map(({ digest }) => digest) };
  const config = registry.addBlob('apps/shop', JSON.stringify({ os: 'linux', architecture: 'amd64', rootfs }));
  const digest = registry.addManifest('apps/shop', tag, type, {
    schemaVersion: 2,
    mediaType: type,
    config: { mediaType: 'application/vnd.oci.image.config.v1+json', ...config },
    layers: stored.map(layer => ({ mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', ...layer })),
  });
  return `${registry.host}/apps/shop@${digest}`;
}

/** Runs the root action in a folder that holds no app. */
async function runWithoutSource(registry: RegistryServer, inputs: Readonly<Record<string, string>>, folder: AppOnDisk) {
  const image = `${registry.host}/apps/shop:1`;
  const workspace = join(folder.path, 'empty');
  return runStep('root', { with: { auth: 'none', image, ...inputs }, workspace });
}

test('an image alone is rendered from the app in its layers, by the digest that was read', async () => {
  await using registry = await RegistryServer.start();
  const removed = { 'home/site/wwwroot/old/.wh.function.json': '' };
  const old = { 'old/function.json': queueApp['orders/function.json'] ?? '', 'old/index.js': '' };
  const reference = await addImage(registry, [inApp({ ...host, ...queueApp, ...old }), removed]);
  await using folder = await writeApp({ 'empty/notes.txt': '' });
  const inputs = { ...connected, mode: 'render', 'manifests-directory': 'out' };
  const result = await runWithoutSource(registry, inputs, folder);
  assert.equal(result.code, 0, result.log);
  assert.deepEqual([result.outputs.name, result.outputs.image, result.outputs.built], ['shop', reference, 'false']);
  assert.deepEqual(
    JSON.parse(result.outputs.functions ?? '').map(({ name }: { name: string }) => name),
    ['orders'],
  );
  const manifests = await readFile(join(folder.path, 'empty/out/shop.yaml'), 'utf8');
  assert.match(manifests, /kind: ScaledObject/);
  assert.match(manifests, new RegExp(`image: ${reference}`));
});

test('an image without an app is named together with the folder', async () => {
  await using registry = await RegistryServer.start();
  await addImage(registry, [{ 'etc/x': '' }]);
  await using folder = await writeApp({ 'empty/notes.txt': '' });
  const result = await runWithoutSource(registry, { kubeconfig: kubeconfigFor('https://127.0.0.1:1') }, folder);
  assert.equal(result.code, 1);
  assert.match(
    messagesOf(result),
    /Image ".+\/apps\/shop:1" has no "host\.json" in "\/home\/site\/wwwroot"\. .+\n.*Folder "\." has no "host\.json" either\./,
  );
});

test('a folder that does not exist is no folder without an app', async () => {
  await using registry = await RegistryServer.start();
  await using folder = await writeApp({ 'empty/notes.txt': '' });
  const inputs = { 'app-directory': 'no/such', kubeconfig: kubeconfigFor('https://127.0.0.1:1') };
  const result = await runWithoutSource(registry, inputs, folder);
  assert.equal(result.code, 1);
  assert.match(messagesOf(result), /^Folder "no\/such" has no "host\.json"\. Set/);
  assert.deepEqual(registry.calls, []);
});

test('an image that was built from another source is an error before the cluster changes', async () => {
  await using registry = await RegistryServer.start();
  await addImage(registry, [inApp({ ...host, ...sales })]);
  await using app = await writeApp(queueApp);
  const result = await runCommand(
    ['deploy', '--image', `${registry.host}/apps/shop:1`, '--name', 'shop'],
    {
      AKS_FUNCTIONS_KUBECONFIG: kubeconfigFor('https://127.0.0.1:1'),
      AKS_FUNCTIONS_SECRET_SETTINGS: connected['secret-settings'],
    },
    app.path,
  );
  assert.equal(result.code, 1);
  assert.match(result.stderr, /Function "orders" is in the source, but not in image/);
  assert.match(
    result.stderr,
    /Function "sales" is in image ".+" \(sales\/function\.json:\d+(?::\d+)?\), but not in the source/,
  );
});

test('the command line lists the functions of an image, and compares them with a folder that is named', async () => {
  await using registry = await RegistryServer.start();
  await addImage(registry, [inApp({ ...host, ...sales })]);
  await using app = await writeApp(queueApp);
  const args = ['discover', '--image', `${registry.host}/apps/shop:1`];
  const listed = await runCommand([...args, '--format', 'json'], {}, app.path);
  assert.equal(listed.code, 0, listed.stderr);
  const { runtime, model, functions } = JSON.parse(listed.stdout);
  assert.deepEqual(
    [runtime, model, functions.map(({ name }: { name: string }) => name)],
    ['node', 'function.json', ['sales']],
  );
  const compared = await runCommand([...args, '.'], {}, app.path);
  assert.deepEqual([compared.code, compared.stdout], [1, '']);
  assert.match(compared.stderr, /Function "orders" is in the source, but not in image/);
});

test('the command line renders an image alone, and asks no registry where the folder holds the app', async () => {
  await using registry = await RegistryServer.start();
  await addImage(registry, [inApp({ ...host, ...sales })]);
  await using app = await writeApp({ ...queueApp, 'empty/notes.txt': '' });
  const settings = { AKS_FUNCTIONS_SECRET_SETTINGS: connected['secret-settings'] };
  const args = ['render', '--image', `${registry.host}/apps/shop:1`, '--name', 'shop'];
  const offline = await runCommand(args, settings, app.path);
  assert.equal(offline.code, 0, offline.stderr);
  assert.deepEqual(registry.calls, []);
  const alone = await runCommand([...args, 'empty'], settings, app.path);
  assert.equal(alone.code, 0, alone.stderr);
  assert.match(alone.stdout, new RegExp(`image: ${registry.host}/apps/shop:1`));
  const nowhere = await runCommand(['render', 'empty', '--image', '127.0.0.1:1/shop:1'], settings, app.path);
  assert.equal(nowhere.code, 2);
  assert.match(nowhere.stderr, /Error: Folder "empty" has no "host\.json" either\. .+\n$/);
});

test('what Docker built is compared with the source', async () => {
  await using registry = await RegistryServer.start();
  await addImage(registry, [inApp({ ...host, ...sales })], 'built');
  await using programs = await fakePrograms({ docker: '' });
  await using app = await writeApp({ ...queueApp, Dockerfile: 'FROM scratch' });
  const targets = { registry: `${registry.host}/apps`, kubeconfig: kubeconfigFor('https://127.0.0.1:1') };
  const result = await runStep('root', {
    with: { ...connected, ...targets, auth: 'none', name: 'shop', builder: 'docker', tags: 'built' },
    env: { PATH: `${programs.environment.PATH}${delimiter}${process.env.PATH}` },
    workspace: app.path,
  });
  assert.equal(result.code, 1);
  assert.match(result.log, /Built and pushed .+ with Docker/);
  assert.match(messagesOf(result), /Function "orders" is in the source, but not in image/);
});
