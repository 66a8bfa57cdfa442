import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import type { Check } from '../../src/core/doctor/check.ts';
import { recordName } from '../../src/core/doctor/record.ts';
import { assignmentIdOf, roles } from '../../src/core/doctor/remedies.ts';
import type { DoctorResult } from '../../src/core/doctor/report.ts';
import { planDeployment } from '../../src/core/plan.ts';
import { RemoteError, UserError } from '../../src/errors.ts';
import type { ManagedCluster } from '../../src/flows/azure-port.ts';
import type { LiveObject } from '../../src/flows/cluster-port.ts';
import { type Visit, visitDoctor } from '../../src/flows/doctor.ts';
import type { DoctorAzure, DoctorPorts } from '../../src/flows/doctor-port.ts';
import { FakeResourceManager } from '../support/fake-azure.ts';
import { FakeCluster } from '../support/fake-cluster.ts';
import { FakeInspection } from '../support/fake-inspection.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { keepingLog } from '../support/quiet-log.ts';
import { resolved, triggerOf } from '../support/resolved.ts';

const group = '/subscriptions/sub/resourceGroups/shop/providers';
const clusterPath = `${group}/Microsoft.ContainerService/managedClusters/prod`;
const registryPath = `${group}/Microsoft.ContainerRegistry/registries/shop`;
const identityPath = `${group}/Microsoft.ManagedIdentity/userAssignedIdentities/orders`;
const storagePath = `${group}/Microsoft.Storage/storageAccounts/store`;
const issuer = 'https://oidc.example/prod/';
const clientId = '11111111-1111-1111-1111-111111111111';

let cluster: FakeCluster;
let inspection: FakeInspection;
let manager: FakeResourceManager;
let clock: ManualClock;
let azure: DoctorAzure | undefined;
let tryPush: DoctorPorts['tryPush'];

beforeEach(() => {
  cluster = new FakeCluster();
  inspection = new FakeInspection(cluster);
  manager = new FakeResourceManager();
  clock = new ManualClock();
  tryPush = async () => undefined;
  manager.add('/subscriptions/sub', {});
  manager.add(clusterPath, {
    provisioningState: 'Succeeded',
    networkProfile: { networkPlugin: 'azure' },
    workloadAutoScalerProfile: { keda: { enabled: true } },
    oidcIssuerProfile: { enabled: true, issuerURL: issuer },
    securityProfile: { workloadIdentity: { enabled: true } },
  });
  manager.add(registryPath, { loginServer: 'shop.azurecr.io' });
  manager.add(identityPath, { clientId, principalId: 'orders-principal' });
  manager.add(storagePath, {});
  giveRole('given', registryPath, 'kubelet', roles.acrPull.id);
  azure = {
    token: async () => ({
      issuer: 'https://token.actions.githubusercontent.com',
      subject: 'repo:acme@1/shop@2:ref:refs/heads/main',
      audience: 'api://AzureADTokenExchange',
      expectedAudience: 'api://AzureADTokenExchange',
    }),
    signIn: async () => ({ objectId: 'o', clientId: 'c', tenantId: 't' }),
    resourceManager: manager,
    findCluster: async () => managedCluster(),
  };
  put('Namespace', 'team', {});
  put('Deployment', 'keda-operator', {
    spec: {
      selector: { matchLabels: { app: 'keda-operator' } },
      template: {
        metadata: { labels: { 'azure.workload.identity/use': 'true' } },
        spec: { containers: [{ name: 'keda-operator', image: 'ghcr.io/kedacore/keda:2.17.2', env: [] }] },
      },
    },
  });
  put('Pod', 'keda-operator-1', {
    metadata: { name: 'keda-operator-1', labels: { app: 'keda-operator' } },
    spec: { containers: [{ env: [{ name: 'AZURE_FEDERATED_TOKEN_FILE' }] }] },
  });
});

function giveRole(name: string, scope: string, principalId: string, roleId: string): void {
  manager.add(`${scope}/providers/Microsoft.Authorization/roleAssignments/${name}`, {
    scope,
    principalId,
    roleDefinitionId: `/subscriptions/sub/providers/Microsoft.Authorization/roleDefinitions/${roleId}`,
  });
}

function takePullRole(): void {
  manager.resources.delete(`${registryPath}/providers/Microsoft.Authorization/roleAssignments/given`.toLowerCase());
}

function put(kind: string, name: string, fields: object): void {
  cluster.objects.set(`${kind}/${name}`, { kind, metadata: { name }, ...fields });
}

interface Switch {
  readonly enabled?: boolean;
}

interface ClusterProperties {
  readonly workloadAutoScalerProfile?: { readonly keda?: Switch };
  readonly oidcIssuerProfile?: Switch;
  readonly securityProfile?: { readonly workloadIdentity?: Switch };
}

/** What the edge makes of the resource. */
function managedCluster(): ManagedCluster {
  const { workloadAutoScalerProfile, oidcIssuerProfile, securityProfile }: ClusterProperties = {
    ...manager.resources.get(clusterPath.toLowerCase())?.properties,
  };
  return {
    id: clusterPath,
    location: 'westeurope',
    provisioningState: 'Succeeded',
    powerState: 'Running',
    kubernetesVersion: '1.33.2',
    fqdn: 'prod.example',
    privateFqdn: undefined,
    isPrivate: false,
    runCommandDisabled: false,
    nodeResourceGroup: undefined,
    entra: { tenantId: 't', azureRbac: false },
    localAccountsDisabled: true,
    kedaAddOn: workloadAutoScalerProfile?.keda?.enabled === true,
    oidcIssuer: oidcIssuerProfile?.enabled ? issuer : undefined,
    workloadIdentity: securityProfile?.workloadIdentity?.enabled === true,
    kubeletIdentity: { objectId: 'kubelet', clientId: undefined, resourceId: undefined },
  };
}

const plainApp = () => resolved({ functions: { greet: 'httpTrigger' }, inputs: { namespace: 'team' } });
const identityApp = () =>
  resolved({
    functions: { jobs: [{ ...triggerOf('queueTrigger'), connection: 'Jobs' }] },
    settings: { Jobs__accountName: 'store' },
    inputs: { namespace: 'team', 'identity-client-id': clientId },
  });

function visit({
  app = plainApp,
  ...options
}: Partial<Visit> & { readonly app?: typeof plainApp } = {}): Promise<DoctorResult> {
  const request: Visit = {
    subject: {
      name: 'shop',
      namespace: 'team',
      image: { host: 'shop.azurecr.io', repository: 'shop' },
      pullsWithSecret: false,
    },
    readApp: async () => {
      const read = await app();
      return { app: read, objects: planDeployment(read, { reference: 'shop.azurecr.io/shop:1' }).objects };
    },
    fix: false,
    installKeda: true,
    timeout: 600,
    ...options,
  };
  return visitDoctor(request, {
    azure,
    connect: async () => ({ cluster, inspection }),
    tryPush,
    log: keepingLog(),
    clock,
    signal: new AbortController().signal,
  });
}

function stateOf({ checks }: DoctorResult, id: string): Check {
  const check = checks.find(one => one.id === id);
  assert.ok(check, `no check ${id}`);
  return check;
}

function problemsOf({ checks }: DoctorResult): readonly string[] {
  return checks.filter(check => check.state === 'problem').map(check => check.id);
}

test('finds nothing wrong where nothing is', async () => {
  const result = await visit();
  assert.deepEqual(problemsOf(result), []);
  assert.deepEqual(
    result.checks.filter(check => check.state === 'unknown').map(check => check.id),
    [],
  );
  assert.match(stateOf(result, 'token').evidence, /repo:acme@1\/shop@2:ref:refs\/heads\/main" \(with the ids/);
});

test('tells every problem at once', async () => {
  inspection.denied.add('create deployments');
  inspection.metrics = {
    service: { namespace: 'keda', name: 'keda-metrics' },
    available: false,
    message: 'no endpoints',
  };
  inspection.refusals.set('Deployment/shop-http', 'denied by policy "no-latest"');
  inspection.date = new Date('2026-01-01T01:00:00Z');
  inspection.namespaceLimits = {
    quotas: [{ name: 'small', hard: { pods: '1' }, used: { pods: '1' } }],
    ranges: [],
  };
  takePullRole();
  tryPush = async () => {
    throw new UserError('No right to push.');
  };
  assert.deepEqual(problemsOf(await visit()), [
    'clock',
    'rights',
    'registry-push',
    'registry-pull',
    'keda-metrics',
    'admission',
    'quota',
  ]);
});

test('prints the Role that gives what is missing', async () => {
  inspection.denied.add('create triggerauthentications').add('patch scaledobjects');
  const { evidence, cure } = stateOf(await visit({ app: identityApp }), 'rights');
  assert.match(
    evidence,
    /"deployer" lacks in the namespace "team": patch on scaledobjects.keda.sh; create on triggerauth/,
  );
  assert.equal(cure?.kind, 'manifest');
  assert.match(
    cure?.text ?? '',
    /kind: Role\n[\s\S]*scaledobjects[\s\S]*kind: RoleBinding[\s\S]*kind: User[\s\S]*name: deployer/,
  );
});

test('asks only for rights that the list of all rights leaves open', async () => {
  inspection.rules = [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }];
  await visit();
  assert.equal(inspection.asked, 0);
});

test('skips what needs the sign-in when that is refused, and still looks at the code', async () => {
  assert.ok(azure);
  azure = {
    ...azure,
    signIn: async () => {
      throw new UserError('Azure refused the sign-in.');
    },
  };
  const result = await visit();
  assert.deepEqual(problemsOf(result), ['sign-in']);
  assert.equal(stateOf(result, 'app').state, 'ok');
  for (const id of ['cluster', 'cluster-access', 'api-server', 'rights', 'registry-push', 'registry-pull', 'keda'])
    assert.deepEqual([id, stateOf(result, id).evidence], [id, 'Needs "Sign-in to Azure", see there.']);
});

test('skips what needs the code when that is faulty, and still looks at the rest', async () => {
  const result = await visit({
    readApp: async () => {
      throw new UserError('Key "queueName" is missing.');
    },
  });
  assert.deepEqual(problemsOf(result), ['app']);
  assert.equal(stateOf(result, 'registry-pull').state, 'ok');
  assert.equal(stateOf(result, 'admission').state, 'skipped');
});

test('leaves open what it may not look at', async () => {
  manager.refusals.push({ call: /^LIST .*registries$/, status: 403 });
  const result = await visit();
  assert.equal(stateOf(result, 'registry-pull').state, 'unknown');
  assert.deepEqual(problemsOf(result), []);
});

test('looks at a cluster without Azure', async () => {
  azure = undefined;
  const result = await visit();
  assert.deepEqual(problemsOf(result), []);
  assert.equal(stateOf(result, 'registry-pull').state, 'skipped');
  assert.equal(stateOf(result, 'keda').state, 'ok');
});

test('gives the command for KEDA where there is no add-on', async () => {
  azure = undefined;
  cluster.keda = undefined;
  const { cure } = stateOf(await visit(), 'keda');
  assert.match(cure?.text ?? '', /^helm install keda /);
});

test('fixes the pull role once, and records it', async () => {
  takePullRole();
  const result = await visit({ fix: true });
  assert.deepEqual(problemsOf(result), []);
  assert.deepEqual(result.changes, ["role AcrPull for the cluster's kubelet identity on shop"]);
  assert.equal(recorded().length, 1);
  const again = await visit({ fix: true });
  assert.deepEqual(again.changes, []);
  assert.equal(manager.changes.length, 1);
});

test('records a grant before it is made', async () => {
  takePullRole();
  let noted = 0;
  manager.onChange = () => {
    noted = recorded().length;
  };
  await visit({ fix: true });
  assert.equal(noted, 1);
});

test('fixes nothing without being asked', async () => {
  takePullRole();
  await visit();
  assert.deepEqual([manager.changes, cluster.changes], [[], []]);
});

test('does not record what cannot be recorded, and does not make it', async () => {
  takePullRole();
  cluster.failures.set(`create ConfigMap/${recordName('shop')}`, new RemoteError('may not create configmaps', 403));
  const result = await visit({ fix: true });
  assert.deepEqual(manager.changes, []);
  assert.deepEqual(problemsOf(result), ['registry-pull']);
  assert.match(result.failures[0] ?? '', /may not create configmaps/);
});

test('says who else can give a forbidden role, and how', async () => {
  takePullRole();
  manager.refusals.push({ call: /^PUT .*roleAssignments/, status: 403 });
  const result = await visit({ fix: true });
  assert.deepEqual(problemsOf(result), ['registry-pull']);
  assert.match(
    result.failures[0] ?? '',
    /Somebody who may can do it: az role assignment create --assignee-object-id kubelet/,
  );
});

test('takes a role that somebody else gave meanwhile for good, and does not record it', async () => {
  const given = `${registryPath}/providers/Microsoft.Authorization/roleAssignments/given`.toLowerCase();
  const role = manager.resources.get(given);
  manager.resources.delete(given);
  manager.onChange = () => {
    if (role) manager.resources.set(given, role);
  };
  const result = await visit({ fix: true });
  assert.deepEqual([problemsOf(result), result.changes, recorded()], [[], [], []]);
});

test('two doctors at once both end well, and one record remains', async () => {
  takePullRole();
  const results = await Promise.all([visit({ fix: true }), visit({ fix: true })]);
  assert.deepEqual(results.map(problemsOf), [[], []]);
  assert.equal(recorded().length, 1);
  const id = assignmentIdOf({
    kind: 'role-assignment',
    scope: registryPath,
    role: roles.acrPull,
    principalId: 'kubelet',
    purpose: { kind: 'pull', host: 'shop.azurecr.io' },
  });
  assert.ok(manager.has(id));
});

test('sets up a cluster for an identity from nothing: add-on, issuer, trust, roles', async () => {
  manager.add(clusterPath, { provisioningState: 'Succeeded', networkProfile: { networkPlugin: 'azure' } });
  cluster.keda = undefined;
  put('Pod', 'keda-operator-1', {
    metadata: { name: 'keda-operator-1', labels: { app: 'keda-operator' } },
    spec: { containers: [{ env: [] }] },
  });
  manager.onChange = call => {
    if (call.includes('managedClusters')) cluster.keda = '2.17.2';
  };
  const result = await visit({ app: identityApp, fix: true });
  assert.deepEqual(result.failures, []);
  assert.deepEqual(result.changes, [
    'KEDA add-on of the cluster prod, OIDC issuer of the cluster prod, workload identity of the cluster prod',
    'role Storage Queue Data Contributor for the identity 11111111-1111-1111-1111-111111111111 on store',
    'federated credential for system:serviceaccount:team:shop at the identity orders',
    'federated credential for system:serviceaccount:kube-system:keda-operator at the identity orders',
    "restart of KEDA's operator in the namespace kube-system",
  ]);
  assert.equal(manager.changes.filter(call => call.includes('managedClusters')).length, 1);
  assert.equal(recorded().length, 6);
});

test('changes nothing of the cluster but the switch', async () => {
  const before = manager.resources.get(clusterPath.toLowerCase())?.properties;
  manager.add(clusterPath, { ...before, workloadAutoScalerProfile: { verticalPodAutoscaler: { enabled: true } } });
  cluster.keda = undefined;
  manager.onChange = () => {
    cluster.keda = '2.17.2';
  };
  await visit({ fix: true });
  assert.deepEqual(manager.resources.get(clusterPath.toLowerCase())?.properties, {
    ...before,
    workloadAutoScalerProfile: { verticalPodAutoscaler: { enabled: true }, keda: { enabled: true } },
  });
});

test('leaves KEDA to others when told so', async () => {
  manager.add(clusterPath, { provisioningState: 'Succeeded' });
  cluster.keda = undefined;
  const result = await visit({ fix: true, installKeda: false });
  assert.deepEqual(manager.changes, []);
  assert.match(stateOf(result, 'keda').cure?.text ?? '', /--enable-keda/);
});

test('waits while somebody else changes the cluster', async () => {
  manager.add(clusterPath, { provisioningState: 'Updating' });
  cluster.keda = undefined;
  clock.onPause = () => {
    manager.add(clusterPath, { provisioningState: 'Succeeded' });
    clock.onPause = () => undefined;
  };
  manager.onChange = () => {
    cluster.keda = '2.17.2';
  };
  assert.deepEqual((await visit({ fix: true })).changes, ['KEDA add-on of the cluster prod']);
});

test('tries a credential again that collides with another one', async () => {
  manager.refusals.push({
    call: /^PUT .*federatedIdentityCredentials/,
    status: 409,
    code: 'ConcurrentFederatedIdentityCredentialsWritesForSingleManagedIdentity',
  });
  const result = await visit({ app: identityApp, fix: true });
  assert.deepEqual(result.failures, []);
  assert.equal(manager.changes.filter(call => call.includes('federatedIdentityCredentials')).length, 2);
});

function recorded(): readonly string[] {
  const record: LiveObject & { readonly data?: Readonly<Record<string, string>> } =
    cluster.objects.get('ConfigMap/shop.doctor') ?? {};
  return Object.keys(record.data ?? {});
}
