import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UserError } from '../../src/errors.ts';
import type { ApiAnswer, KubernetesObject } from './api.ts';
import type { Say } from './cache.ts';
import { prepareFolders, startApiServer, startControllers } from './control-plane.ts';
import { startFakeNode } from './fake-node.ts';
import type { ClusterGround, Ground } from './ground.ts';
import { type PolicyRule, restrictedKubeconfig } from './identity.ts';
import { startKeda } from './keda.ts';
import { type LabCloud, labCloudOf, serveWorkloads, startGroundCloud } from './lab-cloud.ts';
import { claimRealNode } from './node-claim.ts';
import type { NodePlaces } from './node-config.ts';
import { fakeNetwork, type NodeNetwork } from './node-network.ts';
import { ComponentEnded, freePorts, Processes } from './processes.ts';
import { type LabQueue, startQueue } from './queue.ts';
import { type NodeParts, nodePackages, obstacleToRealNode, startContainerd, startKubelet } from './real-node.ts';
import { type LabRegistry, startRegistry } from './registry.ts';
import { Services } from './services.ts';
import { stopOnSignals } from './signals.ts';
import { Teardown } from './teardown.ts';
import type { Manifest } from './tool-manifests.ts';
import { labTools } from './tools.ts';
import { postWarden } from './warden.ts';

export type NodeKind = 'real' | 'fake';

export interface LabOptions {
  /** `api`: API server with KEDA's definitions, registry, queues; no controllers, no nodes. `keda`: all. */
  readonly profile?: 'api' | 'keda';
  /** `auto`: real where the machine allows it. Without it the variable `AKS_FUNCTIONS_LAB_NODE` decides, else `auto`. */
  readonly node?: NodeKind | 'auto';
  /** Whether the cluster is one of an emulated Azure, with sign-in by Entra. */
  readonly cloud?: boolean;
  /** KEDA's definitions in place of those of the lab's own KEDA; only for the profile `api`, where no KEDA reads them. */
  readonly definitions?: readonly Manifest[];
  readonly log?: Say;
}

export interface Lab extends AsyncDisposable {
  /** The lab's folder, gone after `stop`. */
  readonly dir: string;
  /** Folder of the lab's programs, kubectl and crane among them. */
  readonly tools: string;
  /** Path of the administrator's kubeconfig. */
  readonly kubeconfig: string;
  /** Address of the API server. */
  readonly server: string;
  readonly nodeKind: NodeKind;
  /** Addresses and bridge of the real node, when there is one. */
  readonly nodeNetwork?: NodeNetwork;
  /** Why there is no real node, when there is none. */
  readonly nodeObstacle?: string;
  /** Folder of the components' logs, one file each. */
  readonly logs: string;
  /** Folder of the containers' logs on the real node. */
  readonly podLogs: string;
  readonly registry: LabRegistry;
  readonly queue: LabQueue;
  /** Azure, when the lab is in it. */
  readonly cloud?: LabCloud;
  /** One request to the API server as administrator; any status is an answer. */
  request(method: string, path: string, body?: unknown, contentType?: string): Promise<ApiAnswer>;
  /** Server-side apply as administrator; throws a UserError when it is refused. */
  apply(object: KubernetesObject): Promise<unknown>;
  /** The answer to a server-side apply as administrator that refuses unknown fields and stores nothing. */
  dryRun(object: KubernetesObject): Promise<ApiAnswer>;
  /** Path of a kubeconfig whose identity may only do what the rules say, in the namespace or in the cluster. */
  serviceAccountKubeconfig(
    namespace: string,
    rules: readonly PolicyRule[],
    clusterRules?: readonly PolicyRule[],
  ): Promise<string>;
  /** Ends the lab and removes all it made; later calls wait for the first. */
  stop(): Promise<void>;
}

/**
 * Starts a lab, with its own ports and folder, and gives it once all parts work. SIGINT and SIGTERM stop it; a killed
 * run is cleared up after. Throws a UserError with the end of the log when a component fails; nothing is left then.
 */
export async function startLab(
  options: LabOptions & { readonly cloud: true },
): Promise<Lab & { readonly cloud: LabCloud }>;
export async function startLab(options?: LabOptions): Promise<Lab>;
export async function startLab(options: LabOptions = {}): Promise<Lab> {
  const { profile = 'keda', cloud = false, definitions, log = () => undefined } = options;
  const tools = await labTools(log);
  const obstacle =
    profile === 'keda' ? await obstacleTo(options.node ?? nodeFromEnvironment()) : 'profile "api" has no nodes';
  const start = () => startOnce({ profile, cloud, definitions, obstacle, tools, say: log });
  try {
    return await start();
  } catch (error) {
    if (!(error instanceof ComponentEnded && error.portTaken)) throw error;
    log(`Another program took a port of the lab's component "${error.component}"; starting once more with others.`);
    return start();
  }
}

function nodeFromEnvironment(): NodeKind | 'auto' {
  const value = process.env.AKS_FUNCTIONS_LAB_NODE || 'auto';
  if (value === 'real' || value === 'fake' || value === 'auto') return value;
  throw new UserError(`AKS_FUNCTIONS_LAB_NODE must be "real", "fake" or "auto", got "${value}".`);
}

/** Why the lab gets no real node; undefined when it gets one. Throws when one is demanded and cannot be had. */
async function obstacleTo(wanted: NodeKind | 'auto'): Promise<string | undefined> {
  if (wanted === 'fake') return 'fake nodes were asked for';
  const obstacle = await obstacleToRealNode();
  if (!obstacle || wanted === 'auto') return obstacle;
  throw new UserError(`This machine cannot have a real node: ${obstacle}. Use node "auto" or "fake".`);
}

interface Recipe {
  readonly profile: 'api' | 'keda';
  readonly cloud: boolean;
  readonly definitions: readonly Manifest[] | undefined;
  /** Why there is no real node; without it there is one. */
  readonly obstacle: string | undefined;
  readonly tools: string;
  readonly say: Say;
}

async function startOnce({ profile, cloud: inCloud, definitions, obstacle, tools, say }: Recipe): Promise<Lab> {
  const debian = obstacle ? undefined : await nodePackages(say);
  const dir = await mkdtemp(join(tmpdir(), 'aks-functions-lab-'));
  const teardown = new Teardown();
  const signals = stopOnSignals(() => teardown.run());
  teardown.add(async () => signals.forget());
  let complete = false;
  try {
    const warden = postWarden(dir, debian ? 'real' : 'fake');
    // What a start that was broken off did not note for teardown is left to the warden.
    teardown.add(async () => (complete || !signals.received() ? warden.dismiss() : undefined));
    teardown.add(() => rm(dir, { recursive: true, force: true, maxRetries: 5 }));
    await prepareFolders(dir);
    const claim = debian ? await claimRealNode(dir, warden.pid, say) : undefined;
    if (claim) teardown.add(() => claim.release());
    const processes = await Processes.in(join(dir, 'log'));
    teardown.add(() => processes.stop());
    const network = claim?.network ?? fakeNetwork;
    const cloud = inCloud ? await startGroundCloud(dir, claim ? [claim.network.address] : []) : undefined;
    if (cloud) teardown.add(() => cloud.cloud.stop());
    const port = await freePorts(20);
    const ground = { dir, tools, processes, port, network, teardown, say, ...(cloud ? { cloud } : {}) };
    const node = debian && claim ? { debian, network: claim.network } : undefined;
    const parts = await startParts(ground, { profile, definitions, node });
    complete = true;
    return labOf(parts, claim?.network, obstacle);
  } catch (error) {
    await teardown.run();
    throw error;
  }
}

interface Parts {
  readonly cluster: ClusterGround;
  readonly registry: LabRegistry;
  readonly queue: LabQueue;
  readonly cloud: LabCloud | undefined;
}

async function startParts(
  ground: Ground,
  { profile, definitions, node }: Pick<Recipe, 'profile' | 'definitions'> & { readonly node: NodeParts | undefined },
): Promise<Parts> {
  const { teardown, network, say } = ground;
  const emulators = startEmulators(ground, node);
  const cluster = await both(startApiServer(ground, definitions), emulators);
  teardown.add(async () => cluster.api.close());
  if (ground.cloud) await serveWorkloads(ground.cloud, cluster.api, node?.network.address ?? '127.0.0.1');
  if (profile === 'keda') {
    await startCluster(cluster, (await emulators).containerd);
    const services = new Services(cluster.api, { network, node: node?.network, say });
    teardown.add(() => services.stop());
  }
  const { registry, queue } = await emulators;
  const cloud =
    ground.cloud && labCloudOf(cluster, ground.cloud, { keda: profile === 'keda', store: registry.backend });
  return { cluster, registry, queue, cloud };
}

/** The result of the first; when the second fails before, its reason. */
function both<T>(first: Promise<T>, second: Promise<unknown>): Promise<T> {
  return Promise.all([first, second.then(() => undefined)]).then(([result]) => result);
}

interface Emulators {
  readonly registry: LabRegistry;
  readonly queue: LabQueue;
  /** Containerd's files, when there is a real node. */
  readonly containerd: NodePlaces | undefined;
}

async function startEmulators(ground: Ground, node: NodeParts | undefined): Promise<Emulators> {
  const queue = startQueue(ground, node ? node.network.address : '127.0.0.1');
  const registry = await both(startRegistry(ground), queue);
  const containerd = node ? await startContainerd(ground, registry.backend, node) : undefined;
  return { registry, queue: await queue, containerd };
}

async function startCluster(cluster: ClusterGround, node: NodePlaces | undefined): Promise<void> {
  await Promise.all([
    startControllers(cluster),
    startFakeNode(cluster, node !== undefined),
    startKeda(cluster),
    ...(node ? [startKubelet(cluster, node)] : []),
  ]);
}

function labOf(parts: Parts, node: NodeNetwork | undefined, obstacle: string | undefined): Lab {
  const { cluster, registry, queue, cloud } = parts;
  const { api, dir, tools, kubeconfig, teardown } = cluster;
  const stop = () => teardown.run();
  return {
    ...{ dir, tools, kubeconfig, registry, queue, stop },
    server: api.access.server,
    nodeKind: obstacle ? 'fake' : 'real',
    ...(cloud ? { cloud } : {}),
    ...(node ? { nodeNetwork: node } : {}),
    ...(obstacle ? { nodeObstacle: obstacle } : {}),
    logs: join(dir, 'log'),
    podLogs: join(dir, 'node', 'logs'),
    request: (method, path, body, contentType) => api.request(method, path, body, contentType),
    apply: object => api.apply(object),
    dryRun: object => api.dryRun(object),
    async serviceAccountKubeconfig(namespace, rules, clusterRules = []) {
      const name = `restricted-${randomBytes(4).toString('hex')}`;
      const path = join(dir, `${name}.kubeconfig`);
      await writeFile(path, await restrictedKubeconfig(api, { name, namespace, rules, clusterRules }), { mode: 0o600 });
      return path;
    },
    [Symbol.asyncDispose]: stop,
  };
}
