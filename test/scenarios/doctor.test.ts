import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { loadAll } from 'js-yaml';
import * as v from 'valibot';
import type { KubernetesObject } from '../lab/api.ts';
import { addIdentity, addStorageAccount } from '../lab/cloud/resources.ts';
import { unassign } from '../lab/cloud/roles.ts';
import { trust } from '../lab/cloud/state.ts';
import { type Lab, startLab } from '../lab/lab.ts';
import type { LabCloud } from '../lab/lab-cloud.ts';
import { type AppOnDisk, writeApp } from '../support/registry-app.ts';
import { type CloudPlace, checkOf, runInCloud, visit } from './doctor-scene.ts';
import { answering, writeGreeting } from './lab-scene.ts';

const everything = [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }];
const looking = [{ apiGroups: ['*'], resources: ['*'], verbs: ['get', 'list'] }];

describe('the doctor, in the cloud', () => {
  let lab: Lab & { readonly cloud: LabCloud };
  let place: CloudPlace;
  let greeting: AppOnDisk;
  let subscription: string;

  before(async () => {
    lab = await startLab({ cloud: true, node: 'fake' });
    const { cloud } = lab;
    place = { cloud, cluster: cloud.cluster.name, registry: cloud.registry.loginServer };
    subscription = `/subscriptions/${cloud.home.subscriptionId}`;
    greeting = await writeGreeting(answering('hello'));
  });
  after(async () => {
    await greeting?.[Symbol.asyncDispose]();
    await lab?.stop();
  });

  async function recorded(namespace: string): Promise<readonly string[]> {
    const answer = await lab.request('GET', `/api/v1/namespaces/${namespace}/configmaps/shop.doctor`);
    if (answer.status === 404) return [];
    return Object.keys(
      v.parse(v.object({ data: v.optional(v.record(v.string(), v.string()), {}) }), answer.json()).data,
    );
  }

  const pullRoles = () => lab.cloud.state.roleAssignments.filter(one => one.principalId === lab.cloud.kubelet.objectId);

  test('gives a newcomer everything that is missing in one visit, and changes nothing', async () => {
    const { cloud } = lab;
    cloud.assign(cloud.deployer, 'Azure Kubernetes Service Cluster User Role', cloud.cluster.id);
    cloud.assign(cloud.deployer, 'Reader', subscription);
    unassign(cloud.state, cloud.kubelet.objectId, 'AcrPull');
    const visited = await visit(place, { workspace: greeting.path, namespace: 'newcomer' });
    assert.equal(visited.code, 1);
    assert.deepEqual(visited.problems, ['rights', 'registry-push', 'registry-pull']);
    assert.equal(visited.outputs.problems, '3');
    assert.match(checkOf(visited, 'registry-pull').cure?.text ?? '', /^az role assignment create .* --role "AcrPull"/);
    assert.match(visited.summary, /\| ❌ \| Pull by the cluster \|/);
    assert.deepEqual(visited.report.changes, []);
    assert.deepEqual(
      cloud.requests.filter(
        request => ['PUT', 'PATCH', 'DELETE'].includes(request.method) && /providers/.test(request.path),
      ),
      [],
    );
  });

  test('is content with the rights once its own Role is applied', async () => {
    const { cloud } = lab;
    cloud.assign(cloud.deployer, 'AcrPush', cloud.registry.id);
    const inputs = { workspace: greeting.path, namespace: 'newcomer' };
    const { cure } = checkOf(await visit(place, inputs), 'rights');
    await lab.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'newcomer' } });
    for (const object of loadAll(cure?.text ?? '')) {
      const parsed: KubernetesObject = JSON.parse(JSON.stringify(object));
      await lab.apply(parsed);
    }
    const visited = await visit(place, inputs);
    assert.deepEqual(visited.problems, ['registry-pull']);
    assert.equal(checkOf(visited, 'admission').state, 'ok');
  });

  test('says who can give a role that it may not give, and how', async () => {
    const { cloud } = lab;
    await cloud.grant(cloud.deployer.objectId, 'team', { rules: everything, clusterRules: looking });
    const visited = await visit(place, { workspace: greeting.path, namespace: 'team', fix: 'true' });
    assert.deepEqual(visited.problems, ['registry-pull']);
    assert.match(visited.report.failures.join(), /Somebody who may can do it: az role assignment create .*"AcrPull"/);
    assert.deepEqual(pullRoles(), []);
  });

  test('two doctors at once give one role, both end well, and a third has nothing to do', async () => {
    const { cloud } = lab;
    cloud.assign(cloud.deployer, 'Role Based Access Control Administrator', cloud.registry.id);
    const inputs = { workspace: greeting.path, namespace: 'team', fix: 'true' };
    const both = await Promise.all([visit(place, inputs), visit(place, inputs)]);
    for (const one of both) assert.deepEqual([one.code, one.problems, one.report.failures], [0, [], []], one.log);
    assert.equal(pullRoles().length, 1);
    assert.equal((await recorded('team')).length, 1);
    const third = await visit(place, inputs);
    assert.deepEqual([third.code, third.report.changes], [0, []]);
  });

  test('teardown takes the role back once no other record has it', async () => {
    const { cloud } = lab;
    await cloud.grant(cloud.deployer.objectId, 'second', { rules: everything, clusterRules: looking });
    const record = (await lab.request('GET', '/api/v1/namespaces/team/configmaps/shop.doctor')).json();
    const { data } = v.parse(v.object({ data: v.record(v.string(), v.string()) }), record);
    const metadata = { name: 'other.doctor', namespace: 'second', labels: { 'aks-functions.io/doctor': 'other' } };
    await lab.apply({ apiVersion: 'v1', kind: 'ConfigMap', metadata, data });
    const target = { workspace: greeting.path, namespace: 'team', everything: 'true' };
    const early = await runInCloud('teardown', place, target);
    assert.equal(early.code, 0, early.log);
    assert.match(early.log, /Role\/AcrPull@\S+ stays\. It is recorded for second\/other too\./);
    assert.equal(pullRoles().length, 1);
    await lab.request('DELETE', '/api/v1/namespaces/second/configmaps/other.doctor');
    const late = await runInCloud('teardown', place, target);
    assert.equal(late.code, 0, late.log);
    assert.deepEqual([pullRoles(), await recorded('team')], [[], []]);
  });

  test('takes a role that is there already for good', async () => {
    const { cloud } = lab;
    unassign(cloud.state, cloud.kubelet.objectId, 'AcrPull');
    cloud.assign(cloud.kubelet, 'AcrPull', subscription);
    const visited = await visit(place, { workspace: greeting.path, namespace: 'other', fix: 'true' });
    assert.equal(checkOf(visited, 'registry-pull').state, 'ok');
    assert.equal((await recorded('other')).length, 0);
    unassign(cloud.state, cloud.kubelet.objectId, 'AcrPull');
  });

  test('tries the plan and its pods against real policies and a real quota', async () => {
    const { cloud } = lab;
    await cloud.grant(cloud.deployer.objectId, 'strict', { rules: everything, clusterRules: looking });
    const name = 'strict';
    const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' };
    await lab.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } });
    await lab.apply({
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { name: 'small', namespace: name },
      spec: { hard: { pods: '0', secrets: '100' } },
    });
    await lab.apply({
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingAdmissionPolicy',
      metadata: { name: 'no-services' },
      spec: {
        matchConstraints: {
          namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': name } },
          resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['services'] }],
        },
        validations: [{ expression: 'false', message: 'Services need an approval.' }],
      },
    });
    await lab.apply({
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingAdmissionPolicyBinding',
      metadata: { name: 'no-services' },
      spec: { policyName: 'no-services', validationActions: ['Deny'] },
    });
    const inputs = { workspace: greeting.path, namespace: name };
    // A policy works some moments after it is there.
    let visited = await visit(place, inputs);
    for (let count = 0; count < 10 && !/approval/.test(checkOf(visited, 'admission').evidence); count += 1)
      visited = await visit(place, inputs);
    const { state, evidence } = checkOf(visited, 'admission');
    assert.equal(state, 'problem');
    assert.match(evidence, /Service\/shop-http: .*Services need an approval\./);
    assert.match(evidence, /Pod\/shop-http-trial: .*violates PodSecurity "restricted:latest".*runAsNonRoot/);
    assert.equal(checkOf(visited, 'quota').state, 'problem');
    assert.match(
      checkOf(visited, 'quota').evidence,
      /ResourceQuota "small" has 0 of 0 pods in use; the plan takes 1 more/,
    );
    const after = await lab.request('GET', `/apis/apps/v1/namespaces/${name}/deployments/shop-http`);
    assert.equal(after.status, 404);
  });

  test('sets an identity up from nothing, twice without harm, and teardown takes all of it back', async () => {
    const { cloud } = lab;
    const { state, home, deployer } = cloud;
    await cloud.grant(deployer.objectId, 'jobs', { rules: everything, clusterRules: looking });
    cloud.assign(deployer, 'Owner', subscription);
    await lab.apply(kedaOperator);
    const identity = addIdentity(state, home, 'orders');
    trust(identity, { issuer: 'https://else.example/', subject: 'theirs' });
    addStorageAccount(state, home, {
      name: 'ordersstore',
      queueEndpoint: 'https://ordersstore.queue.core.windows.net/',
    });
    await using jobs = await writeApp({
      'package.json': '{"name":"jobs","version":"1.0.0"}',
      'work/function.json': JSON.stringify({
        bindings: [{ type: 'queueTrigger', direction: 'in', name: 'job', queueName: 'jobs', connection: 'Jobs' }],
      }),
      'work/index.js': 'module.exports = async () => {};',
    });
    const settings = `Jobs__accountName=ordersstore\nJobs__credential=managedidentity\nJobs__clientId=${identity.clientId}`;
    const inputs = { workspace: jobs.path, namespace: 'jobs', 'identity-client-id': identity.clientId, settings };
    const before = await visit(place, inputs);
    const found = before.problems.filter(id => /credential|storage|pull/.test(id));
    assert.deepEqual(found, ['registry-pull', 'app-credential', 'keda-credential', 'storage-roles']);
    const fixed = await visit(place, { ...inputs, fix: 'true' });
    assert.deepEqual(fixed.report.failures, [], fixed.log);
    assert.equal(fixed.report.changes.length, 4, fixed.log);
    const subjects = () => identity.federated.map(one => one.subject).toSorted();
    const account = 'system:serviceaccount:jobs:shop';
    assert.deepEqual(subjects(), [account, 'system:serviceaccount:kube-system:keda-operator', 'theirs'].toSorted());
    assert.deepEqual((await visit(place, { ...inputs, fix: 'true' })).report.changes, []);
    const target = { workspace: jobs.path, namespace: 'jobs', everything: 'true' };
    const dry = await runInCloud('teardown', place, { ...target, 'dry-run': 'true' });
    assert.equal(dry.code, 0, dry.log);
    assert.equal(subjects().length, 3);
    const undone = await runInCloud('teardown', place, target);
    assert.equal(undone.code, 0, undone.log);
    const deleted: unknown = JSON.parse(undone.outputs.deleted ?? '[]');
    assert.ok(Array.isArray(deleted));
    assert.deepEqual(deleted.toSorted(), [
      'ConfigMap/shop.doctor',
      'Credential/system:serviceaccount:jobs:shop@orders',
      'Credential/system:serviceaccount:kube-system:keda-operator@orders',
      'Role/AcrPull@shopregistry',
      'Role/Storage Queue Data Contributor@ordersstore',
    ]);
    assert.deepEqual(subjects(), ['theirs']);
    assert.deepEqual(pullRoles(), []);
    assert.deepEqual(
      state.roleAssignments.filter(one => one.principalId === identity.objectId),
      [],
    );
    assert.deepEqual(await recorded('jobs'), []);
  });

  test('shows no token', async () => {
    const { cloud } = lab;
    const { environment } = cloud.job();
    const { log, summary, outputs } = await visit(place, { workspace: greeting.path, namespace: 'team' });
    const shown = [log.replaceAll(/^::add-mask::.*$/gm, ''), summary, JSON.stringify(outputs)].join('\n');
    assert.ok(!/eyJ[\w-]+\.eyJ/.test(shown));
    assert.ok(!shown.includes(environment.ACTIONS_ID_TOKEN_REQUEST_TOKEN ?? 'none'));
  });
});

/** As the add-on has it; in the lab the operator is a process, and these pods are fake. */
const kedaOperator = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'keda-operator', namespace: 'kube-system' },
  spec: {
    replicas: 1,
    selector: { matchLabels: { app: 'keda-operator' } },
    template: {
      metadata: { labels: { app: 'keda-operator', 'azure.workload.identity/use': 'true' } },
      spec: {
        containers: [
          {
            name: 'keda-operator',
            image: 'mcr.microsoft.com/oss/v2/kedacore/keda:v2.19.0',
            env: [
              { name: 'WATCH_NAMESPACE', value: '' },
              { name: 'AZURE_FEDERATED_TOKEN_FILE', value: '/var/run/secrets/azure/tokens/azure-identity-token' },
            ],
          },
        ],
      },
    },
  },
};
