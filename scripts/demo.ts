import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pushBaseImages } from '../test/lab/base-image.ts';
import { type Lab, startLab } from '../test/lab/lab.ts';
import { runStep, type StepResult } from '../test/support/action.ts';

const began = performance.now();
const namespace = 'shop';
const apps = { http: 'test/apps/python-http', queue: 'test/apps/js-queue' } as const;
const queueName = 'function';

/** A line with the seconds since the start. */
function say(line: string): void {
  console.log(`${((performance.now() - began) / 1000).toFixed(1).padStart(6)} s  ${line}`);
}

await using lab = await startLab({ cloud: true, log: say });
say(
  `The lab is up: a real API server with Entra sign-in, KEDA, a registry, storage queues, an emulated Azure, and ${lab.nodeKind === 'real' ? 'a real node' : `a fake node (${lab.nodeObstacle})`}`,
);
const { cloud } = lab;
const bases = await pushBaseImages({ tools: lab.tools, registry: lab.registry.host, credentials: lab.registry, say });
say('Pushed the base images, which hold a stand-in for the official Functions host');
await lab.queue.create(queueName);
await grantRights();
const trusted = await trustedAuthorities();

const target = {
  'azure-environment': cloud.address,
  'client-id': cloud.deployer.clientId,
  'tenant-id': cloud.home.tenantId,
  'subscription-id': cloud.home.subscriptionId,
  'resource-group': cloud.home.resourceGroup,
  cluster: cloud.cluster.name,
  namespace,
};
const registry = { registry: `${cloud.registry.name}/apps` };
const inAzure = (image: string) => image.replace(lab.registry.host, cloud.registry.loginServer);
const connection = { 'secret-settings': `QueueConnString=${lab.queue.connectionString}` };
const verify = lab.nodeKind === 'real' ? 'loaded' : 'ready';

const queueApp = {
  ...target,
  ...registry,
  ...connection,
  'app-directory': apps.queue,
  name: 'js-queue',
};
const doctor = await step('Let the doctor look, and mend what is missing', 'doctor', { ...queueApp, fix: 'true' });
console.log(doctor.summary);
const http = await step('Deploy the HTTP function', 'root', {
  ...target,
  ...registry,
  'app-directory': apps.http,
  name: 'python-http',
  'base-image': inAzure(bases.python),
  expose: 'load-balancer',
  verify,
});
await answerOf(http);
const queueDeployment = {
  ...queueApp,
  'base-image': inAzure(bases.node),
  verify,
  'max-replicas': '15',
  'polling-interval': '5',
  'cooldown-period': '15',
};
await step('Deploy the queue function', 'root', queueDeployment);
const again = await step('Deploy the queue function again, unchanged', 'root', queueDeployment);
say(`  built: ${again.outputs.built}, changed: ${again.outputs.changed}`);
if (lab.nodeKind === 'real') {
  await step('Smoke test', 'smoke-test', {
    ...target,
    'app-directory': apps.http,
    name: 'python-http',
    checks: '- {get: "/api/python-http?name=handsonaks", body: "Hello handsonaks!"}',
  });
  for (const messages of ['1', '1000']) {
    const scale = await step(`Scale test with ${messages} message${messages === '1' ? '' : 's'}`, 'scale-test', {
      ...target,
      ...connection,
      'app-directory': apps.queue,
      name: 'js-queue',
      messages,
      confirm: 'js-queue',
      timeout: '5m',
    });
    console.log(scale.summary);
  }
}
await step('Remove the HTTP app', 'teardown', { ...target, name: 'python-http' });
await step('Remove the queue app, and take back what the doctor made', 'teardown', {
  ...target,
  ...registry,
  name: 'js-queue',
  everything: 'true',
});
const left = await objectsLeft(lab);
say(`Objects left behind: ${left}`);
if (left > 0) process.exitCode = 1;
if (lab.nodeKind === 'fake')
  say('Not shown without a real node: images that are pulled, hosts that answer, messages that are consumed');

type Action = Parameters<typeof runStep>[0];

async function step(title: string, action: Action, inputs: Readonly<Record<string, string>>): Promise<StepResult> {
  say(title);
  const env = { ...cloud.job().environment, NODE_EXTRA_CA_CERTS: trusted, NO_PROXY: '127.0.0.1' };
  const result = await runStep(action, { with: inputs, env });
  const lines = result.log.split('\n').filter(line => line !== '' && !/^::(?:add-mask|debug|endgroup)/.test(line));
  for (const line of lines) console.log(`          ${line.replace(/^::group::/, '')}`);
  if (result.code !== 0) throw new Error(`step "${title}" ended with ${result.code}`);
  say(`  done in ${result.seconds.toFixed(1)} s`);
  return result;
}

/** What an administrator does once: roles in Azure for the pipeline, and rights in the cluster. */
async function grantRights(): Promise<void> {
  const group = `/subscriptions/${cloud.home.subscriptionId}/resourceGroups/${cloud.home.resourceGroup}`;
  for (const role of ['Azure Kubernetes Service Cluster User Role', 'Reader'])
    cloud.assign(cloud.deployer, role, group);
  // The last one lets the doctor give the nodes their role.
  for (const role of ['AcrPush', 'AcrDelete', 'Role Based Access Control Administrator'])
    cloud.assign(cloud.deployer, role, cloud.registry.id);
  const clusterRules = [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }];
  await cloud.grant(cloud.deployer.objectId, 'default', { rules: [], clusterRules });
}

/** The cloud's authority beside those that this machine trusts, which npm needs to reach its registry. */
async function trustedAuthorities(): Promise<string> {
  const files = [cloud.caFile, process.env.NODE_EXTRA_CA_CERTS].filter(file => file !== undefined);
  const path = join(lab.dir, 'trusted.crt');
  await writeFile(path, (await Promise.all(files.map(file => readFile(file, 'utf8')))).join('\n'));
  return path;
}

/** Asks the function as a user would, through the address of the Service. */
async function answerOf({ outputs }: StepResult): Promise<void> {
  if (lab.nodeKind !== 'real') return;
  const functions: readonly { readonly url?: string }[] = JSON.parse(outputs.functions ?? '[]');
  const url = `${functions[0]?.url}?name=handsonaks`;
  const answer = await fetch(url, { signal: AbortSignal.timeout(10_000) });
  say(`  GET ${url} → ${answer.status} ${await answer.text()}`);
}

/** Counts what the namespace still has; it goes itself at the end. */
async function objectsLeft({ request }: Lab): Promise<number> {
  const paths = [
    `/apis/apps/v1/namespaces/${namespace}/deployments`,
    `/api/v1/namespaces/${namespace}/pods`,
    `/api/v1/namespaces/${namespace}/services`,
    `/api/v1/namespaces/${namespace}/secrets`,
    `/apis/keda.sh/v1alpha1/namespaces/${namespace}/scaledobjects`,
    `/apis/keda.sh/v1alpha1/namespaces/${namespace}/triggerauthentications`,
    `/apis/autoscaling/v2/namespaces/${namespace}/horizontalpodautoscalers`,
    `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}/roles`,
  ];
  const counts = await Promise.all(
    paths.map(async path => {
      const list = (await request('GET', path)).json();
      return isList(list) ? list.items.length : 0;
    }),
  );
  const spaces = await request('GET', `/api/v1/namespaces/${namespace}`);
  return counts.reduce((sum, count) => sum + count, spaces.status === 404 ? 0 : 1);
}

function isList(value: unknown): value is { readonly items: readonly unknown[] } {
  return typeof value === 'object' && value !== null && 'items' in value && Array.isArray(value.items);
}
