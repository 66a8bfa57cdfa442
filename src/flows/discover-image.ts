import { formatImageReference, type ImageReference } from '../core/image.ts';
import { endsWithPackages, layersBelowApp, scriptRootOf } from '../core/image-config.ts';
import { ImageFiles } from '../core/image-files.ts';
import type { Descriptor, Platform } from '../core/image-manifest.ts';
import type { SourceTree } from '../core/project.ts';
import { UserError } from '../errors.ts';
import { fetchConfig, fetchImage } from './fetch-image.ts';
import type { ImageRegistry, Log } from './ports.ts';
import { type LayerBounds, type LayerBudget, readLayer } from './read-layer.ts';

/** What reading an image needs. */
export interface ImageReadPorts {
  readonly registryAt: (host: string) => ImageRegistry;
  readonly log: Log;
}

/** How to read an image. */
export interface ImageReadOptions {
  readonly platform: Platform;
  readonly signal: AbortSignal;
  readonly bounds?: ImageBounds;
}

/** Bounds of the layers, and seconds for all of it. */
export interface ImageBounds extends LayerBounds {
  readonly seconds: number;
}

/** An image and the source of the app in it. */
export interface ImageApp {
  /** By digest. */
  readonly image: ImageReference;
  readonly source: SourceTree;
}

const gibibyte = 1024 ** 3;
/** Bounds for an app that is deployed from its image alone: far above any that a node would pull with pleasure. */
export const imageBounds: ImageBounds = {
  download: 8 * gibibyte,
  unpacked: 32 * gibibyte,
  entries: 2_000_000,
  seconds: 300,
};

/** Bounds for an app whose source is at hand: looking into its image must not hold up the deployment. */
export const comparisonBounds: ImageBounds = { ...imageBounds, download: gibibyte / 2, seconds: 60 };

/**
 * The source files of the app in an image, read from its layers over the registry API: nothing is run, and no layer is
 * kept. Lower layers are left out where the upper ones or the image's configuration tell that they hold nothing of the app.
 */
export async function readImageApp(
  image: ImageReference,
  { registryAt, log }: ImageReadPorts,
  { platform, signal, bounds = imageBounds }: ImageReadOptions,
): Promise<ImageApp> {
  const name = formatImageReference(image);
  const late = AbortSignal.timeout(bounds.seconds * 1000);
  const limited = AbortSignal.any([signal, late]);
  try {
    const registry = registryAt(image.host);
    const found = await fetchImage(registry, image, { platform, signal: limited });
    const config = await fetchConfig(registry, image, found, limited);
    const root = scriptRootOf(config);
    const files = new ImageFiles(name, root);
    const budget = { ...bounds };
    const reading = { files, budget, open: layerOf(registry, image), signal: limited };
    const { layers } = found.manifest;
    const below = layersBelowApp(config, layers.length);
    const above = await readLayers(layers.slice(below), {
      ...reading,
      lowest: endsWithPackages(config) ? layers[below] : undefined,
    });
    const others = files.hasHost ? 0 : await readLayers(layers.slice(0, below), reading);
    if (!files.hasHost) throw missingHost(name, root);
    const megabytes = ((bounds.download - budget.download) / 1e6).toFixed(1);
    log.info(`Read the app in ${root} of ${name}: ${above + others} of ${layers.length} layers, ${megabytes} MB`);
    const { host, repository } = image;
    const folder = repository.split('/').at(-1) ?? repository;
    return { image: { host, repository, digest: found.indexDigest }, source: files.tree(folder) };
  } catch (error) {
    signal.throwIfAborted();
    throw late.aborted ? tooSlow(name, bounds.seconds) : error;
  }
}

interface Reading {
  readonly files: ImageFiles;
  readonly budget: LayerBudget;
  readonly open: (layer: Descriptor, signal: AbortSignal) => AsyncIterable<Uint8Array>;
  readonly signal: AbortSignal;
  /** Our own layer, with its packages last. */
  readonly lowest?: Descriptor | undefined;
}

function layerOf(registry: ImageRegistry, { repository }: ImageReference): Reading['open'] {
  return ({ digest }, signal) => registry.streamBlob(repository, digest, signal);
}

/** Reads layers, the top one first, until the rest does not matter; gives how many were read. */
async function readLayers(
  layers: readonly Descriptor[],
  { files, open, lowest, ...reading }: Reading,
): Promise<number> {
  let read = 0;
  for (const layer of layers.toReversed()) {
    if (files.isComplete) break;
    if (layer === lowest) files.expectPackagesLast();
    await readLayer({ ...reading, layer, open: stop => open(layer, stop), visitor: files });
    files.endLayer();
    read += 1;
  }
  return read;
}

function missingHost(name: string, root: string): UserError {
  return new UserError(
    `Image "${name}" has no "host.json" in "${root}". Put the app there, or set AzureWebJobsScriptRoot in the image to its folder.`,
  );
}

function tooSlow(name: string, seconds: number): UserError {
  return new UserError(
    `Reading the functions from image "${name}" took more than ${seconds} s. Run again nearer to its registry, or give the folder of the app in the input "app-directory".`,
  );
}
