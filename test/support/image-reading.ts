import { type ImageBounds, imageBounds, readImageApp } from '../../src/flows/discover-image.ts';
import { type LayerFiles, layerOf, type MemoryConfig, MemoryRegistry } from './memory-registry.ts';
import { recordingLog } from './registry-app.ts';

/** Text of a `host.json`, by its name. */
export const host = { 'host.json': '{"version":"2.0"}' };

/** Files of an app with the queue function `orders`. */
export const queueApp = {
  ...host,
  'package.json': '{}',
  'orders/function.json':
    '{"bindings":[{"type":"queueTrigger","direction":"in","name":"m","queueName":"orders","connection":"C"}]}',
  'orders/index.js': '',
};

/** Reads the app of image `shop.azurecr.io/apps/shop:1` of the registry. */
export async function readShop(
  registry: MemoryRegistry,
  bounds: Partial<ImageBounds> = {},
  signal = new AbortController().signal,
) {
  const log = recordingLog();
  const image = { host: 'shop.azurecr.io', repository: 'apps/shop', tag: '1' };
  const options = { platform: 'linux/amd64', signal, bounds: { ...imageBounds, ...bounds } } as const;
  const found = await readImageApp(image, { registryAt: () => registry, log }, options);
  return { ...found, lines: log.lines };
}

/** A registry with that image of these layers, the lowest first. */
export async function registryWith(layers: readonly LayerFiles[], config: MemoryConfig = {}) {
  const registry = new MemoryRegistry();
  const packed = await Promise.all(layers.map(files => layerOf(files)));
  return { registry, ...registry.add('1', packed, config) };
}
