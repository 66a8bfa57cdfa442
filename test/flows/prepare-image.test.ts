import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDeployInputs } from '../../src/core/inputs/inputs.ts';
import { UserError } from '../../src/errors.ts';
import { compareWithImage, prepareAppOrImage } from '../../src/flows/prepare-image.ts';
import { inApp, layerOf, MemoryRegistry } from '../support/memory-registry.ts';
import { recordingLog, sourceTree } from '../support/registry-app.ts';

const signal = new AbortController().signal;
const options = { platform: 'linux/amd64', signal } as const;
const reference = { host: 'shop.azurecr.io', repository: 'apps/orders', tag: '1' };
const connection =
  'DefaultEndpointsProtocol=https;AccountName=shop;AccountKey=c2VjcmV0;EndpointSuffix=core.windows.net';
const binding = (queue: string) =>
  `{"bindings":[{"type":"queueTrigger","direction":"in","name":"m","queueName":"${queue}","connection":"Orders"}]}`;
const app = (queue: string) => ({
  'host.json': '{"version":"2.0"}',
  'package.json': '{}',
  'orders/function.json': binding(queue),
  'orders/index.js': '',
});

async function registryWith(files: Readonly<Record<string, string>>): Promise<MemoryRegistry> {
  const registry = new MemoryRegistry();
  registry.add('1', [await layerOf(inApp(files))]);
  return registry;
}

/** Prepares `shop.azurecr.io/apps/orders:1` in a folder with the given files. */
async function prepare(registry: MemoryRegistry, disk: Readonly<Record<string, string>> = {}) {
  const log = recordingLog();
  const inputs = parseDeployInputs(
    new Map([
      ['image', 'shop.azurecr.io/apps/orders:1'],
      ['kubeconfig', 'config'],
      ['secret-settings', `Orders=${connection}`],
    ]),
  );
  const ports = {
    workspace: { readSource: async () => sourceTree(disk) },
    files: { read: async (path: string) => disk[path.replace('./', '')] },
    mask: () => {},
    registryAt: () => registry,
    log,
  };
  return { ...(await prepareAppOrImage(inputs, ports, { signal })), ports, log };
}

test('an app without a source on disk is prepared from its image, by the digest that its tag has then', async () => {
  const registry = await registryWith(app('orders'));
  const { app: found, image } = await prepare(registry);
  assert.deepEqual([found.name, found.project.functions.map(({ name }) => name)], ['orders', ['orders']]);
  const { host, repository } = reference;
  assert.deepEqual(image, { host, repository, digest: await registry.findDigest('', '1') });
});

test('a source on disk is read, and no registry is asked', async () => {
  const registry = await registryWith(app('orders'));
  const { image } = await prepare(registry, app('orders'));
  assert.deepEqual([image, registry.opened], [undefined, []]);
});

test('the file of the image counts, and one on disk counts before it', async () => {
  const registry = await registryWith({ ...app('orders'), 'aks-functions.yml': 'version: 1\nname: image\n' });
  assert.equal((await prepare(registry)).app.name, 'image');
  const disk = { 'aks-functions.yml': 'version: 1\nname: disk\n' };
  assert.equal((await prepare(registry, disk)).app.name, 'disk');
});

test('a fault in the image names the image and no place in this checkout', async () => {
  const registry = await registryWith({ ...app('orders'), 'orders/function.json': '{' });
  const digest = await registry.findDigest('', '1');
  await assert.rejects(prepare(registry), (error: unknown) => {
    assert(error instanceof UserError);
    const [fault] = error.faults;
    assert.equal(fault?.place, undefined);
    assert.match(
      fault?.message ?? '',
      new RegExp(`^orders/function.json:1:2 in image "shop.azurecr.io/apps/orders@${digest}": `),
    );
    return true;
  });
});

test('without an app in the image either, both places are named', async () => {
  await assert.rejects(prepare(await registryWith({ 'a.js': '' })), {
    name: 'UserError',
    message:
      /^Image ".+:1" has no "host\.json" in .+\nFolder "\." has no "host\.json" either\. Set the input "app-directory"/,
  });
});

async function compare(source: Readonly<Record<string, string>>, image: Readonly<Record<string, string>>) {
  const { ports, log, ...prepared } = await prepare(await registryWith({}), source);
  const registry = await registryWith(image);
  await compareWithImage(reference, prepared, { ...ports, registryAt: () => registry }, options);
  return log.lines;
}

test('an image with the functions of the source is fine', async () => {
  const lines = await compare(app('orders'), app('orders'));
  assert.match(lines.join(), /^Read the app in \/home\/site\/wwwroot of [^,]+, 0\.0 MB$/);
});

test('an image with another queue than the source is an error', async () => {
  await assert.rejects(compare(app('orders'), app('sales')), {
    name: 'UserError',
    message:
      /^orders\/function\.json:1:\d+: Function "orders" has queueName "orders" in the source, but "sales" in image/,
  });
});

test('an image that does not tell its functions is said, and the source counts', async () => {
  for (const image of [{ 'a.js': '' }, { 'host.json': '{"version":"2.0"}' }]) {
    const lines = await compare(app('orders'), image);
    assert.match(lines.at(-1) ?? '', /^The functions of image ".+" are not known, so that those of the source count: /);
  }
});

test('functions that the file declares are no difference', async () => {
  const file = {
    'aks-functions.yml':
      'version: 1\nfunctions:\n  go:\n    bindings: [{ type: httpTrigger, name: r, direction: in }]\n',
  };
  await compare({ ...app('orders'), ...file }, app('orders'));
});
