import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { debianLayer, differenceLayer, type Layer, nodeLayer } from './base-image-layers.ts';
import { writeImageLayout } from './base-image-layout.ts';
import { hostLayer, setupLayer } from './base-image-setup.ts';
import { cacheFolder, cacheKey, filledFolder, type Say } from './cache.ts';
import { outputOf } from './command.ts';

/** Runtimes that have a base image here. */
export type BaseRuntime = 'node' | 'python';

/** Names of the base images below any registry, as the official ones are called. */
export const baseImageNames: Readonly<Record<BaseRuntime, string>> = {
  node: 'azure-functions/node:4-node24',
  python: 'azure-functions/python:4-python3.11',
};

const packages = ['libstdc++6', 'bash', 'busybox', 'ca-certificates'];

/** Like the official images': root, port 80, and a start script of which the host is a child. */
const commonEnvironment = [
  'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  'HOME=/home',
  'AzureWebJobsScriptRoot=/home/site/wwwroot',
  'ASPNETCORE_URLS=http://+:80',
  'ASPNETCORE_CONTENTROOT=/azure-functions-host',
];

const runtimeEnvironment: Readonly<Record<BaseRuntime, readonly string[]>> = {
  node: ['FUNCTIONS_WORKER_RUNTIME=node', 'FUNCTIONS_WORKER_RUNTIME_VERSION=24'],
  python: ['FUNCTIONS_WORKER_RUNTIME=python', 'FUNCTIONS_WORKER_RUNTIME_VERSION=3.11'],
};

/**
 * Folder of an OCI image layout per runtime, made from Debian packages, Node and the stand-in host when the cache does
 * not have it. The same packages, Node and host give the same digests. Throws a UserError where Debian packages or the
 * npm registry cannot be had.
 */
export async function baseImages(say: Say): Promise<Readonly<Record<BaseRuntime, string>>> {
  const base = await debianLayer(packages, say);
  const python = await differenceLayer([...packages, 'python3'], packages, say);
  const common = [base, await setupLayer(packages), await nodeLayer(say), await hostLayer()];
  return {
    node: await layoutOf('node', common, say),
    python: await layoutOf('python', [base, python, ...common.slice(1)], say),
  };
}

async function layoutOf(runtime: BaseRuntime, layers: readonly Layer[], say: Say): Promise<string> {
  const config = {
    Env: [...commonEnvironment, ...runtimeEnvironment[runtime]],
    Cmd: ['/opt/startup/start_nonappservice.sh'],
    ExposedPorts: { '80/tcp': {} },
    Labels: { 'org.opencontainers.image.title': 'Stand-in Functions host of the lab' },
  };
  const key = cacheKey([JSON.stringify(config), ...layers.map(layer => layer.digest)]);
  const folder = join(cacheFolder(), 'lab', `base-${runtime}-${key}`);
  return filledFolder(folder, part => writeImageLayout(part, layers, config), say);
}

export interface PushTarget {
  /** Folder with `crane`. */
  readonly tools: string;
  /** `host:port` of the registry; plain HTTP on loopback. */
  readonly registry: string;
  readonly credentials?: { readonly username: string; readonly password: string };
  readonly say?: Say;
}

/** Builds the base images where needed and pushes them to the registry; gives `registry/name:tag` of each. */
export async function pushBaseImages(target: PushTarget): Promise<Readonly<Record<BaseRuntime, string>>> {
  const { registry, say = () => undefined } = target;
  const layouts = await baseImages(say);
  const references = {
    node: `${registry}/${baseImageNames.node}`,
    python: `${registry}/${baseImageNames.python}`,
  };
  await push(layouts.node, references.node, target);
  await push(layouts.python, references.python, target);
  return references;
}

/** Credentials go to crane in a file: arguments can be read by everyone on the machine. */
async function push(layout: string, reference: string, { tools, registry, credentials }: PushTarget): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'aks-functions-push-'));
  try {
    const auths = credentials ? { [registry]: credentials } : {};
    await writeFile(join(folder, 'config.json'), JSON.stringify({ auths }), { mode: 0o600 });
    await outputOf(join(tools, 'crane'), ['push', layout, reference], {
      env: { ...process.env, DOCKER_CONFIG: folder },
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
