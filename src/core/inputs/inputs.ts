import { faultOfAppName } from '../names.ts';
import { InputReader, type RawInputs } from './reader.ts';
import { readTarget } from './target.ts';

/** Which app. */
export type AppInputs = ReturnType<typeof readApp>;
/** Inputs that shape the image. */
export type ImageInputs = ReturnType<typeof readImage>;
/** Inputs that shape settings, scaling and network; they override `aks-functions.yml`. */
export type ShapeInputs = ReturnType<typeof readShape>;
/** Inputs of a deployment. */
export type DeployInputs = ReturnType<typeof parseDeployInputs>;
/** Inputs of the command `render`. */
export type RenderInputs = ReturnType<typeof parseRenderInputs>;
/** Inputs of the command `discover`. */
export type DiscoverInputs = ReturnType<typeof parseDiscoverInputs>;
/** Inputs of the smoke test. */
export type SmokeTestInputs = ReturnType<typeof parseSmokeTestInputs>;
/** Inputs of the scale test; durations in seconds. */
export type ScaleTestInputs = ReturnType<typeof parseScaleTestInputs>;
/** Inputs of the teardown. */
export type TeardownInputs = ReturnType<typeof parseTeardownInputs>;

/** Inputs of a deployment (modes `deploy` and `render`), or one UserError with every fault. */
export function parseDeployInputs(raw: RawInputs) {
  const read = new InputReader(raw);
  const behaviour = readBehaviour(read);
  const inputs = {
    ...readTarget(read, behaviour.mode !== 'render'),
    ...readApp(read),
    ...readImage(read),
    ...readShape(read),
    ...behaviour,
  };
  if (!inputs.image && !inputs.registry) {
    read.fault(
      'Inputs "registry" and "image" are both missing. Name the registry to push the image to, such as "shop.azurecr.io", or an image to deploy as it is.',
    );
  }
  if (inputs.mode === 'render' && !inputs.manifestsDirectory) {
    read.fault('Input "manifests-directory" is missing. Name the folder for the rendered YAML.');
  }
  read.finish();
  return inputs;
}

/** Inputs of the command `render`, which needs no cluster, and a registry only where the app folder holds no app. */
export function parseRenderInputs(raw: RawInputs) {
  const read = new InputReader(raw);
  const inputs = {
    ...readTarget(read, false),
    ...readApp(read),
    ...readShape(read),
    ...readImageAccess(read),
    image: read.required('image', 'Name the image to put into the manifests, by tag or digest.'),
  };
  read.finish();
  return inputs;
}

/** Inputs of the command `discover`. */
export function parseDiscoverInputs(raw: RawInputs) {
  const read = new InputReader(raw);
  const inputs = {
    ...readApp(read),
    ...readImageAccess(read),
    image: read.text('image'),
    /** The folder was named, and is not just the working directory. */
    isFolderGiven: (raw.get('app-directory') ?? '') !== '',
  };
  read.finish();
  return inputs;
}

/** Inputs of the smoke test, or one UsageError with every fault. */
export function parseSmokeTestInputs(raw: RawInputs) {
  const read = new InputReader(raw);
  const inputs = {
    ...readTarget(read, read.text('url') === undefined),
    ...readApp(read),
    checks: read.verbatim('checks'),
    url: read.text('url'),
    retries: read.count('retries', 0, 1000) ?? 5,
  };
  if (inputs.url !== undefined && !/^https?:\/\//.test(inputs.url)) {
    read.fault(`Input "url" must start with "http://" or "https://", got "${inputs.url}".`);
  }
  read.finish();
  return inputs;
}

/** Inputs of the scale test, or one UsageError with every fault. */
export function parseScaleTestInputs(raw: RawInputs) {
  const read = new InputReader(raw);
  const inputs = {
    ...readTarget(read, true),
    ...readApp(read),
    ...readSettings(read),
    function: read.text('function'),
    messages: read.count('messages', 1, 100_000) ?? 1,
    messageBody: read.verbatim('message-body') ?? '',
    expectReplicas: read.count('expect-replicas', 1, 1000),
    firstReplicaWithin: read.duration('first-replica-within'),
    drainedWithin: read.duration('drained-within'),
    confirm: read.text('confirm'),
  };
  read.finish();
  return inputs;
}

/** Inputs of the teardown, or one UsageError with every fault. */
export function parseTeardownInputs(raw: RawInputs) {
  const read = new InputReader(raw);
  const inputs = {
    ...readTarget(read, true),
    ...readApp(read),
    ...readSettings(read),
    ...readRegistry(read),
    everything: read.boolean('everything'),
    deleteNamespace: read.boolean('delete-namespace'),
    deleteImages: read.boolean('delete-images'),
    deleteQueues: read.boolean('delete-queues'),
    dryRun: read.boolean('dry-run'),
  };
  read.finish();
  return inputs;
}

/** Inputs that say which app. */
export function readApp(read: InputReader) {
  const name = read.text('name');
  const fault = name === undefined ? undefined : faultOfAppName(name);
  if (fault) read.fault(`Input "name" ${fault}`);
  return {
    appDirectory: read.text('app-directory') ?? '.',
    name,
    config: read.text('config') ?? 'aks-functions.yml',
    environment: read.text('environment'),
  };
}

/** Inputs for the registry of the image. */
export function readRegistry(read: InputReader) {
  const registry = read.text('registry');
  const registryUsername = read.text('registry-username');
  const registryPassword = read.secret('registry-password');
  if ((registryUsername === undefined) !== (registryPassword === undefined)) {
    const [given, missing] = registryUsername === undefined ? ['password', 'username'] : ['username', 'password'];
    read.fault(`Input "registry-${missing}" is missing, though "registry-${given}" is given. Give both or neither.`);
  }
  return { registry, registryUsername, registryPassword };
}

/** How to read an image that exists. */
function readImageAccess(read: InputReader) {
  return {
    registry: read.text('registry'),
    registryUsername: read.text('registry-username'),
    registryPassword: read.secret('registry-password'),
    platform: readPlatform(read),
  };
}

/** The input `platform`. */
export function readPlatform(read: InputReader) {
  return read.choice('platform', ['linux/amd64', 'linux/arm64']) ?? 'linux/amd64';
}

function readImage(read: InputReader) {
  return {
    ...readRegistry(read),
    image: read.text('image'),
    baseImage: read.text('base-image'),
    builder: read.choice('builder', ['auto', 'layers', 'docker', 'acr']) ?? 'auto',
    dockerfile: read.text('dockerfile'),
    buildContext: read.text('build-context'),
    buildTarget: read.text('build-target'),
    buildArgs: read.lines('build-args'),
    buildSecrets: read.secret('build-secrets'),
    platform: readPlatform(read),
    tags: read.lines('tags'),
  };
}

function readSettings(read: InputReader) {
  return {
    settings: read.verbatim('settings'),
    secretSettings: read.secret('secret-settings'),
    settingsFile: read.text('settings-file'),
    identityClientId: read.text('identity-client-id'),
  };
}

/** Inputs that shape an app when none of them is given. */
export function noShape(): ShapeInputs {
  return readShape(new InputReader(new Map()));
}

/** Inputs that override the file of the app. */
export function readShape(read: InputReader) {
  return {
    ...readSettings(read),
    minReplicas: read.count('min-replicas', 0, 1000),
    maxReplicas: read.count('max-replicas', 1, 1000),
    pollingInterval: read.count('polling-interval', 1, 86_400),
    cooldownPeriod: read.count('cooldown-period', 0, 86_400),
    expose: read.choice('expose', ['none', 'cluster', 'internal-load-balancer', 'load-balancer', 'ingress', 'gateway']),
    host: read.text('host'),
  };
}

function readBehaviour(read: InputReader) {
  const mode = read.choice('mode', ['deploy', 'plan', 'render']) ?? 'deploy';
  if (mode === 'plan') read.fault('Input "mode" with the value "plan" is not available yet. Use "deploy" or "render".');
  if (read.boolean('take-over'))
    read.fault(
      'Input "take-over" is not available yet. Remove it, or delete the objects of the earlier deployment first.',
    );
  return {
    mode,
    wait: read.boolean('wait'),
    verify: read.choice('verify', ['none', 'ready', 'loaded']) ?? 'loaded',
    rollbackOnFailure: read.boolean('rollback-on-failure'),
    prune: read.boolean('prune'),
    manifestsDirectory: read.text('manifests-directory'),
  };
}
