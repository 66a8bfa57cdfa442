import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import * as v from 'valibot';
import { pushBaseImages } from '../lab/base-image.ts';
import { roleDefinitions } from '../lab/cloud/role-definitions.ts';
import { assign, unassign } from '../lab/cloud/roles.ts';
import type { LabCloud } from '../lab/lab-cloud.ts';
import { type AzureResult, type AzureScene, startAzureScene } from './azure-scene.ts';
import { messagesOf } from './faults-shown.ts';

const podSpec = v.object({ imagePullSecrets: v.optional(v.array(v.unknown()), []) });
const deploymentShape = v.object({ spec: v.object({ template: v.object({ spec: podSpec }) }) });
const repositoryReader = 'Container Registry Repository Reader';
const repositoryWriter = 'Container Registry Repository Writer';

/** A role of the user's own: sees registries and who has which role there, but no image. */
const viewer = {
  id: '5a0c8b7e-0000-4000-8000-000000000001',
  name: 'Registry viewer',
  actions: ['Microsoft.ContainerRegistry/registries/read', 'Microsoft.Authorization/roleAssignments/read'],
};

describe('an image in a registry of Azure', () => {
  let scene: AzureScene;
  let cloud: LabCloud;
  let base: string;

  before(async () => {
    scene = await startAzureScene();
    cloud = scene.lab.cloud;
    const { tools, registry } = scene.lab;
    const bases = await pushBaseImages({ tools, registry: registry.host, credentials: registry });
    roleDefinitions.push(viewer);
    cloud.assign(cloud.deployer, viewer.name, cloud.registry.id);
    base = bases.node.replace(registry.host, cloud.registry.loginServer);
  });
  after(() => scene?.[Symbol.asyncDispose]());
  afterEach(() => {
    scene.reset();
    cloud.registry.mode = 'rbac';
    for (const role of ['AcrPush', repositoryWriter]) unassign(cloud.state, cloud.deployer.objectId, role);
    for (const role of ['AcrPull', repositoryReader]) unassign(cloud.state, cloud.kubelet.objectId, role);
  });

  const push = (namespace: string, more: Readonly<Record<string, string>> = {}) =>
    scene.deploy(namespace, {
      with: { image: '', registry: 'shopregistry/apps', 'base-image': base, builder: 'layers', ...more },
    });
  const mayPush = () => cloud.assign(cloud.deployer, 'AcrPush', cloud.registry.id);
  const mayPull = () => cloud.assign(cloud.kubelet, 'AcrPull', cloud.registry.id);

  test('is pushed by the identity, found by the name of the registry, and asked for by digest', async () => {
    mayPush();
    mayPull();
    const namespace = await scene.newNamespace();
    const result = await push(namespace);
    assert.equal(result.code, 0, result.log);
    assert.match(result.outputs.image ?? '', new RegExp(`^${cloud.registry.loginServer}/apps/shop@sha256:`));
    assert.match(result.log, /The nodes may pull from /);
    const asked = result.requests.map(({ method, path }) => `${method} ${path.split('?')[0]?.split('/').at(-1)}`);
    for (const once of ['POST exchange', 'GET registries', 'GET roleAssignments'])
      assert.equal(asked.filter(request => request === once).length, 1, once);
    assert.deepEqual(await imagePullSecrets(namespace), []);
    const again = await push(namespace);
    assert.deepEqual([again.outputs.built, again.outputs.changed], ['false', 'false']);
  });

  test('may be named by its login server', async () => {
    mayPush();
    mayPull();
    const result = await push(await scene.newNamespace(), { registry: `${cloud.registry.loginServer}/apps` });
    assert.equal(result.code, 0, result.log);
  });

  test('is not deployed when the nodes may not pull it: nothing was applied, and the cure is said', async () => {
    mayPush();
    const namespace = await scene.newNamespace();
    const result = await push(namespace);
    assert.equal(result.code, 1);
    assertSaid(
      result,
      /may not pull from registry .*no pod would start\. Run the action "doctor".*--role "AcrPull" --assignee/,
    );
    assert.equal(
      (await scene.lab.request('GET', `/apis/apps/v1/namespaces/${namespace}/deployments`)).text.includes('"items":[]'),
      true,
    );
  });

  test('cannot be pushed without a role at the registry', async () => {
    mayPull();
    const result = await push(await scene.newNamespace());
    assert.equal(result.code, 1);
    assertSaid(
      result,
      new RegExp(`refused the signed-in identity ${cloud.deployer.clientId} .*Give it the role AcrPush`),
    );
  });

  test('cannot be pushed with the right to pull alone', async () => {
    mayPull();
    cloud.assign(cloud.deployer, 'AcrPull', cloud.registry.id);
    const result = await push(await scene.newNamespace(), { registry: 'shopregistry/others' });
    unassign(cloud.state, cloud.deployer.objectId, 'AcrPull');
    assert.equal(result.code, 1);
    assertSaid(result, /has no right at registry .* to push to "others\/shop"\. Give it the role AcrPush/);
  });

  test('needs roles by repository where the registry gives rights so', async () => {
    cloud.registry.mode = 'abac';
    mayPush();
    mayPull();
    const registry = { registry: 'shopregistry/by-repository' };
    assertSaid(await push(await scene.newNamespace(), registry), /may not pull from registry/);
    assign(cloud.state, cloud.kubelet.objectId, repositoryReader, cloud.registry.id);
    const refused = await push(await scene.newNamespace(), registry);
    assertSaid(refused, /"Container Registry Repository Writer" where the registry gives rights by repository/);
    assign(cloud.state, cloud.deployer.objectId, repositoryWriter, cloud.registry.id);
    const result = await push(await scene.newNamespace(), registry);
    assert.equal(result.code, 0, result.log);
  });

  test('in a registry that does not exist is said to be not found', async () => {
    mayPush();
    const result = await push(await scene.newNamespace(), { registry: 'nosuchregistry' });
    assert.equal(result.code, 1);
    assertSaid(result, /Registry "nosuchregistry\.azurecr\.io".*was not found/);
  });

  async function imagePullSecrets(namespace: string): Promise<readonly unknown[]> {
    const { json } = await scene.lab.request('GET', `/apis/apps/v1/namespaces/${namespace}/deployments/shop`);
    return v.parse(deploymentShape, json()).spec.template.spec.imagePullSecrets;
  }
});

function assertSaid(result: AzureResult, text: RegExp): void {
  assert.match(messagesOf(result), text, result.log);
}
