import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import type { ContainerServiceContext } from '@azure/arm-containerservice/api';
import * as v from 'valibot';
import { armClient, callArm } from './arm-client.ts';
import type { Cloud } from './cloud.ts';
import { addIdentity, addRegistry, kinds } from './resources.ts';
import { roleDefinitions } from './role-definitions.ts';
import { assign, isAllowed } from './roles.ts';
import { addPrincipal, type Principal, resourcePath, trust } from './state.ts';
import { startTrustedCloud } from './trusting.ts';

const guids = ['1', '2', '3'].map(digit => `${digit.repeat(8)}-0000-4000-8000-000000000000`);
const idOf = (role: string) => roleDefinitions.find(({ name }) => name === role)?.id ?? '';
const codeOf = (body: unknown) => v.parse(v.object({ error: v.object({ code: v.string() }) }), body).error.code;
const names = (body: unknown) =>
  v.parse(v.object({ value: v.array(v.looseObject({ name: v.string() })) }), body).value.map(({ name }) => name);

describe('trust in the Resource Manager', () => {
  let cloud: Cloud;
  let client: ContainerServiceContext;
  let registry: string;
  let puller: Principal;

  before(async () => {
    cloud = await startTrustedCloud();
    client = armClient(cloud, cloud.deployer);
    registry = addRegistry(cloud.state, cloud.home, { name: 'shop', loginServer: 'shop.azurecr.io' }).id;
    puller = addPrincipal(cloud.state, { name: 'puller', tenantId: cloud.home.tenantId });
  });
  after(() => cloud?.stop());
  beforeEach(() => {
    cloud.state.roleAssignments.splice(0);
    assign(cloud.state, cloud.deployer.objectId, 'Owner', `/subscriptions/${cloud.home.subscriptionId}`);
  });

  interface Giving {
    readonly guid?: string;
    readonly role?: string;
    readonly principalId?: string;
    readonly principalType?: string;
    readonly as?: ContainerServiceContext;
  }

  const at = (scope: string, guid = '') =>
    `${scope}/providers/Microsoft.Authorization/roleAssignments${guid && `/${guid}`}`;

  function give({ guid = guids[0], role = 'AcrPull', as = client, ...rest }: Giving = {}) {
    const { principalId = puller.objectId, principalType } = rest;
    const roleDefinitionId = `/subscriptions/${cloud.home.subscriptionId}/providers/Microsoft.Authorization/roleDefinitions/${idOf(role) || role}`;
    const properties = { roleDefinitionId, principalId, ...(principalType ? { principalType } : {}) };
    return callArm(as, {
      ...{ method: 'PUT', path: at(registry, guid), apiVersion: '2022-04-01' },
      body: { properties },
    });
  }

  const pulls = () =>
    isAllowed(cloud.state, {
      principalId: puller.objectId,
      action: `${kinds.registry}/pull/read`,
      scope: registry,
    });

  test('gives a role once, whoever asks again', async () => {
    assert.equal(pulls(), false);
    assert.equal((await give()).status, 201);
    assert.equal(pulls(), true);
    assert.equal((await give()).status, 200);
    const other = await give({ guid: guids[1] ?? '' });
    assert.equal(`${other.status} ${codeOf(other.body)}`, '409 RoleAssignmentExists');
    const changed = await give({ role: 'AcrPush' });
    assert.equal(`${changed.status} ${codeOf(changed.body)}`, '409 RoleAssignmentUpdateNotPermitted');
  });

  test('takes a role back', async () => {
    await give();
    const remove = () => callArm(client, { method: 'DELETE', path: at(registry, guids[0]), apiVersion: '2022-04-01' });
    assert.equal((await remove()).status, 200);
    assert.equal(pulls(), false);
    assert.equal((await remove()).status, 204);
  });

  test('knows neither unknown roles nor, without their kind, unknown principals', async () => {
    const role = await give({ role: '99999999-0000-4000-8000-000000000000' });
    assert.equal(`${role.status} ${codeOf(role.body)}`, '400 RoleDefinitionDoesNotExist');
    const principalId = guids[2] ?? '';
    const unknown = await give({ principalId });
    assert.equal(`${unknown.status} ${codeOf(unknown.body)}`, '400 PrincipalNotFound');
    assert.equal((await give({ principalId, principalType: 'ServicePrincipal' })).status, 201);
  });

  test('lists roles by principal, and at the scope only', async () => {
    const { subscriptionId } = cloud.home;
    await give();
    assign(cloud.state, puller.objectId, 'Reader', `/subscriptions/${subscriptionId}`, { guid: guids[1] ?? '' });
    assign(cloud.state, puller.objectId, 'Reader', `${registry}/below`, { guid: guids[2] ?? '' });
    const list = async (filter: string) =>
      names(
        (
          await callArm(client, {
            ...{ method: 'GET', path: at(registry), apiVersion: '2022-04-01', query: { $filter: filter } },
          })
        ).body,
      ).sort();
    assert.deepEqual(await list(`principalId eq '${puller.objectId}'`), guids);
    assert.deepEqual(await list(`atScope() and assignedTo('${puller.objectId}')`), guids.slice(0, 2));
  });

  test('finds a role by its name', async () => {
    const { body } = await callArm(client, {
      ...{ method: 'GET', path: `${registry}/providers/Microsoft.Authorization/roleDefinitions` },
      ...{ apiVersion: '2022-04-01', query: { $filter: "roleName eq 'AcrPull'" } },
    });
    assert.deepEqual(names(body), [idOf('AcrPull')]);
  });

  test('lets a limited administrator give only what the condition allows', async () => {
    const limited = addPrincipal(cloud.state, { name: 'limited', tenantId: cloud.home.tenantId });
    const condition = `((!(ActionMatches{'Microsoft.Authorization/roleAssignments/write'})) OR (@Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {${idOf('AcrPull')}}))`;
    const role = 'Role Based Access Control Administrator';
    assign(cloud.state, limited.objectId, role, registry, { condition });
    const as = armClient(cloud, limited);
    assert.equal((await give({ as, role: 'AcrPush' })).status, 403);
    assert.equal((await give({ as })).status, 201);
  });

  describe('of an identity', () => {
    let identity: Principal;
    beforeEach(() => {
      identity = addIdentity(cloud.state, cloud.home, `app-${crypto.randomUUID()}`);
    });

    const credential = (name: string, subject: string) =>
      callArm(client, {
        ...{ method: 'PUT', apiVersion: '2024-11-30' },
        path: `${identity.resourceId}/federatedIdentityCredentials/${name}`,
        body: {
          properties: { issuer: 'https://issuer.example/', subject, audiences: ['api://AzureADTokenExchange'] },
        },
      });

    test('is written, read, listed and removed', async () => {
      assert.equal((await credential('app', 'system:serviceaccount:shop:app')).status, 201);
      assert.equal((await credential('app', 'system:serviceaccount:shop:app2')).status, 200);
      assert.deepEqual(
        identity.federated.map(({ subject }) => subject),
        ['system:serviceaccount:shop:app2'],
      );
      const path = `${identity.resourceId}/federatedIdentityCredentials`;
      const call = (method: 'GET' | 'DELETE', rest: string) =>
        callArm(client, { method, path: path + rest, apiVersion: '2024-11-30' });
      assert.deepEqual(names((await call('GET', '')).body), ['app']);
      assert.equal((await call('GET', '/app')).status, 200);
      assert.equal((await call('DELETE', '/app')).status, 200);
      assert.equal((await call('DELETE', '/app')).status, 204);
      assert.equal((await call('GET', '/app')).status, 404);
    });

    test('is written by one at a time', async () => {
      const answers = await Promise.all([credential('a', 'a'), credential('b', 'b')]);
      const refused = answers.find(({ status }) => status === 409);
      assert.equal(codeOf(refused?.body), 'ConcurrentFederatedIdentityCredentialsWritesForSingleManagedIdentity');
      assert.equal(identity.federated.length, 1);
    });

    test('has a subject once, and twenty of them', async () => {
      for (let n = 0; n < 20; n += 1) trust(identity, { issuer: 'https://issuer.example/', subject: `s${n}` });
      assert.equal(codeOf((await credential('again', 's3')).body), 'Conflict');
      const more = await credential('more', 'another');
      assert.equal(`${more.status} ${codeOf(more.body)}`, '400 BadRequest');
    });

    test('comes with a new identity, whose ids are shown', async () => {
      const path = resourcePath(cloud.home, kinds.identity, 'fresh');
      const request = { method: 'PUT', path, apiVersion: '2024-11-30', body: { location: 'westeurope' } } as const;
      const { status, body } = await callArm(client, request);
      assert.equal(status, 201);
      const shape = v.looseObject({ properties: v.looseObject({ principalId: v.string(), clientId: v.string() }) });
      const { principalId, clientId } = v.parse(shape, body).properties;
      const found = cloud.state.principals.find(one => one.resourceId === path);
      assert.deepEqual([found?.objectId, found?.clientId], [principalId, clientId]);
      assert.equal((await callArm(client, request)).status, 200);
    });
  });
});
