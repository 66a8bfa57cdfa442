import { assertNoFaults, type Fault, UserError } from '../errors.ts';
import { type ImageReference, isTag, parseImageReference, parseRegistry, repositoryOf } from './image.ts';
import { defaultBaseImage, pythonOfBase, pythonVersion } from './image-base.ts';
import { type DependencyPlan, dependencyPlan } from './image-dependencies.ts';
import { type DockerBuild, parseBuildSecrets } from './image-docker.ts';
import type { Platform } from './image-manifest.ts';
import type { Runtime, SourceTree } from './project.ts';
import type { Secret } from './secret.ts';

/** Values of the input `builder`. */
export type Builder = 'auto' | 'layers' | 'docker' | 'acr';

/** What inputs and source say about the image of an app. */
export interface ImageRequest {
  readonly appName: string;
  readonly runtime: Runtime;
  readonly source: SourceTree;
  /** Folder of the app on disk, the default context of a Docker build. */
  readonly appDirectory: string;
  readonly builder: Builder;
  readonly platform: Platform;
  /** Extra tags; the deployment uses the digest. */
  readonly tags: readonly string[];
  readonly image?: string | undefined;
  readonly registry?: string | undefined;
  readonly baseImage?: string | undefined;
  readonly dockerfile?: string | undefined;
  readonly buildContext?: string | undefined;
  readonly buildTarget?: string | undefined;
  readonly buildArgs?: readonly string[] | undefined;
  readonly buildSecrets?: Secret | undefined;
}

/** Where the image of an app goes. */
export interface ImageTarget {
  readonly host: string;
  readonly repository: string;
  readonly tags: readonly string[];
}

/** An image of base layers and one of the app, put together in the registry. */
export interface LayersPlan {
  readonly kind: 'layers';
  readonly target: ImageTarget;
  readonly base: ImageReference;
  readonly platform: Platform;
  readonly runtime: Runtime;
  readonly dependencies: DependencyPlan;
}

/** An image that a Docker engine builds and pushes. */
export interface DockerPlan {
  readonly kind: 'docker';
  readonly target: ImageTarget;
  readonly build: DockerBuild;
}

/** How the image of an app comes about. */
export type ImagePlan = { readonly kind: 'given'; readonly image: ImageReference } | LayersPlan | DockerPlan;

const notYet =
  'Builder "acr" is not available yet. Use builder "layers", or "docker" with a Docker engine on this machine.';

type ChosenBuilder = 'layers' | 'docker' | 'acr';
type Rule = readonly [applies: (request: ImageRequest, engineAnswers: boolean) => boolean, builder: ChosenBuilder];

const rules: readonly Rule[] = [
  [request => request.builder === 'layers', 'layers'],
  [request => request.builder === 'docker', 'docker'],
  [request => request.builder === 'acr', 'acr'],
  [request => !hasDockerfile(request), 'layers'],
  [(_, engineAnswers) => engineAnswers, 'docker'],
  [() => true, 'acr'],
];

/** `true` when the plan depends on whether a Docker engine answers. */
export function asksForEngine(request: ImageRequest): boolean {
  if (request.image !== undefined) return false;
  return request.builder === 'docker' || (request.builder === 'auto' && hasDockerfile(request));
}

/** The plan for an image; throws UserError with what is wrong in the inputs or cannot be built here. */
export function imagePlan(request: ImageRequest, engineAnswers: boolean): ImagePlan {
  if (request.image !== undefined) return { kind: 'given', image: parseImageReference(request.image) };
  const target = targetOf(request);
  const builder = rules.find(([applies]) => applies(request, engineAnswers))?.[1];
  if (builder === 'layers') return layersPlan(request, target);
  if (builder === 'acr')
    throw new UserError(
      request.builder === 'acr' ? notYet : `No Docker engine answers to build the Dockerfile. ${notYet}`,
    );
  if (!engineAnswers)
    throw new UserError('Builder "docker" needs a Docker engine, but none answers. Start it, or use builder "layers".');
  return dockerPlan(request, target);
}

function hasDockerfile({ dockerfile, buildContext, buildTarget, source }: ImageRequest): boolean {
  return (
    [dockerfile, buildContext, buildTarget].some(input => input !== undefined) || source.paths.includes('Dockerfile')
  );
}

function targetOf({ registry, appName, tags }: ImageRequest): ImageTarget {
  if (registry === undefined) {
    throw new UserError(
      'Input "registry" is missing. Name the registry for the image, such as "shop.azurecr.io", or an image in input "image".',
    );
  }
  const address = parseRegistry(registry);
  assertNoFaults(tags.flatMap(tagFaults));
  return { host: address.host, repository: repositoryOf(address, appName), tags };
}

function tagFaults(tag: string): readonly Fault[] {
  if (isTag(tag)) return [];
  return [{ message: `Input "tags" must have tags of up to 128 letters, digits, "_", "." and "-", got "${tag}".` }];
}

function layersPlan(request: ImageRequest, target: ImageTarget): LayersPlan {
  const { runtime, source, platform, baseImage } = request;
  const base =
    baseImage === undefined ? defaultBaseImage(runtime, source) : parseImageReference(baseImage, 'base-image');
  const python = runtime === 'python' ? (pythonOfBase(base, []) ?? pythonVersion(source)) : '';
  const dependencies = dependencyPlan(runtime, { source, platform, pythonVersion: python });
  return { kind: 'layers', target, base, platform, runtime, dependencies };
}

function dockerPlan(request: ImageRequest, target: ImageTarget): DockerPlan {
  const { dockerfile, buildTarget, platform, buildArgs = [] } = request;
  assertNoFaults(buildArgs.flatMap(argumentFaults));
  const build: DockerBuild = {
    context: request.buildContext ?? request.appDirectory,
    ...(dockerfile === undefined ? {} : { dockerfile }),
    ...(buildTarget === undefined ? {} : { target: buildTarget }),
    platform,
    arguments: buildArgs,
    secrets: parseBuildSecrets(request.buildSecrets),
    images: (target.tags.length > 0 ? target.tags : ['latest']).map(tag => ({
      host: target.host,
      repository: target.repository,
      tag,
    })),
  };
  return { kind: 'docker', target, build };
}

function argumentFaults(argument: string): readonly Fault[] {
  if (/^[A-Za-z_]\w*=/.test(argument)) return [];
  return [{ message: `Input "build-args" must have "NAME=value" on each line, got "${argument}".` }];
}
