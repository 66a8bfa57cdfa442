import { createHash } from 'node:crypto';
import { atMost, together } from '../core/concurrency.ts';
import { formatImageReference } from '../core/image.ts';
import { pythonOfBase } from '../core/image-base.ts';
import { environmentOf, type ImageConfig, layeredConfig } from '../core/image-config.ts';
import type { DependencyPlan } from '../core/image-dependencies.ts';
import { contentKey, contentTag } from '../core/image-key.ts';
import { type Descriptor, type ImageManifest, layeredManifest, layerTypeFor } from '../core/image-manifest.ts';
import type { LayersPlan } from '../core/image-plan.ts';
import { UserError } from '../errors.ts';
import { fetchConfig, fetchImage, type PlatformImage } from './fetch-image.ts';
import { packLayer } from './pack-layer.ts';
import type { AppContent, BuiltImage, ImageRegistry, Log, StoredManifest } from './ports.ts';

/** What building an image from layers needs. */
export interface LayerPorts {
  readonly registryAt: (host: string) => ImageRegistry;
  readonly content: AppContent;
  readonly log: Log;
}

/** One build: its plan, its two registries and when to stop. */
interface Build extends LayerPorts {
  readonly plan: LayersPlan;
  readonly target: ImageRegistry;
  readonly base: ImageRegistry;
}

interface PackedLayer {
  readonly descriptor: Descriptor;
  readonly diffId: string;
}

const layersAtOnce = 3;

/** The image of the app on its base: found by its content in the registry, else put together there. */
export async function buildLayers(plan: LayersPlan, ports: LayerPorts, signal: AbortSignal): Promise<BuiltImage> {
  const build: Build = {
    ...ports,
    plan,
    target: ports.registryAt(plan.target.host),
    base: ports.registryAt(plan.base.host),
  };
  build.target.begin();
  const [base, contentHash] = await together(signal, [
    stop => fetchImage(build.base, plan.base, { platform: plan.platform, signal: stop }),
    stop => ports.content.hash(plan.dependencies, stop),
  ]);
  const { platform, runtime } = plan;
  const key = contentKey({ baseDigest: base.digest, contentHash, platform, runtime });
  const { host, repository } = plan.target;
  const found = await build.target.findDigest(repository, contentTag(key), signal);
  const digest = found ?? (await assemble(build, base, key, signal));
  await tag(build, digest, signal);
  const image = { host, repository, digest };
  if (found !== undefined) ports.log.info(`Found ${formatImageReference(image)} with this content; nothing was built`);
  return { image, built: found === undefined, tags: plan.target.tags };
}

// Base layers travel while the dependencies are being installed.
async function assemble(build: Build, base: PlatformImage, key: string, signal: AbortSignal): Promise<string> {
  const { plan, target, log } = build;
  const { repository } = plan.target;
  const config = await fetchConfig(build.base, plan.base, base, signal);
  const [layer, ways] = await together(signal, [
    stop => uploadApp(build, config, layerTypeFor(base.manifest), stop),
    stop => atMost(layersAtOnce, base.manifest.layers, descriptor => provideLayer(build, descriptor, stop)),
  ]);
  const text = JSON.stringify(
    layeredConfig(config, {
      runtime: plan.runtime,
      diffId: layer.diffId,
      contentKey: key,
      baseName: formatImageReference(plan.base),
      baseDigest: base.digest,
    }),
  );
  const storedConfig = await target.uploadBlob(repository, () => once(text), signal);
  const manifest = manifestOf(base.manifest, layeredManifest(base.manifest, storedConfig, layer.descriptor));
  await target.putManifest(repository, contentTag(key), manifest, signal);
  const count = (way: string) => ways.filter(candidate => candidate === way).length;
  log.info(
    `Pushed ${plan.target.host}/${repository}@${manifest.digest}: app layer of ${megabytes(layer.descriptor.size)}; ` +
      `base layers: ${count('present')} present, ${count('mounted')} mounted, ${count('copied')} copied`,
  );
  return manifest.digest;
}

async function uploadApp(
  build: Build,
  config: ImageConfig,
  mediaType: string,
  signal: AbortSignal,
): Promise<PackedLayer> {
  const { plan, content, target } = build;
  await using staged = await content.stage(dependenciesFor(plan, config), signal);
  const layer = packLayer(() => staged.tar(signal));
  const stored = await target.uploadBlob(plan.target.repository, layer.open, signal);
  return { descriptor: { mediaType, ...stored }, diffId: layer.diffId() };
}

// Wheels must fit the Python that is really in the image, whatever the app's own files say.
function dependenciesFor({ dependencies, base }: LayersPlan, config: ImageConfig): DependencyPlan {
  if (dependencies.kind !== 'pip') return dependencies;
  return { ...dependencies, pythonVersion: pythonOfBase(base, environmentOf(config)) ?? dependencies.pythonVersion };
}

async function provideLayer(
  build: Build,
  { digest }: Descriptor,
  signal: AbortSignal,
): Promise<'present' | 'mounted' | 'copied'> {
  const { plan, target, base } = build;
  const { repository } = plan.target;
  if (await target.hasBlob(repository, digest, signal)) return 'present';
  const shared = plan.base.host === plan.target.host;
  if (shared && (await target.mountBlob(repository, digest, plan.base.repository, signal))) return 'mounted';
  const stored = await target.uploadBlob(
    repository,
    () => base.streamBlob(plan.base.repository, digest, signal),
    signal,
  );
  if (stored.digest === digest) return 'copied';
  throw new UserError(
    `Registry "${plan.base.host}" sent other bytes than "${digest}" says. Run again, or push the base image anew.`,
  );
}

async function tag({ plan, target }: Build, digest: string, signal: AbortSignal): Promise<void> {
  const { repository, tags } = plan.target;
  const present = await atMost(layersAtOnce, tags, name => target.findDigest(repository, name, signal));
  const missing = tags.filter((_, index) => present[index] !== digest);
  if (missing.length === 0) return;
  const manifest = await target.fetchManifest(repository, digest, signal);
  await atMost(layersAtOnce, missing, name => target.putManifest(repository, name, manifest, signal));
}

function manifestOf({ mediaType }: ImageManifest, text: string): StoredManifest {
  const content = new TextEncoder().encode(text);
  return { digest: `sha256:${createHash('sha256').update(content).digest('hex')}`, mediaType, content };
}

async function* once(text: string): AsyncIterable<Uint8Array> {
  yield new TextEncoder().encode(text);
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
