import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clusterPath, parseManagedCluster, readinessOf } from '../../../src/core/azure/managed-cluster.ts';
import { resourceFault } from '../../../src/core/azure/resource-failure.ts';
import { faultOfClusterName, faultOfResourceGroup, isUuid, partOfId } from '../../../src/core/azure/resource-id.ts';

const id = { subscriptionId: '11111111-2222-3333-4444-555555555555', resourceGroup: 'shop-group', name: 'prod' };
const path = `/subscriptions/${id.subscriptionId}/resourceGroups/shop-group/providers/Microsoft.ContainerService/managedClusters/prod`;

for (const name of ['../other', 'a/b', 'a?b', 'a%2Fb', 'a#b', '', '..', 'a.', 'a b', 'x'.repeat(91), 'a\nb']) {
  test(`${JSON.stringify(name.slice(0, 12))} is no resource group`, () =>
    assert.match(faultOfResourceGroup(name) ?? '', /^must have/));
}

for (const name of ['rg', 'Größe-1', 'a.b(c)_d', 'x'.repeat(90)])
  test(`"${name.slice(0, 12)}" is a resource group`, () => assert.equal(faultOfResourceGroup(name), undefined));

for (const name of ['-a', 'a-', 'a/b', '..', 'a.b', 'x'.repeat(64)])
  test(`"${name.slice(0, 12)}" is no cluster`, () => assert.match(faultOfClusterName(name) ?? '', /^must have/));

test('no name leaves its place in a path', () => {
  assert.equal(clusterPath(id), path);
  assert.equal(clusterPath({ ...id, name: '../../x?y#z' }), `${path.slice(0, -4)}..%2F..%2Fx%3Fy%23z`);
});

test('parts of an id are found whatever their case', () => {
  assert.deepEqual(
    [partOfId(path.toLowerCase(), 'resourceGroups'), partOfId(path, 'vaults')],
    ['shop-group', undefined],
  );
  assert.deepEqual(
    [isUuid(id.subscriptionId), isUuid('shop'), isUuid(`${id.subscriptionId}/..`)],
    [true, false, false],
  );
});

test('a cluster is read from the body of the Resource Manager', () => {
  const body = {
    id: path,
    location: 'westeurope',
    properties: {
      provisioningState: 'Succeeded',
      powerState: { code: 'Running' },
      kubernetesVersion: '1.35',
      currentKubernetesVersion: '1.35.2',
      fqdn: 'prod.azmk8s.io',
      nodeResourceGroup: 'MC_1',
      disableLocalAccounts: true,
      aadProfile: { managed: true, enableAzureRBAC: true, tenantID: 't1' },
      apiServerAccessProfile: { enablePrivateCluster: false },
      oidcIssuerProfile: { enabled: true, issuerURL: 'https://issuer/' },
      securityProfile: { workloadIdentity: { enabled: true } },
      workloadAutoScalerProfile: { keda: { enabled: true } },
      identityProfile: { kubeletidentity: { objectId: 'o', clientId: 'c', resourceId: 'r' } },
    },
  };
  assert.deepEqual(parseManagedCluster(body), {
    ...{ id: path, location: 'westeurope', provisioningState: 'Succeeded', powerState: 'Running' },
    ...{ kubernetesVersion: '1.35.2', fqdn: 'prod.azmk8s.io', privateFqdn: undefined, nodeResourceGroup: 'MC_1' },
    ...{ isPrivate: false, runCommandDisabled: false, localAccountsDisabled: true, kedaAddOn: true },
    ...{ workloadIdentity: true, entra: { tenantId: 't1', azureRbac: true }, oidcIssuer: 'https://issuer/' },
    kubeletIdentity: { objectId: 'o', clientId: 'c', resourceId: 'r' },
  });
});

test('a body with little is a plain cluster, one of another kind is none', () => {
  const plain = parseManagedCluster({ id: path, properties: { aadProfile: null } });
  assert.deepEqual([plain?.entra, plain?.kedaAddOn, plain?.kubeletIdentity], [undefined, false, undefined]);
  assert.deepEqual([parseManagedCluster({}), parseManagedCluster('x')], [undefined, undefined]);
});

const cluster = (provisioningState: string, powerState = 'Running') => {
  const parsed = parseManagedCluster({ id: path, properties: { provisioningState, powerState: { code: powerState } } });
  assert(parsed);
  return parsed;
};

const states = [
  { given: cluster('Succeeded'), expected: { kind: 'ready' } },
  { given: cluster('Failed'), expected: { kind: 'ready' } },
  { given: cluster('Updating'), expected: { kind: 'changing', state: 'Updating' } },
  { given: cluster('Starting', 'Stopped'), expected: { kind: 'changing', state: 'Starting' } },
  {
    given: cluster('Succeeded', 'Stopped'),
    expected: {
      kind: 'unusable',
      fault: `Cluster "prod" is stopped. Start it by "az aks start --name prod --resource-group shop-group --subscription ${id.subscriptionId}", then run again.`,
    },
  },
  {
    given: cluster('Deleting'),
    expected: { kind: 'unusable', fault: 'Cluster "prod" is being deleted. Name another one in the input "cluster".' },
  },
];

for (const { given, expected } of states)
  test(`a cluster that is ${given.provisioningState} and ${given.powerState} is ${expected.kind}`, () =>
    assert.deepEqual(readinessOf(id, given), expected));

const failed = { doing: 'read cluster "prod"', host: 'management.azure.com', code: undefined, message: undefined };
const refusals = [
  {
    name: 'a missing role',
    given: {
      ...failed,
      status: 403,
      code: 'AuthorizationFailed',
      message: `The client 'c1' with object id 'o1' does not have authorization to perform action 'Microsoft.ContainerService/managedClusters/read' over scope '${path}' or the scope is invalid. If access was recently granted, please refresh your credentials.`,
    },
    expected: `Could not read cluster "prod": the identity with object id o1 lacks the right "Microsoft.ContainerService/managedClusters/read". Grant it by "az role assignment create --assignee-object-id o1 --assignee-principal-type ServicePrincipal --role 'Azure Kubernetes Service Cluster User Role' --scope ${path}"; it counts after up to 5 minutes.`,
  },
  {
    name: 'a lock',
    given: { ...failed, status: 403, code: 'ScopeLocked', message: 'The scope is locked.' },
    expected:
      'Could not read cluster "prod": "The scope is locked" (ScopeLocked). Ask an administrator of the subscription, whose policy or lock forbids it.',
  },
  {
    name: 'throttling',
    given: { ...failed, status: 429, retryAfter: '600' },
    expected:
      'Could not read cluster "prod": "management.azure.com" has had too many requests of this identity (429), and asks to wait 600 s. Run again later, with fewer jobs at once.',
  },
  {
    name: 'a failure of the service',
    given: { ...failed, status: 503 },
    expected:
      'Could not read cluster "prod": "management.azure.com" answered every attempt with status 503. Run again later, and look at https://azure.status.microsoft.',
  },
  {
    name: 'a subscription of another tenant',
    given: { ...failed, status: 401, code: 'InvalidAuthenticationTokenTenant', message: 'wrong issuer' },
    expected:
      'Could not read cluster "prod": the subscription belongs to another tenant than the one signed in to. Correct the inputs "tenant-id" and "subscription-id".',
  },
  {
    name: 'a request that is not understood',
    given: { ...failed, status: 400, code: 'BadRequest', message: 'No.' },
    expected: 'Could not read cluster "prod": "No" (BadRequest) (status 400). Correct it, and run again.',
  },
];

for (const { name, given, expected } of refusals)
  test(`${name} is said with its cure`, () => assert.equal(resourceFault(given), expected));
