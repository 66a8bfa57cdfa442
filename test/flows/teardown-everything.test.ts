import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { emptyRecord, recordEntry } from '../../src/core/doctor/record.ts';
import { type FeatureSwitch, type Grant, pathOfGrant, type RoleGrant, roles } from '../../src/core/doctor/remedies.ts';
import { RemoteError } from '../../src/errors.ts';
import type { LiveObject } from '../../src/flows/cluster-port.ts';
import { type Teardown, teardownApp } from '../../src/flows/teardown.ts';
import { FakeResourceManager } from '../support/fake-azure.ts';
import { FakeInspection } from '../support/fake-inspection.ts';
import { HoldingCluster } from '../support/holding-cluster.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { keepingLog } from '../support/quiet-log.ts';

const group = '/subscriptions/sub/resourceGroups/shop/providers';
const prod = `${group}/Microsoft.ContainerService/managedClusters/prod`;
const pull: RoleGrant = {
  kind: 'role-assignment',
  scope: `${group}/Microsoft.ContainerRegistry/registries/shop`,
  role: roles.acrPull,
  principalId: 'kubelet',
  purpose: { kind: 'pull', host: 'shop.azurecr.io' },
};
const trust = {
  kind: 'federated-credential',
  identity: `${group}/Microsoft.ManagedIdentity/userAssignedIdentities/orders`,
  clientId: 'orders-client',
  issuer: 'https://oidc.example/',
  audience: 'api://AzureADTokenExchange',
} as const;
const appTrust: Grant = { ...trust, subject: 'system:serviceaccount:team:shop' };
const kedaTrust: Grant = { ...trust, subject: 'system:serviceaccount:kube-system:keda-operator' };
const feature = (name: FeatureSwitch['feature'], cluster = prod): FeatureSwitch => ({
  kind: 'cluster-feature',
  cluster,
  feature: name,
});

let cluster: HoldingCluster;
let inspection: FakeInspection;
let manager: FakeResourceManager;
let log: ReturnType<typeof keepingLog>;

beforeEach(() => {
  cluster = new HoldingCluster();
  inspection = new FakeInspection(cluster);
  manager = new FakeResourceManager();
  log = keepingLog();
  manager.add(prod, {
    provisioningState: 'Succeeded',
    workloadAutoScalerProfile: { keda: { enabled: true } },
    oidcIssuerProfile: { enabled: true },
    securityProfile: { workloadIdentity: { enabled: true } },
  });
  put('Namespace', 'team', { labels: { 'app.kubernetes.io/managed-by': 'aks-functions' } });
  put('Deployment', 'shop', { app: 'shop', image: 'shop.azurecr.io/shop:1' });
  put('ScaledObject', 'shop', { app: 'shop' });
});

interface Put {
  readonly namespace?: string;
  readonly app?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly image?: string;
  readonly data?: Readonly<Record<string, string>>;
}

function put(kind: string, name: string, { namespace = 'team', app, labels, annotations, image, data }: Put): void {
  const object: LiveObject & { readonly spec?: unknown; readonly data?: unknown } = {
    kind,
    metadata: {
      name,
      namespace,
      uid: `${kind}/${name}`,
      labels: { ...labels, ...(app ? { 'aks-functions.io/app': app } : {}) },
      ...(annotations ? { annotations } : {}),
    },
    ...(image ? { spec: { template: { spec: { containers: [{ image }] } } } } : {}),
    ...(data ? { data } : {}),
  };
  cluster.objects.set(`${kind}/${name}`, object);
}

/** Records grants for an app, and lets Azure have them. */
function record(grants: readonly Grant[], app = 'shop'): void {
  const { metadata } = emptyRecord(app, 'team');
  put('ConfigMap', metadata.name, {
    labels: metadata.labels ?? {},
    data: Object.assign({}, ...grants.map(recordEntry)),
  });
  for (const grant of grants) if (grant.kind !== 'cluster-feature') manager.add(pathOfGrant(grant), {});
}

function run(options: Partial<Teardown> = {}) {
  const request: Teardown = {
    name: 'shop',
    namespace: 'team',
    deleteNamespace: 'everything',
    images: undefined,
    queues: undefined,
    setUp: { inspection, azure: { manager, cluster: prod } },
    dryRun: false,
    timeout: 600,
    ...options,
  };
  const ports = { cluster, log, mask: () => {}, clock: new ManualClock(), signal: new AbortController().signal };
  return teardownApp(request, { ...ports, learn: () => {} });
}

const noticed = (pattern: RegExp) => log.lines.some(line => line.startsWith('notice: ') && pattern.test(line));

test('takes back what was recorded, KEDA last, then the record and the namespace', async () => {
  record([feature('keda'), pull, appTrust, kedaTrust, feature('workload-identity')]);
  const { deleted, faults } = await run();
  assert.deepEqual(faults, []);
  assert.deepEqual(deleted, [
    'ScaledObject/shop',
    'Deployment/shop',
    'Role/AcrPull@shop',
    'Credential/system:serviceaccount:team:shop@orders',
    'Credential/system:serviceaccount:kube-system:keda-operator@orders',
    'Feature/workload identity@prod',
    'Feature/KEDA add-on@prod',
    'ConfigMap/shop.doctor',
    'Namespace/team',
  ]);
  assert.ok(!manager.has('roleAssignments') && !manager.has('federatedIdentityCredentials'));
  assert.deepEqual(manager.resources.get(prod.toLowerCase())?.properties.workloadAutoScalerProfile, {
    keda: { enabled: false },
  });
});

test('leaves what nobody recorded', async () => {
  manager.add(pathOfGrant(pull), {});
  await run();
  assert.deepEqual(manager.changes, []);
});

test('leaves the record for later without everything', async () => {
  record([pull]);
  await run({ setUp: undefined, deleteNamespace: 'no' });
  assert.deepEqual(manager.changes, []);
  assert.ok(cluster.objects.has('ConfigMap/shop.doctor'));
});

test('only lists in a dry run', async () => {
  record([feature('keda'), pull]);
  const { deleted } = await run({ dryRun: true });
  assert.deepEqual([manager.changes, cluster.changes], [[], []]);
  assert.deepEqual(deleted.slice(-4), [
    'Role/AcrPull@shop',
    'Feature/KEDA add-on@prod',
    'ConfigMap/shop.doctor',
    'Namespace/team',
  ]);
});

test('leaves KEDA while others scale by it, says who, and takes it at the next run', async () => {
  record([feature('keda'), pull]);
  put('ScaledJob', 'nightly', { namespace: 'data' });
  const { deleted, faults } = await run();
  assert.deepEqual(faults, []);
  assert.ok(deleted.includes('Role/AcrPull@shop'));
  assert.ok(!deleted.some(key => key.includes('KEDA') || key.startsWith('Namespace') || key.includes('doctor')));
  assert.ok(noticed(/Feature\/KEDA add-on@prod stays\. It is used by data\/nightly too\./));
  cluster.objects.delete('ScaledJob/nightly');
  assert.deepEqual((await run()).deleted, ['Feature/KEDA add-on@prod', 'ConfigMap/shop.doctor', 'Namespace/team']);
});

test('leaves the pull role while others pull from the registry, at zero replicas too', async () => {
  record([pull]);
  put('Deployment', 'other', { namespace: 'data', image: 'shop.azurecr.io/other:1' });
  await run();
  assert.deepEqual(manager.changes, []);
  assert.ok(noticed(/It is used by data\/other too\./));
});

test('leaves the trust in KEDA while another app has the identity, not that in its own account', async () => {
  record([appTrust, kedaTrust]);
  put('ServiceAccount', 'other', {
    namespace: 'data',
    annotations: { 'azure.workload.identity/client-id': 'orders-client' },
  });
  const { deleted } = await run();
  assert.ok(deleted.includes('Credential/system:serviceaccount:team:shop@orders'));
  assert.ok(
    manager.has(
      pathOfGrant({
        ...trust,
        subject: 'system:serviceaccount:kube-system:keda-operator',
        kind: 'federated-credential',
      }),
    ),
  );
});

test('leaves what is recorded for another app as well', async () => {
  record([pull], 'other');
  record([pull]);
  await run();
  assert.deepEqual(manager.changes, []);
  assert.ok(noticed(/It is recorded for team\/other too\./));
});

test('leaves what it cannot judge', async () => {
  record([feature('keda')]);
  inspection.unlisted.set('ScaledObject', new RemoteError('may not list scaledobjects', 403));
  await run();
  assert.deepEqual(manager.changes, []);
  assert.ok(noticed(/It cannot be told whether others use it: may not list scaledobjects/));
});

test('leaves the issuer, which cannot be turned off, and forgets it', async () => {
  record([feature('oidc-issuer')]);
  const { deleted } = await run();
  assert.ok(deleted.includes('ConfigMap/shop.doctor') && deleted.includes('Namespace/team'));
  assert.deepEqual(manager.changes, []);
});

test('says what a sign-in is needed for', async () => {
  record([pull]);
  await run({ setUp: { inspection, azure: undefined } });
  assert.ok(noticed(/There is no sign-in to Azure to take it back with\./));
  assert.ok(cluster.objects.has('ConfigMap/shop.doctor'));
});

test('does not touch another cluster, nor a path that is none', async () => {
  record([feature('keda', prod.replace('prod', 'other')), { ...pull, scope: '/subscriptions/../x?y' }]);
  await run();
  assert.deepEqual(
    manager.changes.filter(call => call.includes('managedClusters') || call.includes('..')),
    [],
  );
});

test('takes nothing back while an object of the app is held', async () => {
  record([feature('keda')]);
  cluster.held.add('ScaledObject/shop');
  const { faults } = await run();
  assert.deepEqual(manager.changes, []);
  assert.equal(faults.length, 2);
});

test('keeps the record of what could not be taken back', async () => {
  record([pull, appTrust]);
  manager.refusals.push({ call: /^DELETE .*roleAssignments/, status: 403 });
  const { faults, deleted } = await run();
  assert.match(faults[0] ?? '', /Role\/AcrPull@shop is still there\./);
  assert.ok(deleted.includes('Credential/system:serviceaccount:team:shop@orders'));
  assert.deepEqual((await run()).faults, []);
  assert.ok(!cluster.objects.has('ConfigMap/shop.doctor'));
});
