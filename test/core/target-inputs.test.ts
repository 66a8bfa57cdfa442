import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDeployInputs, parseSmokeTestInputs, parseTeardownInputs } from '../../src/core/inputs/inputs.ts';
import { actionInputs } from '../../src/core/inputs/table.ts';
import { UsageError } from '../../src/errors.ts';

const uuid = '11111111-2222-3333-4444-555555555555';
const aks = { cluster: 'prod', 'resource-group': 'shop-group', 'subscription-id': uuid };
const ids = { 'client-id': uuid, 'tenant-id': uuid };
const parse = (given: Readonly<Record<string, string>>) => parseTeardownInputs(new Map(Object.entries(given)));

test('a cluster is named by group and subscription, and signed in to by the token of the job', () => {
  const { cluster, signIn, kubeconfig } = parse({ ...aks, ...ids });
  assert.deepEqual(
    { cluster, signIn, kubeconfig },
    {
      cluster: { name: 'prod', resourceGroup: 'shop-group', subscriptionId: uuid },
      signIn: { auth: 'oidc', clientId: uuid, tenantId: uuid },
      kubeconfig: undefined,
    },
  );
});

test('a kubeconfig alone signs in to nothing, and with ids to Azure', () => {
  assert.equal(parse({ kubeconfig: 'x' }).signIn, undefined);
  assert.equal(parse({ kubeconfig: 'x', ...ids }).signIn?.auth, 'oidc');
  assert.equal(parse({ kubeconfig: 'x', auth: 'none' }).signIn, undefined);
});

test('a machine and the command line need no ids', () => {
  assert.deepEqual(parse({ ...aks, auth: 'azure-cli' }).signIn, {
    auth: 'azure-cli',
    clientId: undefined,
    tenantId: undefined,
  });
  assert.equal(parse({ ...aks, auth: 'managed-identity' }).signIn?.auth, 'managed-identity');
});

test('a smoke test of an address needs no cluster', () => {
  assert.equal(parseSmokeTestInputs(new Map([['url', 'https://a.example']])).cluster, undefined);
});

test('a kubeconfig is written where the input names a path, and by no default', () => {
  const deploy = (more: Readonly<Record<string, string>>) =>
    parseDeployInputs(new Map(Object.entries({ kubeconfig: 'x', image: 'shop.azurecr.io/shop:1', ...more })));
  assert.equal(deploy({}).kubeconfigFile, undefined);
  assert.equal(deploy({ 'kubeconfig-file': 'out/config' }).kubeconfigFile, 'out/config');
  assert.throws(() => deploy({ 'kubeconfig-file': 'out/config', mode: 'render', 'manifests-directory': 'm' }), {
    name: 'UserError',
    message: 'Input "kubeconfig-file" needs a cluster, which "mode: render" does not reach. Remove one of them.',
  });
});

test('only a deployment hands a kubeconfig on', () => {
  const actions = Object.entries(actionInputs).filter(([, names]) => names.some(name => name === 'kubeconfig-file'));
  assert.deepEqual(
    actions.map(([action]) => action),
    ['deploy'],
  );
});

const faulty: readonly { name: string; given: Readonly<Record<string, string>>; starts: readonly string[] }[] = [
  { name: 'no target', given: {}, starts: ['Inputs "cluster" and "kubeconfig" are both missing.'] },
  {
    name: 'two targets',
    given: { ...aks, ...ids, kubeconfig: 'x' },
    starts: ['Inputs "cluster" and "kubeconfig" exclude each other.'],
  },
  {
    name: 'a cluster alone',
    given: { cluster: 'prod' },
    starts: [
      'Input "client-id" is missing. "auth: oidc" signs in as',
      'Input "tenant-id" is missing.',
      'Input "resource-group" is missing.',
      'Input "subscription-id" is missing.',
    ],
  },
  {
    name: 'a group alone',
    given: { ...ids, 'resource-group': 'g', 'subscription-id': uuid },
    starts: ['Input "cluster" is missing.'],
  },
  {
    name: 'a cluster without sign-in',
    given: { ...aks, auth: 'none' },
    starts: ['Input "auth" is "none", but an AKS cluster'],
  },
  {
    name: 'ids without sign-in',
    given: { kubeconfig: 'x', auth: 'none', 'client-id': uuid },
    starts: ['Input "client-id" is given, though'],
  },
  {
    name: 'a name for an id',
    given: { ...aks, ...ids, 'subscription-id': 'Production' },
    starts: ['Input "subscription-id" must be an id'],
  },
  {
    name: 'a group that reaches elsewhere',
    given: { ...aks, ...ids, 'resource-group': '../../x' },
    starts: ['Input "resource-group" must have'],
  },
  {
    name: 'a secret for another way',
    given: { ...aks, ...ids, 'client-secret': 'geheim' },
    starts: ['Input "client-secret" goes with'],
  },
  {
    name: 'a way without its secret',
    given: { ...aks, ...ids, auth: 'client-secret' },
    starts: ['Input "client-secret" is missing. Give it from a secret; better, use "auth: oidc"'],
  },
  {
    name: 'a way that does not exist',
    given: { ...aks, ...ids, auth: 'password' },
    starts: ['Input "auth" must be one of oidc,'],
  },
  {
    name: 'an environment without TLS',
    given: { ...aks, ...ids, 'azure-environment': 'http://arm.example.com' },
    starts: ['Input "azure-environment" must be one of AzureCloud,'],
  },
];

for (const { name, given, starts } of faulty) {
  test(`${name} is refused before anything is contacted`, () => {
    assert.throws(
      () => parse(given),
      (error: unknown) => {
        assert(error instanceof UsageError);
        const messages = error.faults.map(fault => fault.message);
        assert.deepEqual(
          messages.map((message, index) => message.slice(0, starts[index]?.length)),
          starts,
        );
        assert(!messages.join().includes('geheim'));
        return true;
      },
    );
  });
}
