import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import * as v from 'valibot';
import { pushImage } from '../lab/images.ts';
import { type Lab, startLab } from '../lab/lab.ts';
import type { LabCloud } from '../lab/lab-cloud.ts';
import { waitUntil } from '../lab/processes.ts';
import { nodePackages, obstacleToRealNode, realNodeName } from '../lab/real-node.ts';
import type { AppOnDisk } from '../support/registry-app.ts';
import { visit } from './doctor-scene.ts';
import { answering, writeGreeting } from './lab-scene.ts';

const podShape = v.object({
  status: v.object({
    phase: v.string(),
    containerStatuses: v.optional(
      v.array(v.object({ state: v.object({ waiting: v.optional(v.object({ reason: v.optional(v.string()) })) }) })),
      [],
    ),
  }),
});
const skip = (await obstacleToRealNode()) ?? false;

describe('the doctor, on a real node', { skip }, () => {
  let lab: Lab & { readonly cloud: LabCloud };
  let app: AppOnDisk;

  before(async () => {
    lab = await startLab({ cloud: true, node: 'real' });
    app = await writeGreeting(answering('hello'));
    const busybox = await readFile(join(await nodePackages(() => undefined), 'bin', 'busybox'));
    const files = [{ path: 'bin/busybox', content: busybox, executable: true }];
    await pushImage(lab.registry.backend, { name: 'shop:1', files, entrypoint: ['/bin/busybox', 'sleep', 'inf'] });
  });
  after(async () => {
    await app?.[Symbol.asyncDispose]();
    await lab?.stop();
  });

  async function stateOfPod() {
    const answer = await lab.request('GET', '/api/v1/namespaces/team/pods/shop');
    const { phase, containerStatuses } = v.parse(podShape, answer.json()).status;
    return { phase, reason: containerStatuses[0]?.state.waiting?.reason };
  }

  test('a pod that waits in ImagePullBackOff starts after the doctor has fixed the pull', async () => {
    const { cloud } = lab;
    const rules = [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }];
    await cloud.grant(cloud.deployer.objectId, 'team', { rules });
    cloud.assign(cloud.deployer, 'Owner', `/subscriptions/${cloud.home.subscriptionId}`);
    cloud.assign(cloud.deployer, 'AcrPush', cloud.registry.id);
    const { loginServer: registry } = cloud.registry;
    await lab.apply({
      ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'shop', namespace: 'team' } },
      spec: {
        ...{ nodeName: realNodeName, terminationGracePeriodSeconds: 0, automountServiceAccountToken: false },
        containers: [{ name: 'shop', image: `${registry}/shop:1` }],
      },
    });
    await waitUntil('the pod waits', async () => (await stateOfPod()).reason === 'ImagePullBackOff');
    const inputs = { workspace: app.path, namespace: 'team' };
    const place = { cloud, cluster: cloud.cluster.name, registry };
    const before = await visit(place, inputs);
    assert.deepEqual(before.problems, ['registry-pull'], before.log);
    assert.equal((await stateOfPod()).reason, 'ImagePullBackOff');
    const fixed = await visit(place, { ...inputs, fix: 'true' });
    assert.deepEqual([fixed.code, fixed.problems], [0, []], fixed.log);
    await waitUntil('the pod runs', async () => (await stateOfPod()).phase === 'Running');
  });
});
