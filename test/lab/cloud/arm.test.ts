import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import type { ContainerServiceContext } from '@azure/arm-containerservice/api';
import * as v from 'valibot';
import { waitUntil } from '../processes.ts';
import { armClient, callArm } from './arm-client.ts';
import type { Cloud } from './cloud.ts';
import { addRegistry, addStorageAccount } from './resources.ts';
import { assign, unassign } from './roles.ts';
import { addPrincipal } from './state.ts';
import { startTrustedCloud } from './trusting.ts';

const refusal = v.object({ error: v.object({ code: v.string(), message: v.string() }) });
const page = v.object({ value: v.array(v.looseObject({ name: v.string() })), nextLink: v.optional(v.string()) });
const apiVersion = '2025-04-01';

describe('the Resource Manager', () => {
  let cloud: Cloud;
  let client: ContainerServiceContext;
  let subscription: string;

  before(async () => {
    cloud = await startTrustedCloud();
    client = armClient(cloud, cloud.deployer);
    subscription = `/subscriptions/${cloud.home.subscriptionId}`;
  });
  after(() => cloud?.stop());
  beforeEach(() => {
    cloud.state.roleAssignments.splice(0);
    assign(cloud.state, cloud.deployer.objectId, 'Contributor', subscription);
  });

  const fetchRaw = async (path: string, token?: string) => {
    const answer = await fetch(cloud.address + path, token ? { headers: { authorization: `Bearer ${token}` } } : {});
    return { status: answer.status, headers: answer.headers, body: await answer.json() };
  };
  const codeOf = (body: unknown) => v.parse(refusal, body).error.code;
  const get = (path: string, query: Readonly<Record<string, string>> = {}) =>
    callArm(client, { method: 'GET', path, apiVersion, query });

  test('says without sign-in where the services are', async () => {
    const { body } = await fetchRaw('/metadata/endpoints?api-version=2022-09-01');
    const { resourceManager, authentication, suffixes } = v.parse(
      v.looseObject({
        resourceManager: v.string(),
        authentication: v.looseObject({ loginEndpoint: v.string() }),
        suffixes: v.looseObject({ acrLoginServer: v.string() }),
      }),
      body,
    );
    assert.equal(resourceManager, `${cloud.address}/`);
    assert.equal(authentication.loginEndpoint, cloud.address);
    assert.equal(suffixes.acrLoginServer, 'azurecr.io');
    assert.ok(Array.isArray((await fetchRaw('/metadata/endpoints?api-version=2019-05-01')).body));
  });

  test('wants a version, then a token', async () => {
    const { body, status } = await fetchRaw(`${subscription}/resourceGroups`);
    assert.equal(`${status} ${codeOf(body)}`, '400 MissingApiVersionParameter');
    const invalid = await fetchRaw(`${subscription}/resourceGroups?api-version=newest`);
    assert.equal(codeOf(invalid.body), 'InvalidApiVersionParameter');
    const anonymous = await fetchRaw(`${subscription}/resourceGroups?api-version=${apiVersion}`);
    assert.equal(`${anonymous.status} ${codeOf(anonymous.body)}`, '401 AuthenticationFailed');
    assert.match(anonymous.headers.get('www-authenticate') ?? '', /^Bearer authorization_uri=/);
  });

  test('takes only its own tokens, as long as they live, and of its tenant', async () => {
    const { deployer, tokens, state } = cloud;
    const other = addPrincipal(state, { name: 'stranger', tenantId: '33333333-3333-4333-8333-333333333333' });
    const own = 'https://management.core.windows.net/';
    const cases = [
      ['InvalidAuthenticationToken', 'nonsense'],
      ['ExpiredAuthenticationToken', (await tokens.issue(deployer, own, -10)).token],
      ['InvalidAuthenticationTokenAudience', (await tokens.issue(deployer, 'https://storage.azure.com', 60)).token],
      ['InvalidAuthenticationTokenTenant', (await tokens.issue(other, own, 60)).token],
    ] as const;
    for (const [code, token] of cases) {
      const { status, body } = await fetchRaw(`${subscription}/resourceGroups?api-version=${apiVersion}`, token);
      assert.equal(`${status} ${codeOf(body)}`, `401 ${code}`);
    }
    const { token } = await tokens.issue(deployer, own, 60);
    assert.equal((await fetchRaw(`${subscription}/resourceGroups?api-version=${apiVersion}`, token)).status, 200);
  });

  test('names who may not do what and where', async () => {
    unassign(cloud.state, cloud.deployer.objectId, 'Contributor');
    const path = `${subscription}/resourceGroups/shop-group`;
    const { status, body } = await get(path);
    assert.equal(status, 403);
    const { clientId, objectId } = cloud.deployer;
    const { code, message } = v.parse(refusal, body).error;
    assert.equal(code, 'AuthorizationFailed');
    const action = 'Microsoft.Resources/subscriptions/resourceGroups/read';
    assert.ok(message.startsWith(`The client '${clientId}' with object id '${objectId}' does not have`), message);
    assert.ok(message.includes(`'${action}' over scope '${path}'`), message);
  });

  test('lets a new role count only after its delay', async () => {
    unassign(cloud.state, cloud.deployer.objectId, 'Contributor');
    cloud.state.roleDelay = 400;
    const { effectiveAt } = assign(cloud.state, cloud.deployer.objectId, 'Reader', subscription);
    cloud.state.roleDelay = 0;
    const status = async () => (await get(`${subscription}/resourceGroups/shop-group`)).status;
    assert.equal(await status(), 403);
    await waitUntil('the role counts', async () => (await status()) === 200, 5_000);
    assert.ok(Date.now() >= effectiveAt);
  });

  test('counts the requests of each caller, and throttles who makes too many', async () => {
    const { headers } = await get(`${subscription}/resourceGroups`);
    assert.match(headers['x-ms-ratelimit-remaining-subscription-reads'] ?? '', /^\d+$/);
    assert.match(headers['x-ms-request-id'] ?? '', /^[0-9a-f-]{36}$/);
    const eager = addPrincipal(cloud.state, { name: 'eager', tenantId: cloud.home.tenantId });
    assign(cloud.state, eager.objectId, 'Reader', subscription);
    const before = cloud.state.limits.reads;
    cloud.state.limits.reads = { size: 1, perSecond: 0.01 };
    const request = { method: 'GET', path: `${subscription}/resourceGroups`, apiVersion } as const;
    const first = await callArm(armClient(cloud, eager), request);
    const throttled = await callArm(armClient(cloud, eager), request);
    cloud.state.limits.reads = before;
    assert.equal(first.status, 200);
    assert.equal(`${throttled.status} ${codeOf(throttled.body)}`, '429 SubscriptionRequestsThrottled');
    assert.equal(throttled.headers['retry-after'], '100');
  });

  test('lists the subscriptions, groups and quotas of the caller', async () => {
    const subscriptions = await get('/subscriptions');
    const shown = v.object({ value: v.array(v.looseObject({ subscriptionId: v.string() })) });
    assert.deepEqual(
      v.parse(shown, subscriptions.body).value.map(({ subscriptionId }) => subscriptionId),
      [cloud.home.subscriptionId],
    );
    const one = v.parse(
      v.looseObject({ displayName: v.string(), tenantId: v.string() }),
      (await get(subscription)).body,
    );
    assert.deepEqual([one.displayName, one.tenantId], ['Shop', cloud.home.tenantId]);
    const groups = v.parse(page, (await get(`${subscription}/resourceGroups`)).body);
    assert.deepEqual(
      groups.value.map(({ name }) => name),
      ['shop-group'],
    );
    const { body } = await get(`${subscription}/providers/Microsoft.Compute/locations/westeurope/usages`);
    const usage = v.object({ value: v.tuple([v.looseObject({ currentValue: v.number(), limit: v.number() })]) });
    assert.deepEqual([v.parse(usage, body).value[0].currentValue, v.parse(usage, body).value[0].limit], [8, 100]);
  });

  test('shows registries with their mode and login server, and storage accounts with their queues', async () => {
    const { state, home } = cloud;
    const registry = addRegistry(state, home, { name: 'shop', loginServer: 'shop.azurecr.io', mode: 'abac' });
    const shape = v.looseObject({
      properties: v.looseObject({ loginServer: v.string(), roleAssignmentMode: v.string() }),
    });
    const found = v.parse(shape, (await get(registry.id)).body).properties;
    assert.deepEqual([found.loginServer, found.roleAssignmentMode], ['shop.azurecr.io', 'AbacRepositoryPermissions']);
    const listed = await get(`${subscription}/providers/Microsoft.ContainerRegistry/registries`);
    assert.equal(v.parse(page, listed.body).value.length, 1);
    const account = addStorageAccount(state, home, { name: 'shopqueues', queueEndpoint: 'https://127.0.0.1:1/' });
    const { body } = await get(account.id);
    const endpoints = v.looseObject({ primaryEndpoints: v.object({ queue: v.string() }) });
    assert.equal(
      v.parse(v.looseObject({ properties: endpoints }), body).properties.primaryEndpoints.queue,
      'https://127.0.0.1:1/',
    );
  });

  test('lets nothing be changed in a disabled subscription', async () => {
    const [own] = cloud.state.subscriptions;
    assert.ok(own);
    own.state = 'Disabled';
    const path = `${subscription}/resourceGroups/shop-group/providers/Microsoft.ManagedIdentity/userAssignedIdentities/x`;
    const body = { location: 'westeurope' };
    const { status, body: answer } = await callArm(client, { method: 'PUT', path, apiVersion, body });
    own.state = 'Enabled';
    assert.equal(`${status} ${codeOf(answer)}`, '409 ReadOnlyDisabledSubscription');
  });

  test('knows no other kinds and methods', async () => {
    const unknown = await get(`${subscription}/resourceGroups/shop-group/providers/Microsoft.Web/sites/x`);
    assert.equal(`${unknown.status} ${codeOf(unknown.body)}`, '404 InvalidResourceType');
    const other = await callArm(client, { method: 'DELETE', path: `${subscription}/resourceGroups`, apiVersion });
    assert.equal(`${other.status} ${codeOf(other.body)}`, '405 MethodNotAllowed');
  });
});
