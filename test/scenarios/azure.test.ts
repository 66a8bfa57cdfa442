import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import { aksServerApplication } from '../../src/core/azure/environment.ts';
import { githubIssuer } from '../lab/cloud/github.ts';
import type { CloudRequest } from '../lab/cloud/records.ts';
import { addCluster, changeCluster } from '../lab/cloud/resources.ts';
import { addPrincipal, type Principal, trust } from '../lab/cloud/state.ts';
import type { LabCloud } from '../lab/lab-cloud.ts';
import { type AzureResult, type AzureScene, canary, fakeCommandLine, startAzureScene } from './azure-scene.ts';
import { assertHidden, messagesOf } from './faults-shown.ts';

describe('a deployment into an AKS cluster', () => {
  let scene: AzureScene;
  let cloud: LabCloud;

  before(async () => {
    scene = await startAzureScene();
    cloud = scene.lab.cloud;
  });
  after(() => scene?.[Symbol.asyncDispose]());
  afterEach(() => scene.reset());

  test('signs in by the token of the job, asks for nothing twice, and acts as its object id', async () => {
    const namespace = await scene.newNamespace();
    const result = await scene.deploy(namespace);
    assertDone(result);
    const { clientId, objectId } = cloud.deployer;
    const { tenantId, subscriptionId } = cloud.home;
    const said = `Signed in as ${clientId} (object id ${objectId}) in tenant ${tenantId}, subscription ${subscriptionId}`;
    assert(result.log.includes(said), result.log);
    assert.deepEqual(
      // The API server asks for Entra's keys, once.
      result.requests
        .map(whatFor)
        .filter(request => request !== 'entra: GET keys')
        .toSorted(),
      [
        'arm: GET endpoints',
        // Whether the image's host is a registry of Azure; without the right to see, it is not.
        'arm: GET registries',
        'arm: GET shop',
        'arm: POST listClusterUserCredential',
        'entra: GET openid-configuration',
        `entra: token for ${aksServerApplication}/.default`,
        'entra: token for https://management.core.windows.net/.default',
        'github: token for api://AzureADTokenExchange',
      ].toSorted(),
    );
  });

  test('needs rights of its own in the cluster', async () => {
    const stranger = otherPrincipal('stranger');
    trust(stranger, { issuer: githubIssuer, subject: 'repo:acme/shop:ref:refs/heads/main' });
    const namespace = await scene.newNamespace();
    const result = await scene.deploy(namespace, { with: { 'client-id': stranger.clientId } });
    assert.equal(result.code, 1);
    assert.match(messagesOf(result), new RegExp(`"${stranger.objectId}" cannot \\w+ resource`));
  });

  test('is told that the cluster takes no tokens of this tenant', async () => {
    const namespace = await scene.newNamespace();
    const kubeconfig = JSON.stringify(kubeconfigFor(cloud, ['--server-id', 'https://storage.azure.com']));
    const body = { kubeconfigs: [{ name: 'clusterUser', value: Buffer.from(kubeconfig).toString('base64') }] };
    cloud.misbehave({ part: 'arm', path: /listClusterUserCredential/ }, { kind: 'answer', status: 200, body }, 1);
    const result = await scene.deploy(namespace);
    assert.equal(result.code, 1);
    assert.match(messagesOf(result), /Cluster "shop" refused the signed-in identity \(401 Unauthorized\)\. Its Entra/);
    assert.match((await cloud.lastRefusal()) ?? '', /expected audience/);
  });

  test('uses the local account of a cluster without Entra', async () => {
    const { access } = cloud.cluster;
    addCluster(cloud.state, cloud.home, { name: 'local', access, entra: false });
    const result = await scene.deploy(await scene.newNamespace(), { with: { cluster: 'local' } });
    assertDone(result);
    assert(!result.requests.some(({ about }) => about?.startsWith(aksServerApplication)));
  });

  test('gives the token of the identity to a kubeconfig that names kubelogin', async () => {
    const kubeconfig = JSON.stringify(kubeconfigFor(cloud, []));
    const inputs = { kubeconfig, cluster: '', 'resource-group': '' };
    assertDone(await scene.deploy(await scene.newNamespace(), { with: inputs }));
  });

  test('goes on after one token has ended', async () => {
    cloud.settings.tokenLife = 8;
    const inputs = { wait: 'true', timeout: '25s' };
    const result = await scene.deploy(await scene.newNamespace(), { with: inputs });
    assert.equal(result.code, 1);
    // Nothing runs pods here, so that the wait itself ends the run, and no refused token.
    assert.match(messagesOf(result), /within 25 s\. Raise the input "timeout"/);
    const renewed = result.requests.filter(({ about }) => about === `${aksServerApplication}/.default`);
    assert(renewed.length >= 3, `${renewed.length} tokens`);
  });

  test('waits for a credential that was just created', async () => {
    cloud.settings.trustDelay = 3000;
    const fresh = otherPrincipal('fresh');
    trust(fresh, { issuer: githubIssuer, subject: 'repo:acme/shop:ref:refs/heads/main' });
    const namespace = await scene.newNamespace(fresh.objectId);
    const result = await scene.deploy(namespace, { with: { 'client-id': fresh.clientId } });
    assertDone(result);
    assert.match(result.log, /Trying again for 10 s, in case it was just created/);
  });

  test('goes on after failures that pass, at every service', async () => {
    cloud.misbehave({ part: 'github', path: /idtoken/ }, { kind: 'answer', status: 503 }, 1);
    cloud.misbehave({ part: 'entra', path: /token/ }, { kind: 'throttle', retryAfter: 1 }, 1);
    cloud.misbehave({ part: 'arm', path: /managedClusters\/shop\?/ }, { kind: 'throttle' }, 1);
    cloud.misbehave({ part: 'arm', path: /listClusterUserCredential/ }, { kind: 'answer', status: 500 }, 1);
    const result = await scene.deploy(await scene.newNamespace());
    assertDone(result);
    assert.equal(result.requests.filter(({ status }) => [429, 500, 503].includes(status)).length, 4);
  });

  test('waits until the cluster is no longer being changed', async () => {
    changeCluster(cloud.cluster, { provisioningState: 'Updating' });
    const result = await scene.deploy(await scene.newNamespace(), {
      onLog: text => {
        if (text.includes('is being changed')) changeCluster(cloud.cluster, { provisioningState: 'Succeeded' });
      },
    });
    assertDone(result);
    assert.match(result.log, /Cluster "shop" is being changed \(Updating\)\. Waiting for it to end/);
  });

  test('finds the public cloud through a proxy, and the cluster without it', async () => {
    const env = { HTTPS_PROXY: cloud.proxy.address, NO_PROXY: '127.0.0.1' };
    const result = await scene.deploy(await scene.newNamespace(), { with: { 'azure-environment': 'AzureCloud' }, env });
    assertDone(result);
    assert.deepEqual([...new Set(cloud.proxy.asked)].toSorted(), [
      'login.microsoftonline.com:443',
      'management.azure.com:443',
    ]);
  });

  test('signs in by a client secret that nobody sees, and recommends to do without', async () => {
    const secret = 'canary~client~secret~9876';
    const keeper = otherPrincipal('keeper', { secret });
    const inputs = { auth: 'client-secret', 'client-id': keeper.clientId, 'client-secret': secret };
    const result = await scene.deploy(await scene.newNamespace(keeper.objectId), { with: inputs });
    assertDone(result, [secret]);
    assert.match(result.log, /::notice::.+"auth: oidc" needs none and is recommended/);
    assert(!result.requests.some(({ part }) => part === 'github'));
  });

  test('signs in as the identity of the machine', async () => {
    const machine = otherPrincipal('runner');
    cloud.machineIdentities.push(machine);
    const inputs = { auth: 'managed-identity', 'client-id': machine.clientId, 'tenant-id': '' };
    const env = { AZURE_POD_IDENTITY_AUTHORITY_HOST: cloud.address };
    assertDone(await scene.deploy(await scene.newNamespace(machine.objectId), { with: inputs, env }));
  });

  test('signs in as az does', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'az-'));
    try {
      const { token, expires } = await cloud.tokens.issue(cloud.deployer, aksServerApplication, 3600);
      const env = { PATH: await fakeCommandLine(folder, token, expires) };
      const kubeconfig = join(folder, 'config');
      await writeFile(kubeconfig, JSON.stringify(kubeconfigFor(cloud, [])));
      const ids = { 'client-id': '', 'tenant-id': '', 'subscription-id': '' };
      const inputs = { auth: 'azure-cli', ...ids, kubeconfig, cluster: '', 'resource-group': '' };
      assertDone(await scene.deploy(await scene.newNamespace(), { with: inputs, env }));
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  test('stops at once when it is interrupted while Azure does not answer', async () => {
    const undo = cloud.misbehave({ part: 'arm', path: /managedClusters/ }, { kind: 'hang' });
    let pid = 0;
    let stopped = 0;
    const result = await scene.deploy(await scene.newNamespace(), {
      onStart: started => {
        pid = started;
      },
      onLog: text => {
        if (!text.includes('Signed in as') || stopped > 0) return;
        stopped = performance.now();
        process.kill(pid, 'SIGTERM');
      },
    });
    undo();
    assert.equal(result.code, 1);
    assert.match(messagesOf(result), /interrupted/);
    assert(performance.now() - stopped < 5000);
  });

  function otherPrincipal(name: string, more: Partial<Principal> = {}): Principal {
    const principal = addPrincipal(cloud.state, { name, tenantId: cloud.home.tenantId, ...more });
    cloud.assign(
      principal,
      'Azure Kubernetes Service Cluster User Role',
      `/subscriptions/${cloud.home.subscriptionId}`,
    );
    return principal;
  }
});

function assertDone(result: AzureResult, secrets: readonly string[] = []): void {
  assert.equal(result.code, 0, result.log);
  assertHidden(result, [canary, ...secrets]);
  assert.doesNotMatch(result.log.replace(/^::add-mask::.*$/gm, ''), /eyJ[\w-]{20,}\./);
  for (const { path } of result.requests) for (const secret of secrets) assert(!path.includes(secret));
}

function whatFor({ method, part, path, about }: CloudRequest): string {
  const last = path.split('?')[0]?.split('/').at(-1);
  return part !== 'arm' && about ? `${part}: token for ${about}` : `${part}: ${method} ${last}`;
}

/** As AKS gives it to users of a cluster with Entra sign-in. */
function kubeconfigFor({ cluster: { access } }: LabCloud, args: readonly string[]): object {
  const exec = {
    ...{ apiVersion: 'client.authentication.k8s.io/v1beta1', command: 'kubelogin' },
    ...{ args: ['get-token', ...args], env: null, provideClusterInfo: false },
  };
  const cluster = { server: access.server, 'certificate-authority-data': Buffer.from(access.ca).toString('base64') };
  return {
    ...{ apiVersion: 'v1', kind: 'Config', 'current-context': 'shop' },
    clusters: [{ name: 'shop', cluster }],
    contexts: [{ name: 'shop', context: { cluster: 'shop', user: 'user' } }],
    users: [{ name: 'user', user: { exec } }],
  };
}
