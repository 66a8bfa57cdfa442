import { UserError } from '../errors.ts';
import { isRecord, parseJson, strings } from './json.ts';
import type { Runtime } from './project.ts';

/** Folder of the app in an image. */
export const appRoot = '/home/site/wwwroot';

const scriptRootName = 'AzureWebJobsScriptRoot';
const appLayerLabel = 'aks-functions.io/app-layer';
const orderLabel = 'aks-functions.io/app-layer-order';
const packagesLast = 'packages-last';
/** Label of every image that is put together here. */
export const builtLabel = 'aks-functions.io/content-key';

const startScript = '/opt/startup/start_nonappservice.sh';
const hostProgram = '/azure-functions-host/Microsoft.Azure.WebJobs.Script.WebHost';

/** Configuration of an image; only what we change is named, the rest is kept. */
export interface ImageConfig {
  readonly created?: unknown;
  readonly config?: unknown;
  readonly rootfs?: unknown;
  readonly history?: unknown;
  readonly [key: string]: unknown;
}

/** What the image of an app adds to its base. */
export interface AppLayer {
  readonly runtime: Runtime;
  /** Digest of the uncompressed layer. */
  readonly diffId: string;
  readonly contentKey: string;
  readonly baseName: string;
  readonly baseDigest: string;
}

/** The configuration in `text`; throws UserError that names `image` when it is none. */
export function parseImageConfig(text: string, image: string): ImageConfig {
  const value = parseJson(text);
  if (isRecord(value) && isRecord(value.rootfs) && Array.isArray(value.rootfs.diff_ids)) return value;
  throw new UserError(`The configuration of image "${image}" cannot be read. Push it again, or choose another image.`);
}

/** `NAME=value` entries of the environment that an image sets. */
export function environmentOf(image: ImageConfig): readonly string[] {
  return isRecord(image.config) ? strings(image.config.Env) : [];
}

/** Absolute path of the folder that the host of an image takes its functions from. */
export function scriptRootOf(image: ImageConfig): string {
  const entry = environmentOf(image).findLast(candidate => nameOf(candidate) === scriptRootName);
  return entry?.slice(scriptRootName.length + 1) || appRoot;
}

/**
 * How many of an image's `layers` hold no file of the app, counted from the bottom, as far as the configuration tells:
 * those below our own layer, which its label names, or those of an official base image, whose history ends with its
 * start script.
 */
export function layersBelowApp(image: ImageConfig, layers: number): number {
  const diffIds = diffIdsOf(image);
  if (diffIds.length !== layers) return 0;
  return isOurs(image)
    ? diffIds.indexOf(String(labelsIn(image)[appLayerLabel]))
    : officialLayers(image.history, layers);
}

/** Whether installed packages are the last entries of our own layer, the lowest one that is above `layersBelowApp`. */
export function endsWithPackages(image: ImageConfig): boolean {
  return isOurs(image) && labelsIn(image)[orderLabel] === packagesLast;
}

function isOurs(image: ImageConfig): boolean {
  return diffIdsOf(image).includes(String(labelsIn(image)[appLayerLabel]));
}

function diffIdsOf({ rootfs }: ImageConfig): readonly string[] {
  return isRecord(rootfs) ? strings(rootfs.diff_ids) : [];
}

function labelsIn({ config }: ImageConfig): Readonly<Record<string, unknown>> {
  return isRecord(config) && isRecord(config.Labels) ? config.Labels : {};
}

function officialLayers(history: unknown, layers: number): number {
  const steps = Array.isArray(history) ? history.filter(isRecord) : [];
  const filled = (part: typeof steps) => part.filter(step => step.empty_layer !== true).length;
  const start = steps.findIndex(({ created_by: by }) => typeof by === 'string' && isStart(by));
  // Some tools leave steps out of the history, which then tells nothing of the layers.
  return start >= 0 && filled(steps) === layers ? filled(steps.slice(0, start)) : 0;
}

function isStart(step: string): boolean {
  return /\b(?:CMD|ENTRYPOINT)\b/.test(step) && step.includes(startScript);
}

/** Environment of an app's container, beyond what its base image sets. */
export function appEnvironment(runtime: Runtime): Readonly<Record<string, string>> {
  return {
    [scriptRootName]: appRoot,
    AzureFunctionsJobHost__Logging__Console__IsEnabled: 'true',
    ASPNETCORE_URLS: 'http://+:8080',
    FUNCTIONS_WORKER_RUNTIME: runtime,
    ...(runtime === 'python' ? { PYTHONPATH: `${appRoot}/.python_packages/lib/site-packages` } : {}),
  };
}

/**
 * The base's configuration with the app's layer, environment, port and labels, and with the host as process 1.
 * Holds no clock and no commit, so that equal content gives equal bytes.
 */
export function layeredConfig(base: ImageConfig, layer: AppLayer): ImageConfig {
  const settings = isRecord(base.config) ? base.config : {};
  const rootfs = isRecord(base.rootfs) ? base.rootfs : {};
  return {
    ...base,
    config: {
      ...settings,
      ...startOf(settings),
      Env: mergeEnvironment(strings(settings.Env), appEnvironment(layer.runtime)),
      ExposedPorts: { '8080/tcp': {} },
      WorkingDir: appRoot,
      Labels: { ...(isRecord(settings.Labels) ? settings.Labels : {}), ...labelsOf(layer) },
    },
    rootfs: { ...rootfs, type: 'layers', diff_ids: [...strings(rootfs.diff_ids), layer.diffId] },
    history: [...(Array.isArray(base.history) ? base.history : []), historyOf(base)],
  };
}

// The official images start the host from a shell, which never passes SIGTERM on, so that pods are killed at work.
function startOf(settings: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const command = [...strings(settings.Entrypoint), ...strings(settings.Cmd)];
  return command.some(word => word.includes(startScript)) ? { Entrypoint: [hostProgram], Cmd: [] } : {};
}

function mergeEnvironment(base: readonly string[], added: Readonly<Record<string, string>>): readonly string[] {
  const kept = base.filter(entry => !(nameOf(entry) in added));
  return [...kept, ...Object.entries(added).map(([name, value]) => `${name}=${value}`)];
}

function nameOf(entry: string): string {
  return entry.split('=', 1)[0] ?? '';
}

function labelsOf(layer: AppLayer): Readonly<Record<string, string>> {
  return {
    [builtLabel]: layer.contentKey,
    [appLayerLabel]: layer.diffId,
    [orderLabel]: packagesLast,
    'org.opencontainers.image.base.name': layer.baseName,
    'org.opencontainers.image.base.digest': layer.baseDigest,
  };
}

function historyOf(base: ImageConfig): Readonly<Record<string, unknown>> {
  return {
    ...(typeof base.created === 'string' ? { created: base.created } : {}),
    created_by: 'aks-functions: app layer',
  };
}
