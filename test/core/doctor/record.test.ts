import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseRecord, recordEntry } from '../../../src/core/doctor/record.ts';
import {
  assignmentIdOf,
  type CredentialGrant,
  commandOf,
  credentialNameOf,
  type Grant,
  type RoleGrant,
  roles,
} from '../../../src/core/doctor/remedies.ts';

const group = '/subscriptions/sub/resourceGroups/shop (1)/providers';
const role: RoleGrant = {
  kind: 'role-assignment',
  scope: `/subscriptions/sub/resourceGroups/shop/providers/Microsoft.ContainerRegistry/registries/shop`,
  role: roles.acrPull,
  principalId: 'kubelet',
  purpose: { kind: 'pull', host: 'shop.azurecr.io' },
};
const credential: CredentialGrant = {
  kind: 'federated-credential',
  identity: '/subscriptions/sub/resourceGroups/shop/providers/Microsoft.ManagedIdentity/userAssignedIdentities/orders',
  clientId: 'client',
  issuer: 'https://oidc.example/',
  subject: 'system:serviceaccount:team:shop',
  audience: 'api://AzureADTokenExchange',
};
const feature: Grant = {
  kind: 'cluster-feature',
  cluster: '/subscriptions/sub/resourceGroups/shop/providers/Microsoft.ContainerService/managedClusters/prod',
  feature: 'keda',
};

test('reads back what it has written', () => {
  const grants: readonly Grant[] = [role, credential, feature];
  assert.deepEqual(parseRecord(Object.assign({}, ...grants.map(recordEntry))), grants);
});

const strange: readonly (readonly [name: string, entry: unknown])[] = [
  ['no JSON', 'x'],
  ['another kind', { kind: 'subscription', id: '/subscriptions/sub' }],
  ['a path with a query', { ...role, scope: `${role.scope}?api-version=1` }],
  ['a path that goes up', { ...role, scope: '/subscriptions/sub/../../x' }],
  ['a path of something else', { ...feature, cluster: 'https://example.com/' }],
  ['a path with a space', { ...feature, cluster: `${group}/x` }],
  ['a feature that is none', { ...feature, feature: 'nodes' }],
  ['a role without its purpose', { ...role, purpose: undefined }],
];

for (const [name, entry] of strange)
  test(`leaves out an entry with ${name}`, () => {
    assert.deepEqual(parseRecord({ entry: typeof entry === 'string' ? entry : JSON.stringify(entry) }), []);
  });

test('gives the same assignment one id, whatever the case of its scope, and another one another', () => {
  const id = assignmentIdOf(role);
  assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.equal(assignmentIdOf({ ...role, scope: role.scope.toUpperCase() }), id);
  assert.notEqual(assignmentIdOf({ ...role, principalId: 'other' }), id);
  assert.notEqual(assignmentIdOf({ ...role, role: roles.repositoryReader }), id);
});

test('names a credential by what it trusts', () => {
  assert.match(credentialNameOf(credential), /^aks-functions-[0-9a-f]{12}$/);
  assert.notEqual(credentialNameOf({ ...credential, subject: 'x' }), credentialNameOf(credential));
});

test('writes commands that do the same', () => {
  assert.deepEqual([role, credential, feature].map(commandOf), [
    `az role assignment create --assignee-object-id kubelet --assignee-principal-type ServicePrincipal --role "AcrPull" --scope "${role.scope}"`,
    `az identity federated-credential create --subscription sub --resource-group "shop" --identity-name "orders" --name ${credentialNameOf(credential)} --issuer "https://oidc.example/" --subject "system:serviceaccount:team:shop" --audiences "api://AzureADTokenExchange"`,
    'az aks update --subscription sub --resource-group "shop" --name "prod" --enable-keda',
  ]);
});
