import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import * as v from 'valibot';
import { pushImage } from '../images.ts';
import { type Lab, startLab } from '../lab.ts';
import type { LabCloud } from '../lab-cloud.ts';
import { waitUntil } from '../processes.ts';
import { nodePackages, obstacleToRealNode, realNodeName } from '../real-node.ts';
import { assign, unassign } from './roles.ts';

const waiting = v.object({ reason: v.optional(v.string(), ''), message: v.optional(v.string(), '') });
const container = v.object({ state: v.object({ waiting: v.optional(waiting, {}) }) });
const podStatus = v.object({
  status: v.object({ phase: v.string(), containerStatuses: v.optional(v.array(container), []) }),
});

const repositoryReader = 'Container Registry Repository Reader';
const onlyShop = "@Request[Microsoft.ContainerRegistry/registries/repositories:name] StringEquals 'shop/cart'";
const skip = (await obstacleToRealNode()) ?? false;

describe('the real node, at the registry of the cloud', { skip }, () => {
  let lab: Lab & { readonly cloud: LabCloud };

  before(async () => {
    lab = await startLab({ cloud: true, node: 'real' });
    const busybox = await readFile(join(await nodePackages(() => undefined), 'bin', 'busybox'));
    for (const name of ['shop/cart:1', 'other/app:1']) {
      const files = [{ path: 'bin/busybox', content: busybox, executable: true }];
      await pushImage(lab.registry.backend, { name, files, entrypoint: ['/bin/busybox', 'sleep', 'inf'] });
    }
  });
  after(() => lab?.stop());

  async function startPod(name: string, image: string): Promise<void> {
    await lab.apply({
      ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'default' } },
      spec: {
        ...{ nodeName: realNodeName, terminationGracePeriodSeconds: 0 },
        containers: [{ name: 'app', image: `${lab.cloud.registry.loginServer}/${image}`, imagePullPolicy: 'Always' }],
      },
    });
  }

  async function stateOf(name: string) {
    const { status } = v.parse(podStatus, (await lab.request('GET', `/api/v1/namespaces/default/pods/${name}`)).json());
    const { reason, message } = v.parse(waiting, status.containerStatuses[0]?.state.waiting ?? {});
    return { phase: status.phase, reason, message };
  }

  const runs = (name: string) => waitUntil(`pod "${name}" runs`, async () => (await stateOf(name)).phase === 'Running');

  /** The node's reason for not starting a pod, once it has given up for the time being. */
  async function refusalOf(name: string): Promise<string> {
    await waitUntil(`pod "${name}" waits`, async () => (await stateOf(name)).reason === 'ImagePullBackOff');
    const { json } = await lab.request(
      'GET',
      `/api/v1/namespaces/default/events?fieldSelector=involvedObject.name=${name}`,
    );
    const events = v.parse(v.object({ items: v.array(v.object({ message: v.string() })) }), json());
    return events.items.map(({ message }) => message).join('\n');
  }

  test('ends in ImagePullBackOff without a role, and starts new pods once the role is given', async () => {
    const { cloud } = lab;
    await startPod('before', 'shop/cart:1');
    assert.match(await refusalOf('before'), /failed to authorize: .*\/oauth2\/token.*401 Unauthorized/);
    cloud.assign(cloud.kubelet, 'AcrPull', cloud.registry.id);
    await startPod('after', 'shop/cart:1');
    await runs('after');
    await runs('before');
    unassign(cloud.state, cloud.kubelet.objectId, 'AcrPull');
    await startPod('later', 'shop/cart:1');
    assert.match(await refusalOf('later'), /401 Unauthorized/);
  });

  test('in ABAC mode pulls the repositories that the condition names, and says what is missing for others', async () => {
    const { cloud } = lab;
    cloud.registry.mode = 'abac';
    cloud.assign(cloud.kubelet, 'AcrPull', cloud.registry.id);
    await startPod('plain', 'shop/cart:1');
    assert.match(await refusalOf('plain'), /401 Unauthorized/);
    assign(cloud.state, cloud.kubelet.objectId, repositoryReader, cloud.registry.id, { condition: onlyShop });
    await startPod('named', 'shop/cart:1');
    await runs('named');
    await startPod('unnamed', 'other/app:1');
    assert.match(await refusalOf('unnamed'), /insufficient_scope: authorization failed/);
  });
});
