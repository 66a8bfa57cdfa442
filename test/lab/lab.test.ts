import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import * as v from 'valibot';
import { exists } from './cache.ts';
import { outputOf } from './command.ts';
import { pushImage } from './images.ts';
import { type Lab, startLab } from './lab.ts';
import { podProcesses } from './node-cgroups.ts';
import { labAt } from './node-claim.ts';
import { hasBridge } from './node-network.ts';
import { waitUntil } from './processes.ts';
import { nodePackages } from './real-node.ts';

const deployment = v.object({
  spec: v.object({ replicas: v.number() }),
  status: v.object({ readyReplicas: v.optional(v.number(), 0) }),
});

async function deploymentOf(lab: Lab, name: string) {
  return v.parse(deployment, (await lab.request('GET', `/apis/apps/v1/namespaces/default/deployments/${name}`)).json());
}

/** Status of one GET; undefined when the connection is refused. */
async function statusOf(url: string): Promise<number | undefined> {
  return fetch(url, { signal: AbortSignal.timeout(5_000) }).then(
    response => response.status,
    () => undefined,
  );
}

function isRefused(host: string, port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect({ host, port });
    socket.once('connect', () => {
      socket.destroy();
      resolve(false);
    });
    socket.once('error', error => resolve('code' in error && error.code === 'ECONNREFUSED'));
  });
}

function deploymentObject(name: string, image: string, replicas: number) {
  const labels = { app: name };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: 'default' },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          terminationGracePeriodSeconds: 0,
          imagePullSecrets: [{ name: 'registry' }],
          containers: [{ name, image, ports: [{ containerPort: 8080 }] }],
        },
      },
    },
  };
}

async function applyPullSecret(lab: Lab): Promise<void> {
  const { host, username, password } = lab.registry;
  const config = JSON.stringify({ auths: { [host]: { username, password } } });
  await lab.apply({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'registry', namespace: 'default' },
    type: 'kubernetes.io/dockerconfigjson',
    stringData: { '.dockerconfigjson': config },
  });
}

async function pushSite(lab: Lab): Promise<string> {
  const busybox = join(await nodePackages(() => undefined), 'bin', 'busybox');
  const files = [
    { path: 'bin/busybox', content: await readFile(busybox), executable: true },
    { path: 'www/index.html', content: 'hello' },
  ];
  const entrypoint = ['/bin/busybox', 'httpd', '-f', '-p', '8080', '-h', '/www'];
  const pushed = await pushImage(lab.registry.backend, { name: 'site:1', files, entrypoint });
  return pushed.replace(lab.registry.backend, lab.registry.host);
}

describe('a whole lab', () => {
  let lab: Lab;
  let image = 'fake';
  before(async () => {
    lab = await startLab({ log: line => console.error(line) });
    await applyPullSecret(lab);
    if (lab.nodeKind === 'real') image = await pushSite(lab);
  });
  after(() => lab?.stop());

  test('serves a Service at an address of its own while a pod is ready, and refuses else', async t => {
    if (lab.nodeKind === 'fake') return t.skip(lab.nodeObstacle);
    await lab.apply(deploymentObject('site', image, 1));
    await lab.apply({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'site', namespace: 'default' },
      spec: { type: 'LoadBalancer', selector: { app: 'site' }, ports: [{ port: 80, targetPort: 8080 }] },
    });
    const address = await addressOf(lab, 'site');
    await waitUntil('the Service answers', async () => (await statusOf(`http://${address}/`)) === 200, 30_000);
    assert.equal(await (await fetch(`http://${address}/`)).text(), 'hello');
    await lab.apply(deploymentObject('site', image, 0));
    await waitUntil('the Service refuses', () => isRefused(address, 80), 30_000);
  });

  test('pulls from the registry only with a token', t => {
    if (lab.nodeKind === 'fake') return t.skip(lab.nodeObstacle);
    const about = lab.registry.requests.filter(({ path }) => path.startsWith('/v2/site/') || path.startsWith('/token'));
    assert.deepEqual([...new Set(about.map(({ status }) => status))].sort(), [200, 401]);
  });

  test('scales a Deployment 0 → 1 → 0 by messages in a queue', async () => {
    await lab.queue.create('orders');
    await lab.apply(deploymentObject('worker', image, 0));
    for (const object of scaling(lab.queue.connectionString)) await lab.apply(object);
    const ready = async () => (await deploymentOf(lab, 'worker')).status.readyReplicas;
    await lab.queue.put('orders', ['one']);
    await waitUntil('one replica is ready', async () => (await ready()) === 1, 30_000);
    assert.equal(await lab.queue.count('orders'), 1);
    await lab.queue.clear('orders');
    await waitUntil('no replica is left', async () => (await deploymentOf(lab, 'worker')).spec.replicas === 0, 30_000);
  });

  test("has KEDA's admission checks", async () => {
    const [, , scaled] = scaling('x');
    assert.ok(scaled);
    await assert.rejects(lab.apply({ ...scaled, metadata: { ...scaled.metadata, name: 'second' } }), /already managed/);
  });

  test('gives kubeconfigs of identities that may only do what they are told', async () => {
    const rules = [{ apiGroups: [''], resources: ['configmaps'], verbs: ['list'] }];
    const kubeconfig = await lab.serviceAccountKubeconfig('restricted', rules);
    const kubectl = (...args: string[]) => outputOf(join(lab.tools, 'kubectl'), ['--kubeconfig', kubeconfig, ...args]);
    assert.match(await kubectl('get', 'configmaps', '-n', 'restricted', '-o', 'name'), /configmap/);
    await assert.rejects(kubectl('get', 'secrets', '-n', 'restricted'), /Forbidden|forbidden/);
  });

  test('leaves nothing behind', async () => {
    await lab.stop();
    assert.equal(await exists(lab.dir), false);
    assert.equal((await readFile('/proc/mounts', 'utf8')).includes(lab.dir), false);
    assert.equal((await outputOf('ps', ['-eo', 'args'])).includes(lab.dir), false);
    if (!lab.nodeNetwork) return;
    const left = { processes: await podProcesses(lab.nodeNetwork.cgroup), bridge: await hasBridge(lab.nodeNetwork) };
    // Another run may have taken the place meanwhile; it makes its record before all else.
    const next = await labAt(lab.nodeNetwork);
    assert.notEqual(next, lab.dir);
    if (next === undefined) assert.deepEqual(left, { processes: [], bridge: false });
  });
});

async function addressOf(lab: Lab, name: string): Promise<string> {
  const balanced = v.object({
    status: v.object({ loadBalancer: v.object({ ingress: v.tuple([v.object({ ip: v.string() })]) }) }),
  });
  let address = '';
  await waitUntil('the Service has an address', async () => {
    const answer = await lab.request('GET', `/api/v1/namespaces/default/services/${name}`);
    address = v.parse(balanced, answer.json()).status.loadBalancer.ingress[0].ip;
    return true;
  });
  return address;
}

function scaling(connection: string) {
  const place = { name: 'worker', namespace: 'default' };
  const trigger = {
    type: 'azure-queue',
    metadata: { queueName: 'orders', queueLength: '5' },
    authenticationRef: { name: 'worker' },
  };
  return [
    { apiVersion: 'v1', kind: 'Secret', metadata: place, stringData: { connection } },
    {
      apiVersion: 'keda.sh/v1alpha1',
      kind: 'TriggerAuthentication',
      metadata: place,
      spec: { secretTargetRef: [{ parameter: 'connection', name: 'worker', key: 'connection' }] },
    },
    {
      apiVersion: 'keda.sh/v1alpha1',
      kind: 'ScaledObject',
      metadata: place,
      spec: {
        scaleTargetRef: { name: 'worker' },
        ...{ minReplicaCount: 0, maxReplicaCount: 15, pollingInterval: 1, cooldownPeriod: 3 },
        triggers: [trigger],
      },
    },
  ];
}

test('two labs run at once', async () => {
  await using labs = new AsyncDisposableStack();
  const start = async () => labs.use(await startLab({ profile: 'api' }));
  const [first, second] = await Promise.all([start(), start()]);
  const configMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'here' } };
  await first.apply(configMap);
  const statuses = [first, second].map(
    async lab => (await lab.request('GET', '/api/v1/namespaces/default/configmaps/here')).status,
  );
  assert.deepEqual(await Promise.all(statuses), [200, 404]);
});
