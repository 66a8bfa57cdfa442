import type { Config } from '../core/config/config.ts';
import { declaredFunctions } from '../core/declared-functions.ts';
import { discoverProject } from '../core/discovery.ts';
import { formatImageReference, type ImageReference, parseImageReference } from '../core/image.ts';
import { asImageError, imageDifferences } from '../core/image-functions.ts';
import type { Platform } from '../core/image-manifest.ts';
import type { AppInputs } from '../core/inputs/inputs.ts';
import type { Project, SourceTree } from '../core/project.ts';
import { assertNoFaults, joinedError, UserError } from '../errors.ts';
import type { ImageReadPorts } from './discover-image.ts';
import {
  loadConfig,
  type Prepared,
  type PrepareInputs,
  type PreparePorts,
  prepareApp,
  type TextFiles,
} from './prepare.ts';

/** Inputs that shape an app, with the image that may stand in for its source. */
export type ImageAppInputs = PrepareInputs & { readonly image?: string | undefined; readonly platform: Platform };

/** What reading an app from its folder or its image needs. */
export type AppPorts = PreparePorts & ImageReadPorts;

/** What is known beside the inputs. */
export interface PrepareFacts {
  readonly repositoryId?: string | undefined;
  readonly kedaVersion?: string | undefined;
  readonly signal: AbortSignal;
}

/** An app, and the image by digest that its source was read from, if it was. */
export interface PreparedFrom extends Prepared {
  readonly image?: ImageReference;
}

/** Reads the app from its folder, or from its image when one is given and the folder holds no source; only then a registry is asked. */
export async function prepareAppOrImage(
  inputs: ImageAppInputs,
  ports: AppPorts,
  { repositoryId, kedaVersion, signal }: PrepareFacts,
): Promise<PreparedFrom> {
  const { image: given, appDirectory, platform } = inputs;
  if (given === undefined || (await ports.files.read(`${appDirectory}/host.json`)) !== undefined)
    return prepareApp(inputs, ports, repositoryId, kedaVersion);
  // Loaded only here and below, since few deployments read an image.
  const { readImageApp } = await import('./discover-image.ts');
  ports.log.info(`Folder ${appDirectory} has no host.json, so that the functions are read from the image`);
  const { image, source } = await readImageApp(parseImageReference(given), ports, { platform, signal }).catch(error => {
    throw joinedError([error, noSource(appDirectory)]);
  });
  const readSource = async () => withOwnConfig(source, inputs, ports.files);
  try {
    const prepared = await prepareApp(inputs, { ...ports, workspace: { readSource } }, repositoryId, kedaVersion);
    return { ...prepared, image };
  } catch (error) {
    throw asImageError(error, formatImageReference(image), new Set(source.paths));
  }
}

/** The functions of an app as its image declares them, with the configuration that is in the image. */
export async function discoverInImage(
  inputs: AppInputs & { readonly image: string; readonly platform: Platform },
  ports: ImageReadPorts,
  signal: AbortSignal,
): Promise<{ readonly image: ImageReference; readonly project: Project; readonly config: Config }> {
  const { readImageApp } = await import('./discover-image.ts');
  const { platform } = inputs;
  const { image, source } = await readImageApp(parseImageReference(inputs.image), ports, { platform, signal });
  try {
    const config = await loadConfig(inputs, { read: async () => undefined }, source);
    return { image, config, project: await discoverProject(source, declaredFunctions(config)) };
  } catch (error) {
    throw asImageError(error, formatImageReference(image), new Set(source.paths));
  }
}

function noSource(appDirectory: string): UserError {
  return new UserError(
    `Folder "${appDirectory}" has no "host.json" either. Set the input "app-directory" to the folder of the function app, or mend the image.`,
  );
}

/** A configuration file in the app folder counts before that of the image, whose tree then does not have it. */
async function withOwnConfig(
  source: SourceTree,
  { appDirectory, config }: PrepareInputs,
  files: TextFiles,
): Promise<SourceTree> {
  const own = await files.read(`${appDirectory}/${config}`);
  return own === undefined ? source : { ...source, texts: new Map([...source.texts, [config, own]]) };
}

/**
 * Compares the functions of an app's source with those that its image declares. Throws UserError with every difference;
 * where the image does not tell its functions, a notice says so and the source counts.
 */
export async function compareWithImage(
  image: ImageReference,
  { app, config }: Prepared,
  ports: ImageReadPorts,
  { platform, signal }: { readonly platform: Platform; readonly signal: AbortSignal },
): Promise<void> {
  const name = formatImageReference(image);
  const { comparisonBounds, readImageApp } = await import('./discover-image.ts');
  const project = await readImageApp(image, ports, { platform, signal, bounds: comparisonBounds })
    .then(({ source }) => discoverProject(source, declaredFunctions(config)))
    .catch(error => {
      signal.throwIfAborted();
      if (!(error instanceof UserError)) throw error;
      ports.log.notice(
        `The functions of image "${name}" are not known, so that those of the source count: ${error.faults[0]?.message}`,
      );
    });
  if (project) assertNoFaults(imageDifferences(app.project, project, name));
}
