import { parseRenderInputs } from '../../src/core/inputs/inputs.ts';
import { type Deployment, type DeployPorts, deploy } from '../../src/flows/deploy.ts';
import type { BuiltImage } from '../../src/flows/ports.ts';
import { type Prepared, prepareApp } from '../../src/flows/prepare.ts';
import { FakeCluster } from './fake-cluster.ts';
import { keepingLog } from './quiet-log.ts';
import { treeOf } from './source-tree.ts';

/** A connection of the app that is deployed here. */
export const connection =
  'DefaultEndpointsProtocol=https;AccountName=shop;AccountKey=c2VjcmV0LWtleQ==;EndpointSuffix=core.windows.net';
const queueFunction = JSON.stringify({
  bindings: [{ type: 'queueTrigger', direction: 'in', name: 'message', queueName: 'orders', connection: 'Orders' }],
});
const image: BuiltImage = {
  image: { host: 'shop.azurecr.io', repository: 'orders', digest: `sha256:${'a'.repeat(64)}` },
  built: true,
};

/** The app "orders" with one queue function, its settings and its file as given. */
export async function prepareOrders(settings: Readonly<Record<string, string>> = {}, file?: string): Promise<Prepared> {
  const tree = treeOf({
    'host.json': '{"version":"2.0"}',
    'package.json': '{}',
    'orders/function.json': queueFunction,
    'orders/index.js': '',
  });
  const inputs = parseRenderInputs(
    new Map(
      Object.entries({
        name: 'orders',
        namespace: 'shop',
        image: 'i:1',
        'secret-settings': `Orders=${connection}`,
        ...settings,
      }),
    ),
  );
  return prepareApp(inputs, {
    workspace: { readSource: async () => tree },
    files: { read: async () => file },
    mask: () => {},
  });
}

/** A cluster with the namespace that the app goes into. */
export function shopCluster(): FakeCluster {
  const cluster = new FakeCluster();
  cluster.objects.set('Namespace/shop', { kind: 'Namespace', metadata: { name: 'shop' } });
  return cluster;
}

/** Deploys "orders" into the cluster; what the log had is in `lines`. */
export async function deployOrders(
  cluster: FakeCluster,
  options: Partial<Deployment> = {},
  ports: Partial<DeployPorts> = {},
) {
  const deployment: Deployment = {
    prepared: await prepareOrders(),
    wait: true,
    verify: 'ready',
    prune: true,
    timeout: 5,
    context: {},
    pullConfig: undefined,
    ...options,
  };
  return deploy(deployment, {
    cluster,
    images: { build: async () => image },
    log: keepingLog(),
    mask: () => {},
    signal: new AbortController().signal,
    learn: () => {},
    ...ports,
  });
}
