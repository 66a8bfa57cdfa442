import { formatImageReference, type ImageReference, manifestName } from '../core/image.ts';
import { asksForEngine, type DockerPlan, type ImagePlan, type ImageRequest, imagePlan } from '../core/image-plan.ts';
import { asUsageError, UserError } from '../errors.ts';
import { buildLayers, type LayerPorts } from './build-layers.ts';
import type { BuiltImage, ImageEngine } from './ports.ts';

/** What building an image needs. */
export interface ImagePorts extends LayerPorts {
  readonly engine: ImageEngine;
}

/** The plan for an image; asks whether a Docker engine answers only when that decides. Throws UsageError for what cannot be built. */
export async function decideImage(request: ImageRequest, engine: ImageEngine, signal: AbortSignal): Promise<ImagePlan> {
  const engineAnswers = asksForEngine(request) && (await engine.answers(signal));
  try {
    return imagePlan(request, engineAnswers);
  } catch (error) {
    throw asUsageError(error);
  }
}

/** Makes sure that the registry holds the planned image, and says under which digest. */
export async function buildImage(plan: ImagePlan, ports: ImagePorts, signal: AbortSignal): Promise<BuiltImage> {
  switch (plan.kind) {
    case 'given':
      return { image: await withDigest(plan.image, ports, signal), built: false };
    case 'layers':
      return buildLayers(plan, ports, signal);
    case 'docker':
      return buildByEngine(plan, ports, signal);
  }
}

async function buildByEngine(
  { build, target }: DockerPlan,
  ports: ImagePorts,
  signal: AbortSignal,
): Promise<BuiltImage> {
  // A wrong password shows here at once; the engine would build first and then try to push for most of a minute.
  await ports.registryAt(target.host).findDigest(target.repository, manifestName(build.images[0] ?? target), signal);
  await ports.engine.build(build, signal);
  await ports.engine.push(build.images, signal);
  const [first] = build.images;
  const image = await withDigest({ host: target.host, repository: target.repository, ...first }, ports, signal);
  ports.log.info(`Built and pushed ${formatImageReference(image)} with Docker`);
  return { image, built: true, tags: build.images.flatMap(({ tag }) => tag ?? []) };
}

async function withDigest(
  image: ImageReference,
  { registryAt }: ImagePorts,
  signal: AbortSignal,
): Promise<ImageReference> {
  const { host, repository } = image;
  if (image.digest !== undefined) return { host, repository, digest: image.digest };
  const digest = await registryAt(host).findDigest(repository, manifestName(image), signal);
  if (digest !== undefined) return { host, repository, digest };
  throw new UserError(
    `Image "${formatImageReference(image)}" does not exist in its registry. Check its name and tag, or push it first.`,
  );
}
