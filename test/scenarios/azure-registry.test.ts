import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import * as v from 'valibot';
import { type BaseRuntime, pushBaseImages } from '../lab/base-image.ts';
import { assign, unassign } from '../lab/cloud/roles.ts';
import { type Lab, startLab } from '../lab/lab.ts';
import { type LabCloud, registryPublicName } from '../lab/lab-cloud.ts';
import { obstacleToRealNode } from '../lab/real-node.ts';
import { runStep, type StepResult } from '../support/action.ts';
import type { AppOnDisk } from '../support/registry-app.ts';
import { messagesOf } from './faults-shown.ts';
import { answering, writeGreeting } from './lab-scene.ts';

const everything = [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }];
const reader = 'Container Registry Repository Reader';
const writer = 'Container Registry Repository Writer';
const name = '@Request[Microsoft.ContainerRegistry/registries/repositories:name]';
const podList = v.object({ items: v.array(v.object({ metadata: v.object({ name: v.string() }) })) });
const skip = (await obstacleToRealNode()) ?? false;

describe('a registry of Azure', { skip }, () => {
  let lab: Lab & { readonly cloud: LabCloud };
  let cloud: LabCloud;
  let app: AppOnDisk;
  let bases: Readonly<Record<BaseRuntime, string>>;
  let namespaces = 0;

  before(async () => {
    lab = await startLab({ cloud: true, node: 'real' });
    cloud = lab.cloud;
    const { tools, registry } = lab;
    bases = await pushBaseImages({ tools, registry: registry.host, credentials: registry });
    app = await writeGreeting(answering('hello from ACR'));
    cloud.registry.loginServer = registryPublicName;
    const group = `/subscriptions/${cloud.home.subscriptionId}/resourceGroups/${cloud.home.resourceGroup}`;
    cloud.assign(cloud.deployer, 'Azure Kubernetes Service Cluster User Role', group);
  });
  after(async () => {
    await app?.[Symbol.asyncDispose]();
    await lab?.stop();
  });

  async function deploy(
    inputs: Readonly<Record<string, string>> = {},
  ): Promise<StepResult & { readonly namespace: string }> {
    namespaces += 1;
    const namespace = `registry-${namespaces}`;
    await cloud.grant(cloud.deployer.objectId, namespace, { rules: everything });
    const { deployer, home, cluster } = cloud;
    const usual = {
      ...{ 'client-id': deployer.clientId, 'tenant-id': home.tenantId, 'subscription-id': home.subscriptionId },
      ...{ 'resource-group': home.resourceGroup, cluster: cluster.name, name: 'shop', namespace },
      registry: `${registryPublicName}/${namespace}`,
      'base-image': bases.node.replace(lab.registry.host, registryPublicName),
    };
    const environment = { ...cloud.job().environment, NODE_EXTRA_CA_CERTS: cloud.caFile };
    const proxies = { HTTPS_PROXY: cloud.proxy.address, NO_PROXY: '127.0.0.1', PATH: '' };
    const env = { ...environment, ...proxies };
    const result = await runStep('root', { env, with: { ...usual, ...inputs }, workspace: app.path });
    return { ...result, namespace };
  }

  beforeEach(() => {
    Object.assign(cloud.registry, { mode: 'rbac', quarantine: false, tenantId: cloud.home.tenantId });
    for (const { objectId } of [cloud.deployer, cloud.kubelet])
      for (const role of ['AcrPush', 'AcrPull', reader, writer]) unassign(cloud.state, objectId, role);
  });

  /** The answer of the app in the only pod of the namespace. */
  async function answerIn(namespace: string): Promise<string> {
    const { items } = v.parse(podList, (await lab.request('GET', `/api/v1/namespaces/${namespace}/pods`)).json());
    const pod = `/api/v1/namespaces/${namespace}/pods/${items[0]?.metadata.name}:8080/proxy/api/greet`;
    return (await lab.request('GET', pod)).text;
  }

  test('gets the image of the job’s identity and gives it to the nodes’, each with the least role', async () => {
    cloud.assign(cloud.deployer, 'AcrPush', cloud.registry.id);
    cloud.assign(cloud.kubelet, 'AcrPull', cloud.registry.id);
    const before = cloud.requests.length;
    const { code, log, namespace } = await deploy();
    assert.equal(code, 0, log);
    assert.equal(await answerIn(namespace), 'hello from ACR');
    const exchanges = cloud.requests.slice(before).filter(({ path }) => path === '/oauth2/exchange');
    const { deployer, kubelet } = cloud;
    assert.equal(exchanges.filter(({ principal }) => principal === deployer.objectId).length, 1);
    assert.ok(exchanges.some(({ principal }) => principal === kubelet.objectId));
    // What is listed of registries needs more roles than these: the answer is empty, and nothing depends on it.
    const listed = cloud.requests.slice(before).filter(({ path }) => path.includes('Microsoft.ContainerRegistry'));
    assert.equal(listed.length, 1);
  });

  test('in ABAC mode serves both by roles on their repositories', async () => {
    cloud.registry.mode = 'abac';
    const condition = `${name} StringStartsWith 'registry-' OR ${name} StringStartsWith 'azure-functions/'`;
    assign(cloud.state, cloud.deployer.objectId, writer, cloud.registry.id, { condition });
    assign(cloud.state, cloud.kubelet.objectId, reader, cloud.registry.id, { condition });
    const { code, log, namespace } = await deploy();
    assert.equal(code, 0, log);
    assert.equal(await answerIn(namespace), 'hello from ACR');
  });

  test('refuses the nodes without AcrPull, which the deployment says, and serves them after the role is given', async () => {
    cloud.assign(cloud.deployer, 'AcrPush', cloud.registry.id);
    const refused = await deploy();
    assert.equal(refused.code, 1, refused.log);
    assert.match(messagesOf(refused), /AcrPull/);
    cloud.assign(cloud.kubelet, 'AcrPull', cloud.registry.id);
    const { code, log } = await deploy({
      namespace: refused.namespace,
      registry: `${registryPublicName}/${refused.namespace}`,
    });
    assert.equal(code, 0, log);
    assert.equal(await answerIn(refused.namespace), 'hello from ACR');
  });

  interface Fault {
    readonly title: string;
    arrange(): void;
    readonly message: RegExp;
  }

  const refusedSignIn =
    /refused the signed-in identity [\w-]+ to sign in: it has no role there, or the registry belongs to another tenant\. Give it the role AcrPush, or "Container Registry Repository Writer"/;
  const faults: readonly Fault[] = [
    { title: 'no role', arrange: () => {}, message: refusedSignIn },
    {
      title: 'a role in another tenant',
      arrange: () => {
        cloud.assign(cloud.deployer, 'AcrPush', cloud.registry.id);
        Object.assign(cloud.registry, { tenantId: '11111111-1111-4111-8111-111111111111' });
      },
      message: refusedSignIn,
    },
    {
      title: 'the right to pull only',
      arrange: () => cloud.assign(cloud.deployer, 'AcrPull', cloud.registry.id),
      message:
        /has no right at registry "shopregistry\.azurecr\.io" to push to "registry-\d+\/shop"\. Give it the role AcrPush/,
    },
    {
      title: 'a role that ABAC does not honour',
      arrange: () => {
        cloud.registry.mode = 'abac';
        cloud.assign(cloud.deployer, 'AcrPush', cloud.registry.id);
      },
      message: refusedSignIn,
    },
    {
      title: 'a role on other repositories',
      arrange: () => {
        cloud.registry.mode = 'abac';
        const condition = `${name} StringStartsWith 'azure-functions/'`;
        assign(cloud.state, cloud.deployer.objectId, writer, cloud.registry.id, { condition });
      },
      message:
        /has no right at registry .* to read "registry-\d+\/shop:[^"]+"\. Give it .*"Container Registry Repository Writer"/,
    },
    {
      title: 'a quarantine',
      arrange: () => {
        cloud.assign(cloud.deployer, 'AcrPush', cloud.registry.id);
        cloud.registry.quarantine = true;
      },
      message: /keeps the image in quarantine.* Wait until the scan has released it/,
    },
  ];
  for (const { title, arrange, message } of faults) {
    test(`tells what is wrong with ${title}`, async () => {
      arrange();
      const result = await deploy();
      assert.equal(result.code, 1, result.log);
      assert.match(messagesOf(result), message);
    });
  }
});
