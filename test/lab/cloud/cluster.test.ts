import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { ClientAssertionCredential } from '@azure/identity';
import { createRemoteJWKSet, decodeJwt, jwtVerify } from 'jose';
import { aksServerApplication } from '../../../src/core/azure/environment.ts';
import { Api, kubeconfigOf } from '../api.ts';
import { outputOf } from '../command.ts';
import { serviceAccountToken } from '../identity.ts';
import { type Lab, startLab } from '../lab.ts';
import type { LabCloud } from '../lab-cloud.ts';
import { exchangeAudience } from '../workload-webhook.ts';
import { addPrincipal, trust } from './state.ts';
import { trustCloud } from './trusting.ts';

const configMaps = { apiGroups: [''], resources: ['configmaps'], verbs: ['list'] };

describe('an API server that knows Entra', () => {
  let lab: Lab & { readonly cloud: LabCloud };
  before(async () => {
    lab = await startLab({ profile: 'api', cloud: true, log: line => console.error(line) });
    trustCloud(lab.cloud);
  });
  after(() => lab?.stop());

  async function statusWith(token: string, path = '/api/v1/namespaces/shop/configmaps'): Promise<number> {
    const { server, ca } = lab.cloud.cluster.access;
    const api = new Api({ server, ca, token });
    const { status } = await api.request('GET', path);
    api.close();
    return status;
  }

  const tokenOf = async (claims: Readonly<Record<string, unknown>> = {}, life = 3600) =>
    (await lab.cloud.tokens.issue(lab.cloud.deployer, aksServerApplication, life, claims)).token;

  test('takes the token of a principal, who may do what its object id may', async () => {
    assert.equal(await statusWith(await tokenOf()), 403);
    await lab.cloud.grant(lab.cloud.deployer.objectId, 'shop', { rules: [configMaps] });
    assert.equal(await statusWith(await tokenOf()), 200);
    assert.equal(await statusWith(await tokenOf(), '/api/v1/namespaces/shop/secrets'), 403);
  });

  test('gives the rights of groups', async () => {
    const groups = ['33333333-3333-4333-8333-333333333333'];
    const { token } = await lab.cloud.tokens.issue(
      addPrincipal(lab.cloud.state, { name: 'member', tenantId: lab.cloud.home.tenantId, groups }),
      aksServerApplication,
      3600,
    );
    assert.equal(await statusWith(token, '/api/v1/namespaces/team/configmaps'), 403);
    await lab.cloud.grant(groups[0] ?? '', 'team', { rules: [configMaps] });
    assert.equal(await statusWith(token, '/api/v1/namespaces/team/configmaps'), 200);
  });

  test('serves kubectl with a token from the sign-in library', async () => {
    await lab.cloud.grant(lab.cloud.deployer.objectId, 'shop', { rules: [configMaps] });
    const { token } = await signIn(await jobToken(), lab.cloud.deployer.clientId, `${aksServerApplication}/.default`);
    const { server, ca } = lab.cloud.cluster.access;
    const kubeconfig = join(lab.dir, 'entra.kubeconfig');
    await writeFile(kubeconfig, kubeconfigOf({ server, ca, token }), { mode: 0o600 });
    const kubectl = (...args: string[]) => outputOf(join(lab.tools, 'kubectl'), ['--kubeconfig', kubeconfig, ...args]);
    assert.match(await kubectl('get', 'configmaps', '-n', 'shop', '-o', 'name'), /^(configmap\/.*\n)*$/);
    const { objectId } = lab.cloud.deployer;
    await assert.rejects(kubectl('get', 'secrets', '-n', 'shop'), new RegExp(`User "${objectId}" cannot list`));
  });

  const refusals: readonly (readonly [name: string, token: () => Promise<string>, reason: RegExp])[] = [
    [
      'for another service',
      async () => (await lab.cloud.tokens.issue(lab.cloud.deployer, 'https://management.azure.com', 3600)).token,
      /expected audience/,
    ],
    ['that ended', () => tokenOf({}, -10), /token is expired/],
    [
      'of another tenant',
      () => tokenOf({ iss: `https://sts.windows.net/${aksServerApplication}/` }),
      /invalid bearer token/,
    ],
    ['of nobody', () => tokenOf({ oid: undefined }), /claim not present/],
    ['of somebody without a name', () => tokenOf({ oid: '' }), /has no oid/],
    ['of a name of Kubernetes itself', () => tokenOf({ oid: 'system:admin' }), /reserved names/],
    ['that is none', async () => 'nonsense', /invalid bearer token/],
  ];
  for (const [name, token, reason] of refusals) {
    test(`refuses a token ${name}, and says why in its log only`, async () => {
      assert.equal(await statusWith(await token()), 401);
      assert.match((await lab.cloud.lastRefusal()) ?? '', reason);
    });
  }

  test('answers nobody without a token, except whether it is there', async () => {
    assert.equal(await statusWith('', '/version'), 401);
    assert.equal(await statusWith('', '/readyz'), 200);
  });

  test('issues tokens to service accounts that Entra takes as proof of an identity', async () => {
    const { state, home, clusterIssuer } = lab.cloud;
    const identity = addPrincipal(state, { name: 'orders', tenantId: home.tenantId });
    trust(identity, { issuer: clusterIssuer, subject: 'system:serviceaccount:default:orders' });
    const admin = new Api({ ...lab.cloud.cluster.access });
    const ask = (name: string) =>
      serviceAccountToken(admin, { name, namespace: 'default', audiences: [exchangeAudience] });
    const [own, foreign] = [await ask('orders'), await ask('others')];
    admin.close();
    const keys = createRemoteJWKSet(new URL(`${clusterIssuer}openid/v1/jwks`));
    await jwtVerify(own, keys, { issuer: clusterIssuer, audience: exchangeAudience });
    const { token } = await signIn(own, identity.clientId, 'https://storage.azure.com/.default');
    assert.equal(decodeJwt(token).oid, identity.objectId);
    await assert.rejects(signIn(foreign, identity.clientId, 'https://storage.azure.com/.default'), /AADSTS700213/);
  });

  async function jobToken(): Promise<string> {
    const { ACTIONS_ID_TOKEN_REQUEST_URL: url, ACTIONS_ID_TOKEN_REQUEST_TOKEN: own } = lab.cloud.job().environment;
    const answer = await fetch(`${url}&audience=${exchangeAudience}`, { headers: { authorization: `Bearer ${own}` } });
    return ((await answer.json()) as { value: string }).value;
  }

  function signIn(assertion: string, clientId: string, scope: string) {
    const options = { authorityHost: lab.cloud.address, disableInstanceDiscovery: true };
    return new ClientAssertionCredential(lab.cloud.home.tenantId, clientId, async () => assertion, options).getToken(
      scope,
    );
  }
});
