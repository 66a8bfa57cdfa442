import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { crc32, deflateRawSync } from 'node:zlib';
import type { ContainerServiceContext } from '@azure/arm-containerservice/api';
import { runCommand } from '@azure/arm-containerservice/api/managedClusters';
import { load } from 'js-yaml';
import * as v from 'valibot';
import { type Lab, startLab } from '../lab.ts';
import { armClient } from './arm-client.ts';
import type { Cloud } from './cloud.ts';
import { parseCommandLine } from './command-line.ts';
import { addCluster, changeCluster } from './resources.ts';
import { assign } from './roles.ts';
import { addPrincipal, type ClusterAccess } from './state.ts';
import { startTrustedCloud } from './trusting.ts';

const configMap = (name: string) =>
  JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default' }, data: { a: 'b' } });

/** A zip archive with one file. */
function zipOf(path: string, content: string, method: 0 | 8): Buffer {
  const name = Buffer.from(path);
  const plain = Buffer.from(content);
  const packed = method === 8 ? deflateRawSync(plain) : plain;
  const common = Buffer.alloc(26);
  common.writeUInt16LE(20, 0);
  common.writeUInt16LE(method, 4);
  common.writeUInt32LE(crc32(plain), 10);
  common.writeUInt32LE(packed.length, 14);
  common.writeUInt32LE(plain.length, 18);
  common.writeUInt16LE(name.length, 22);
  const local = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), common, name, packed]);
  const entry = Buffer.concat([Buffer.from('PK\x01\x02\x14\x00', 'latin1'), common, Buffer.alloc(14), name]);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(entry.length, 12);
  end.writeUInt32LE(local.length, 16);
  return Buffer.concat([local, entry, end]);
}

const kubeconfig = v.object({
  clusters: v.tuple([v.object({ cluster: v.object({ 'certificate-authority-data': v.string() }) })]),
  users: v.tuple([
    v.object({ user: v.object({ 'client-certificate-data': v.string(), 'client-key-data': v.string() }) }),
  ]),
});

async function accessOf(lab: Lab): Promise<ClusterAccess> {
  const { clusters, users } = v.parse(kubeconfig, load(await readFile(lab.kubeconfig, 'utf8')));
  const text = (encoded: string) => Buffer.from(encoded, 'base64').toString();
  return {
    ...{ server: lab.server, kubectl: join(lab.tools, 'kubectl') },
    ca: text(clusters[0].cluster['certificate-authority-data']),
    cert: text(users[0].user['client-certificate-data']),
    key: text(users[0].user['client-key-data']),
  };
}

describe('commands run in the cluster', () => {
  let lab: Lab;
  let cloud: Cloud;
  let client: ContainerServiceContext;

  before(async () => {
    [lab, cloud] = await Promise.all([startLab({ profile: 'api' }), startTrustedCloud()]);
    client = armClient(cloud, cloud.deployer);
    cloud.assign(cloud.deployer, 'Contributor', `/subscriptions/${cloud.home.subscriptionId}`);
    addCluster(cloud.state, cloud.home, { name: 'shop', access: await accessOf(lab), entra: false });
  });
  after(() => Promise.all([lab?.stop(), cloud?.stop()]));

  async function run(command: string, more: { readonly context?: string; readonly clusterToken?: string } = {}) {
    const payload = { command, ...more };
    return runCommand(client, 'shop-group', 'shop', payload, { updateIntervalInMs: 100 }).pollUntilDone();
  }

  test('reach the real API server, with their attachments', async () => {
    for (const method of [0, 8] as const) {
      const context = zipOf('objects/map.json', configMap(`packed-${method}`), method).toString('base64');
      const result = await run(`kubectl apply --server-side -f 'objects/map.json' && kubectl get configmap -o name`, {
        context,
      });
      assert.equal(result.exitCode, 0, result.logs);
      assert.match(
        result.logs ?? '',
        new RegExp(`configmap/packed-${method} serverside-applied\\n.*configmap/packed-${method}`, 's'),
      );
      assert.equal(result.provisioningState, 'Succeeded');
      const { status } = await lab.request('GET', `/api/v1/namespaces/default/configmaps/packed-${method}`);
      assert.equal(status, 200);
    }
  });

  test('give the exit code of the last one, and run no other program', async () => {
    const failed = await run('kubectl get configmap none && kubectl get configmap');
    assert.equal(failed.exitCode, 1);
    assert.match(failed.logs ?? '', /configmaps "none" not found\n$/);
    const other = await run('kubectl get none; cat /etc/hostname');
    assert.equal(other.exitCode, 127);
    assert.match(other.logs ?? '', /cat: command not found/);
  });

  test('fail with a reason when they cannot be run', async () => {
    const result = await run('kubectl get pods | grep x');
    assert.equal(result.provisioningState, 'Failed');
    assert.match(result.reason ?? '', /does not know "\| grep x"/);
    const broken = await run('kubectl get pods', { context: Buffer.from('no archive').toString('base64') });
    assert.match(broken.reason ?? '', /no zip archive/);
  });

  test('are refused where the cluster is stopped, forbids them, or needs the caller’s token', async () => {
    const [shop] = cloud.state.clusters;
    assert.ok(shop);
    const { properties } = shop.body;
    const cases = [
      [{ powerState: { code: 'Stopped' } }, 'OperationNotAllowed'],
      [{ apiServerAccessProfile: { disableRunCommand: true } }, 'RunCommandDisabled'],
      [{ aadProfile: { managed: true } }, 'MissingAADClusterToken'],
    ] as const;
    for (const [change, code] of cases) {
      changeCluster(shop, change);
      await assert.rejects(run('kubectl version'), { code, statusCode: 400 });
      shop.body = { ...shop.body, properties };
    }
  });

  test('give their results only to who may read them', async () => {
    const administrator = addPrincipal(cloud.state, { name: 'administrator', tenantId: cloud.home.tenantId });
    const [shop] = cloud.state.clusters;
    assign(cloud.state, administrator.objectId, 'Azure Kubernetes Service Cluster Admin Role', shop?.id ?? '');
    const options = { updateIntervalInMs: 100 };
    const poller = runCommand(
      armClient(cloud, administrator),
      'shop-group',
      'shop',
      { command: 'kubectl version' },
      options,
    );
    await assert.rejects(poller.pollUntilDone(), /commandResults\/read/);
  });
});

test('takes a command line apart as a shell does', () => {
  const parsed = parseCommandLine(`kubectl get 'a b' "c \\"d" e\\ f -o=jsonpath='{.x}' && kubectl x; y`);
  assert.deepEqual(parsed, [
    { words: ['kubectl', 'get', 'a b', 'c "d', 'e f', '-o=jsonpath={.x}'], onlyAfterSuccess: false },
    { words: ['kubectl', 'x'], onlyAfterSuccess: true },
    { words: ['y'], onlyAfterSuccess: false },
  ]);
  for (const unknown of ['a | b', 'a > b', 'a $(b)', 'a "$HOME"', 'a &'])
    assert.throws(() => parseCommandLine(unknown), /does not know/);
});
