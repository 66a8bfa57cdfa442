import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { V1Deployment, V1Pod, V1Secret } from '@kubernetes/client-node';
import { pushBaseImages } from '../lab/base-image.ts';
import { type Lab, startLab } from '../lab/lab.ts';
import { waitUntil } from '../lab/processes.ts';
import { runCommand, runStep, type StepResult } from '../support/action.ts';

/** An app that the product has never seen: both workloads, a setting, a key and a template string in its queue's name. */
const files: Readonly<Record<string, string>> = {
  'host.json': JSON.stringify({
    version: '2.0',
    extensions: { http: { routePrefix: 'desk' }, queues: { batchSize: 2, newBatchThreshold: 0 } },
  }),
  'package.json': JSON.stringify({
    name: 'parcel-desk',
    version: '1.0.0',
    main: 'lib/*.mjs',
    dependencies: { '@azure/functions': '4.16.5' },
  }),
  'lib/names.mjs': 'export const area = "north";\n',
  'lib/greet.mjs': `import { app } from '@azure/functions';
app.http('welcome', { route: 'welcome/{guest}', methods: ['GET'], authLevel: 'function', handler: async request => ({ body: process.env.GREETING + ', ' + request.params.guest + '!' }) });
`,
  'lib/parcels.mjs': `import { app } from '@azure/functions';
import { area } from './names.mjs';
app.storageQueue('sortParcel', { queueName: \`parcels-\${area}\`, connection: 'Depot', handler: async () => { await new Promise(done => setTimeout(done, 200)); } });
`,
};
const queue = 'parcels-north';
const app = 'parcel-desk';
const namespace = 'depot';

let lab: Lab;
let folder: string;
let base: string;

before(async () => {
  lab = await startLab();
  base = (await pushBaseImages({ tools: lab.tools, registry: lab.registry.host, credentials: lab.registry })).node;
  folder = await mkdtemp(join(tmpdir(), 'parcel-desk-'));
  await writeApp(files);
  await lab.queue.create(queue);
});
after(async () => {
  await lab.stop();
  await rm(folder, { recursive: true, force: true });
});

async function writeApp(contents: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(contents)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  const lock = await import('../apps/js-queue/package-lock.json', { with: { type: 'json' } });
  const { packages } = lock.default;
  const rootPackage = { name: app, version: '1.0.0', dependencies: { '@azure/functions': '4.16.5' } };
  await writeFile(
    join(folder, 'package-lock.json'),
    JSON.stringify({ ...lock.default, name: app, version: '1.0.0', packages: { ...packages, '': rootPackage } }),
  );
}

function target(): Readonly<Record<string, string>> {
  return { auth: 'none', kubeconfig: lab.kubeconfig, namespace, timeout: '3m' };
}

async function deploy(more: Readonly<Record<string, string>> = {}): Promise<StepResult> {
  const result = await runStep('deploy', {
    with: {
      ...target(),
      registry: `${lab.registry.host}/desks`,
      'registry-username': lab.registry.username,
      'registry-password': lab.registry.password,
      'app-directory': folder,
      name: app,
      'base-image': base,
      expose: 'load-balancer',
      settings: 'GREETING=Good morning',
      'secret-settings': `Depot=${lab.queue.connectionString}`,
      'polling-interval': '1',
      'cooldown-period': '3',
      'max-replicas': '6',
      verify: lab.nodeKind === 'real' ? 'loaded' : 'ready',
      ...more,
    },
  });
  assert.equal(result.code, 0, result.log);
  return result;
}

async function live<Result>(path: string): Promise<Result> {
  const result: Result = JSON.parse((await lab.request('GET', path)).text);
  return result;
}

const deploymentPath = (name: string) => `/apis/apps/v1/namespaces/${namespace}/deployments/${name}`;
const replicasOf = async (name: string) => (await live<V1Deployment>(deploymentPath(name))).spec?.replicas;
const secretsOf = async () =>
  (await live<{ readonly items: readonly V1Secret[] }>(`/api/v1/namespaces/${namespace}/secrets`)).items;

async function functionKey(): Promise<string> {
  const keys = await live<V1Secret>(`/api/v1/namespaces/${namespace}/secrets/func-keys-kube-secret-${app}`);
  return Buffer.from(keys.data?.['functions.welcome.default'] ?? '', 'base64').toString();
}

describe('an app that is deployed, used, changed and removed', () => {
  test('is deployed from its source into two workloads', async () => {
    const result = await deploy();
    assert.deepEqual(
      JSON.parse(result.outputs.functions ?? '').map((fn: { name: string; workload: string }) => [
        fn.name,
        fn.workload,
      ]),
      [
        ['sortParcel', 'events'],
        ['welcome', 'http'],
      ],
    );
    assert.equal(result.outputs.built, 'true');
    assert.match(result.outputs.image ?? '', /\/desks\/parcel-desk@sha256:[0-9a-f]{64}$/);
    assert.match(result.summary, /parcel-desk: deployed as release 1/);
  });

  test('answers under its own route and setting, and only with its key', async context => {
    if (lab.nodeKind === 'fake') return context.skip('a fake node runs no containers');
    const service = await live<{
      readonly status: { readonly loadBalancer: { readonly ingress: readonly { readonly ip: string }[] } };
    }>(`/api/v1/namespaces/${namespace}/services/${app}-http`);
    const url = `http://${service.status.loadBalancer.ingress[0]?.ip}/desk/welcome/Ada`;
    const refused = await fetch(url, { signal: AbortSignal.timeout(10_000) });
    assert.equal(refused.status, 401);
    const answer = await fetch(url, {
      headers: { 'x-functions-key': await functionKey() },
      signal: AbortSignal.timeout(10_000),
    });
    assert.deepEqual([answer.status, await answer.text()], [200, 'Good morning, Ada!']);
  });

  test('runs without rights that it does not need', async () => {
    const pods = await live<{ readonly items: readonly V1Pod[] }>(
      `/api/v1/namespaces/${namespace}/pods?labelSelector=app=${app}-http`,
    );
    const [container] = pods.items[0]?.spec?.containers ?? [];
    assert.deepEqual(container?.securityContext?.capabilities, { drop: ['ALL'] });
    assert.equal(container?.securityContext?.allowPrivilegeEscalation, false);
    const events = await live<V1Deployment>(deploymentPath(app));
    assert.equal(events.spec?.template.spec?.automountServiceAccountToken, false);
  });

  test('goes from zero to one for one message and back to zero', async context => {
    await waitUntil('at zero', async () => (await replicasOf(app)) === 0);
    await lab.queue.put(queue, ['one']);
    await waitUntil('woken', async () => ((await replicasOf(app)) ?? 0) > 0);
    if (lab.nodeKind === 'fake') {
      await lab.queue.clear(queue);
      context.diagnostic('messages were cleared: a fake node consumes none');
    }
    await waitUntil('consumed', async () => (await lab.queue.count(queue)) === 0);
    await waitUntil('at zero again', async () => (await replicasOf(app)) === 0);
  });

  test('changes nothing when it is deployed again, though KEDA has scaled it', async () => {
    const before = await live<V1Deployment>(deploymentPath(`${app}-http`));
    const result = await deploy();
    assert.deepEqual([result.outputs.built, result.outputs.changed, result.outputs.release], ['false', 'false', '2']);
    const now = await live<V1Deployment>(deploymentPath(`${app}-http`));
    assert.equal(now.metadata?.resourceVersion, before.metadata?.resourceVersion);
    assert.equal(await replicasOf(app), 0);
  });

  test('leaves the replicas of a scaled workload to KEDA', async () => {
    const deployment = await live<V1Deployment>(deploymentPath(app));
    const ours = deployment.metadata?.managedFields?.filter(entry => entry.manager === 'aks-functions') ?? [];
    assert(ours.length > 0);
    assert(!JSON.stringify(ours).includes('f:replicas'));
  });

  test('restarts its pods for a changed setting and keeps its keys', async context => {
    const keyBefore = await functionKey();
    const result = await deploy({ settings: 'GREETING=Good night' });
    assert.equal(result.outputs.changed, 'true');
    assert.equal(result.outputs['previous-image'], result.outputs.image);
    assert.equal(await functionKey(), keyBefore);
    if (lab.nodeKind === 'fake') return context.skip('a fake node runs no containers');
    const answer = await fetch(`${result.outputs.url}/desk/welcome/Ada?code=${keyBefore}`, {
      signal: AbortSignal.timeout(10_000),
    });
    assert.equal(await answer.text(), 'Good night, Ada!');
  });

  test('keeps no secret of its settings in a record, a label or an annotation', async () => {
    const key = /AccountKey=([^;]+)/.exec(lab.queue.connectionString)?.[1] ?? '';
    assert(key.length > 20);
    const records = (await secretsOf()).filter(secret => secret.type === 'aks-functions.io/release.v1');
    assert.equal(records.length, 3);
    const { gunzipSync } = await import('node:zlib');
    for (const record of records) {
      const text = gunzipSync(Buffer.from(record.data?.release ?? '', 'base64')).toString();
      assert(!text.includes(key) && !text.includes(Buffer.from(key).toString('base64')));
    }
    const pods = (await lab.request('GET', deploymentPath(app))).text;
    assert(!pods.includes(key));
  });

  test('is checked from the command line by the file of its checks', async context => {
    if (lab.nodeKind === 'fake') return context.skip('a fake node runs no containers');
    const args = [
      'smoke-test',
      folder,
      '--name',
      app,
      '--kubeconfig',
      lab.kubeconfig,
      '--namespace',
      namespace,
      '--checks',
      '- {get: /desk/welcome/Bob, body: "Good night, Bob!"}',
      '--format',
      'json',
    ];
    const { code, stdout, stderr } = await runCommand(args);
    assert.equal(code, 0, stderr);
    assert.equal(JSON.parse(stdout).passed, '1');
    assert(!`${stdout}${stderr}`.includes(await functionKey()));
  });

  test('loses the workload of a function that left the code', async () => {
    await rm(join(folder, 'lib/greet.mjs'));
    const result = await deploy();
    const { deleted } = JSON.parse(result.outputs.plan ?? '');
    for (const key of [`Deployment/${app}-http`, `Service/${app}-http`, `Role/${app}-keys`, `ServiceAccount/${app}`])
      assert(deleted.includes(key), key);
  });

  test('is rendered offline as it is deployed, byte for byte the same twice', async () => {
    const args = ['render', folder, '--name', app, '--namespace', namespace, '--image', 'shop.azurecr.io/desk:1'];
    const env = { AKS_FUNCTIONS_SECRET_SETTINGS: `Depot=${lab.queue.connectionString}` };
    const [first, second] = [await runCommand(args, env), await runCommand(args, env)];
    assert.equal(first.code, 0, first.stderr);
    assert.equal(first.stdout, second.stdout);
    assert.match(first.stdout, /kind: ScaledObject/);
    assert(!first.stdout.includes('AccountKey'));
  });

  test('is gone without a trace after its teardown', async () => {
    const { host, username, password } = lab.registry;
    const images = { registry: `${host}/desks`, 'registry-username': username, 'registry-password': password };
    const also = { ...images, 'delete-images': 'true', 'delete-namespace': 'true' };
    const result = await runStep('teardown', { with: { ...target(), name: app, ...also } });
    assert.equal(result.code, 0, result.log);
    assert.match(result.outputs.deleted ?? '', /"Image\/desks\/parcel-desk@sha256:/);
    assert.doesNotMatch(result.log, /Image sha256:\w+ stays/);
    assert.equal((await lab.request('GET', `/api/v1/namespaces/${namespace}`)).status, 404);
    const left = await live<{ readonly items: readonly unknown[] }>('/api/v1/pods?labelSelector=aks-functions.io/app');
    assert.equal(left.items.length, 0);
  });
});
