import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { load } from 'js-yaml';
import type { KubernetesObject } from '../lab/api.ts';
import { changeCluster } from '../lab/cloud/resources.ts';
import { type Lab, startLab } from '../lab/lab.ts';
import type { LabCloud } from '../lab/lab-cloud.ts';
import { waitUntil } from '../lab/processes.ts';
import { root } from '../support/action.ts';
import type { AppOnDisk } from '../support/registry-app.ts';
import { type CloudPlace, checkOf, runInCloud, visit } from './doctor-scene.ts';
import { answering, writeGreeting } from './lab-scene.ts';

describe('the doctor, on a cluster without KEDA', () => {
  let lab: Lab & { readonly cloud: LabCloud };
  let place: CloudPlace;
  let app: AppOnDisk;

  before(async () => {
    lab = await startLab({ cloud: true, profile: 'api', definitions: [] });
    const { cloud } = lab;
    place = { cloud, cluster: cloud.cluster.name, registry: cloud.registry.loginServer };
    const rules = [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }];
    await cloud.grant(cloud.deployer.objectId, 'team', { rules, clusterRules: rules });
    for (const role of ['Owner', 'AcrPush', 'AcrPull'])
      cloud.assign(cloud.deployer, role, `/subscriptions/${cloud.home.subscriptionId}`);
    cloud.assign(cloud.kubelet, 'AcrPull', cloud.registry.id);
    app = await writeGreeting(answering('hello'));
  });
  after(async () => {
    await app?.[Symbol.asyncDispose]();
    await lab?.stop();
  });

  const inputs = () => ({ workspace: app.path, namespace: 'team' });
  const addOn = () => JSON.stringify(lab.cloud.cluster.body.properties.workloadAutoScalerProfile);

  /** As the add-on does once it is on. */
  async function bringKinds(): Promise<void> {
    const folder = join(root, 'test/crds/2.19.0');
    for (const file of (await readdir(folder)).filter(name => name.endsWith('.yaml'))) {
      const object: KubernetesObject = JSON.parse(JSON.stringify(load(await readFile(join(folder, file), 'utf8'))));
      await lab.apply(object);
    }
  }

  test('names the command, and leaves KEDA alone when told so', async () => {
    const visited = await visit(place, { ...inputs(), fix: 'true', 'install-keda': 'false' });
    assert.deepEqual(visited.problems, ['keda']);
    assert.match(checkOf(visited, 'keda').cure?.text ?? '', /^az aks update .* --enable-keda$/);
    assert.equal(addOn(), '{"keda":{"enabled":false}}');
  });

  test('turns the add-on on, changing nothing else, and waits until the cluster knows its kinds', async () => {
    const before = { ...lab.cloud.cluster.body.properties };
    const fixing = visit(place, { ...inputs(), fix: 'true', timeout: '60s' });
    await waitUntil('the add-on is on', async () => addOn() === '{"keda":{"enabled":true}}');
    await bringKinds();
    const fixed = await fixing;
    assert.deepEqual(fixed.report.changes, ['KEDA add-on of the cluster shop'], fixed.log);
    assert.equal(checkOf(fixed, 'keda').state, 'ok');
    assert.deepEqual(JSON.parse(JSON.stringify(lab.cloud.cluster.body.properties)), {
      ...before,
      workloadAutoScalerProfile: { keda: { enabled: true } },
    });
    assert.deepEqual((await visit(place, { ...inputs(), fix: 'true' })).report.changes, []);
  });

  test('teardown leaves the add-on while another app scales by it, and turns it off after', async () => {
    await lab.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'theirs' } });
    await lab.apply({
      ...{ apiVersion: 'keda.sh/v1alpha1', kind: 'ScaledObject', metadata: { name: 'theirs', namespace: 'theirs' } },
      spec: { scaleTargetRef: { name: 'x' }, triggers: [{ type: 'cron', metadata: {} }] },
    });
    const target = { ...inputs(), everything: 'true' };
    const early = await runInCloud('teardown', place, target);
    assert.equal(early.code, 0, early.log);
    assert.match(early.log, /Feature\/KEDA add-on@shop stays\. It is used by theirs\/theirs too\./);
    assert.equal(addOn(), '{"keda":{"enabled":true}}');
    await lab.request('DELETE', '/apis/keda.sh/v1alpha1/namespaces/theirs/scaledobjects/theirs');
    const late = await runInCloud('teardown', place, target);
    assert.equal(late.code, 0, late.log);
    assert.equal(addOn(), '{"keda":{"enabled":false}}');
  });

  test('says how to start a cluster that is stopped, and looks at the rest', async () => {
    changeCluster(lab.cloud.cluster, { powerState: { code: 'Stopped' } });
    const visited = await visit(place, inputs());
    assert.deepEqual(visited.problems, ['cluster']);
    assert.match(checkOf(visited, 'cluster').cure?.text ?? '', /^az aks start /);
    assert.equal(checkOf(visited, 'registry-push').state, 'ok');
    assert.equal(checkOf(visited, 'rights').state, 'skipped');
  });
});
