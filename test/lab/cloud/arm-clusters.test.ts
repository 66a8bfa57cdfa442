import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import type { ContainerServiceContext } from '@azure/arm-containerservice/api';
import {
  createOrUpdate,
  get,
  list,
  listByResourceGroup,
  listClusterAdminCredentials,
  listClusterUserCredentials,
  updateTags,
} from '@azure/arm-containerservice/api/managedClusters';
import { load } from 'js-yaml';
import * as v from 'valibot';
import { armClient, callArm } from './arm-client.ts';
import type { Cloud } from './cloud.ts';
import { addCluster, type ClusterTraits, changeCluster } from './resources.ts';
import { assign, unassign } from './roles.ts';
import { addPrincipal, type ManagedCluster } from './state.ts';
import { startTrustedCloud } from './trusting.ts';

const access = { server: 'https://127.0.0.1:6443', ca: 'CA', cert: 'CERTIFICATE', key: 'KEY' };
const group = 'shop-group';

const kubeconfigs = v.object({
  clusters: v.tuple([v.object({ cluster: v.object({ server: v.string() }) })]),
  users: v.tuple([v.object({ user: v.record(v.string(), v.unknown()) })]),
});

describe('managed clusters, by the official client', () => {
  let cloud: Cloud;
  let client: ContainerServiceContext;

  before(async () => {
    cloud = await startTrustedCloud();
    client = armClient(cloud, cloud.deployer);
  });
  after(() => cloud?.stop());
  beforeEach(() => {
    cloud.state.clusters.splice(0);
    cloud.state.roleAssignments.splice(0);
    assign(cloud.state, cloud.deployer.objectId, 'Contributor', `/subscriptions/${cloud.home.subscriptionId}`);
  });

  const cluster = (traits: Partial<ClusterTraits> = {}): ManagedCluster =>
    addCluster(cloud.state, cloud.home, { name: 'shop', access, ...traits });

  const kubeconfigOf = (answer: Awaited<ReturnType<typeof listClusterUserCredentials>>) =>
    v.parse(kubeconfigs, load(Buffer.from(answer.kubeconfigs?.[0]?.value ?? '').toString()));

  const code = (status: number, name: string) => (error: unknown) => {
    const { statusCode, code: actual } = v.parse(v.looseObject({ statusCode: v.number(), code: v.string() }), error);
    assert.deepEqual({ status: statusCode, code: actual }, { status, code: name });
    return true;
  };

  test('are found whatever the case of the group, with all that a deployment asks for', async () => {
    const { body } = cluster({ keda: true, workloadIdentity: true });
    const found = await get(client, 'SHOP-GROUP', 'Shop');
    const { keda } = found.workloadAutoScalerProfile ?? {};
    assert.equal(found.provisioningState, 'Succeeded');
    assert.equal(found.powerState?.code, 'Running');
    assert.equal(found.aadProfile?.tenantID, cloud.home.tenantId);
    assert.equal(found.disableLocalAccounts, true);
    assert.equal(keda?.enabled, true);
    assert.match(found.oidcIssuerProfile?.issuerURL ?? '', /^https:\/\/westeurope\.oic\.prod-aks\.azure\.com\//);
    assert.equal(found.securityProfile?.workloadIdentity?.enabled, true);
    const kubelet = v.parse(v.looseObject({ identityProfile: v.any() }), body.properties).identityProfile;
    assert.deepEqual({ ...found.identityProfile?.kubeletidentity }, kubelet.kubeletidentity);
  });

  test('are listed page by page, those that the caller may read', async () => {
    const [first] = ['a', 'b', 'c', 'd', 'e'].map(name => cluster({ name }));
    cloud.state.pageSize = 2;
    const names = async (pages: AsyncIterable<{ readonly name?: string }>) => {
      const found: (string | undefined)[] = [];
      for await (const { name } of pages) found.push(name);
      return found;
    };
    assert.deepEqual(await names(list(client)), ['a', 'b', 'c', 'd', 'e']);
    assert.deepEqual(await names(listByResourceGroup(client, group)), ['a', 'b', 'c', 'd', 'e']);
    unassign(cloud.state, cloud.deployer.objectId, 'Contributor');
    assign(cloud.state, cloud.deployer.objectId, 'Reader', first?.id ?? '');
    assert.deepEqual(await names(list(client)), ['a']);
    cloud.state.pageSize = 100;
  });

  test('that are not there are not found, nor those of unknown groups and subscriptions', async () => {
    await assert.rejects(get(client, group, 'none'), code(404, 'ResourceNotFound'));
    const other = addPrincipal(cloud.state, { name: 'nobody', tenantId: cloud.home.tenantId });
    await assert.rejects(get(armClient(cloud, other), group, 'none'), code(403, 'AuthorizationFailed'));
    await assert.rejects(get(client, 'none', 'shop'), code(404, 'ResourceGroupNotFound'));
    const elsewhere = { ...client, subscriptionId: '11111111-1111-4111-8111-111111111111' };
    await assert.rejects(get(elsewhere, group, 'shop'), code(404, 'SubscriptionNotFound'));
  });

  test('with Entra give a kubeconfig for kubelogin, and none of a local account', async () => {
    cluster();
    const { clusters, users } = kubeconfigOf(
      await listClusterUserCredentials(client, group, 'shop', { format: 'exec' }),
    );
    assert.equal(clusters[0].cluster.server, access.server);
    const { command, args } = v.parse(v.object({ command: v.string(), args: v.array(v.string()) }), users[0].user.exec);
    assert.equal(command, 'kubelogin');
    assert.equal(args[args.indexOf('--server-id') + 1], '6dae42f8-4368-4678-94ff-3960e28e3630');
    assert.equal(args[args.indexOf('--tenant-id') + 1], cloud.home.tenantId);
    await assert.rejects(listClusterAdminCredentials(client, group, 'shop'), (error: unknown) => {
      const {
        statusCode,
        code: actual,
        message,
      } = v.parse(v.looseObject({ statusCode: v.number(), code: v.string(), message: v.string() }), error);
      assert.equal(`${statusCode} ${actual}`, '400 BadRequest');
      assert.match(message, /disable local accounts/);
      return true;
    });
  });

  test('without Entra give a client certificate to users and administrators', async () => {
    cluster({ entra: false });
    for (const give of [listClusterUserCredentials, listClusterAdminCredentials]) {
      const { users } = kubeconfigOf(await give(client, group, 'shop'));
      assert.equal(users[0].user['client-certificate-data'], Buffer.from('CERTIFICATE').toString('base64'));
    }
  });

  test('that are stopped or private give an address that does not answer', async () => {
    const shop = cluster({ stopped: true });
    const server = async () =>
      kubeconfigOf(await listClusterUserCredentials(client, group, 'shop')).clusters[0].cluster.server;
    assert.equal(await server(), 'https://127.0.0.1:1');
    changeCluster(shop, { powerState: { code: 'Running' } });
    assert.equal(await server(), access.server);
    cluster({ name: 'inner', isPrivate: true });
    const inner = kubeconfigOf(await listClusterUserCredentials(client, group, 'inner'));
    assert.match(inner.clusters[0].cluster.server, /privatelink\.westeurope\.azmk8s\.io:443$/);
  });

  test('are updated in time, one update after the other, and lose what the body lacks', async () => {
    cluster();
    const found = await get(client, group, 'shop');
    const wanted = {
      ...found,
      workloadAutoScalerProfile: { keda: { enabled: true } },
      oidcIssuerProfile: { enabled: true },
    };
    const poller = createOrUpdate(client, group, 'shop', wanted, { updateIntervalInMs: 50 });
    await poller.submitted();
    assert.equal((await get(client, group, 'shop')).provisioningState, 'Updating');
    await assert.rejects(
      createOrUpdate(client, group, 'shop', wanted, { updateIntervalInMs: 50 }).pollUntilDone(),
      code(409, 'OperationNotAllowed'),
    );
    const updated = await poller.pollUntilDone();
    assert.equal(updated.provisioningState, 'Succeeded');
    assert.equal(updated.workloadAutoScalerProfile?.keda?.enabled, true);
    assert.match(updated.oidcIssuerProfile?.issuerURL ?? '', /^https:/);
    const { workloadAutoScalerProfile: _, ...without } = wanted;
    await createOrUpdate(client, group, 'shop', without, { updateIntervalInMs: 50 }).pollUntilDone();
    assert.equal((await get(client, group, 'shop')).workloadAutoScalerProfile, undefined);
    await assert.rejects(
      createOrUpdate(client, group, 'shop', { ...without, oidcIssuerProfile: { enabled: false } }).pollUntilDone(),
      code(400, 'OIDCIssuerFeatureCannotBeDisabled'),
    );
  });

  test('refuse an update of another state than the caller read', async () => {
    cluster();
    const found = await get(client, group, 'shop');
    await updateTags(client, group, 'shop', { tags: { team: 'shop' } }, { updateIntervalInMs: 50 }).pollUntilDone();
    const now = await get(client, group, 'shop');
    assert.equal(now.tags?.team, 'shop');
    assert.notEqual(now.eTag, found.eTag);
    const late = createOrUpdate(client, group, 'shop', found, { ifMatch: found.eTag ?? '' });
    await assert.rejects(late.pollUntilDone(), code(412, 'EtagMismatch'));
  });

  test('are followed by the address of the operation, which says what it is', async () => {
    const shop = cluster();
    const { location, properties } = shop.body;
    const apiVersion = '2025-05-01';
    const started = await callArm(client, {
      ...{ method: 'PUT', path: shop.id, apiVersion },
      body: { location, properties },
    });
    const operation = new URL(started.headers['azure-asyncoperation'] ?? '');
    const state = await callArm(client, { method: 'GET', path: operation.pathname, apiVersion });
    assert.equal(v.parse(v.looseObject({ status: v.string() }), state.body).status, 'InProgress');
  });
});
