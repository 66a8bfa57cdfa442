import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { environments } from '../../../src/core/azure/environments.ts';
import { clusterApiVersion, clusterPath, clustersPath } from '../../../src/core/azure/managed-cluster.ts';
import { Secret } from '../../../src/core/secret.ts';
import { AksClusters } from '../../../src/edges/azure/managed-clusters.ts';
import { AzureResourceManager } from '../../../src/edges/azure/resource-manager.ts';
import { systemClock } from '../../../src/edges/system-clock.ts';
import { RemoteError, UserError } from '../../../src/errors.ts';
import type { AzureIdentity } from '../../../src/flows/azure-port.ts';
import type { Cloud } from '../../lab/cloud/cloud.ts';
import { addCluster } from '../../lab/cloud/resources.ts';
import { startTrustedCloud } from '../../lab/cloud/trusting.ts';

const access = { server: 'https://127.0.0.1:6443', ca: 'CA', cert: 'CERTIFICATE', key: 'KEY' };
const never = new AbortController().signal;
const apiVersion = clusterApiVersion;

describe('the Resource Manager', () => {
  let cloud: Cloud;
  let manager: AzureResourceManager;
  let tokens = 0;
  let pauses: number[] = [];

  before(async () => {
    cloud = await startTrustedCloud();
    cloud.assign(cloud.deployer, 'Contributor', `/subscriptions/${cloud.home.subscriptionId}`);
  });
  after(() => cloud?.stop());
  beforeEach(() => {
    [tokens, pauses] = [0, []];
    cloud.state.clusters.splice(0);
    manager = new AzureResourceManager({
      ...{ identity: identity(), subscriptionId: cloud.home.subscriptionId, signal: never, deadline: 5000 },
      clock: {
        ...systemClock,
        pause: (milliseconds, signal) => {
          pauses.push(milliseconds);
          return systemClock.pause(50, signal);
        },
      },
    });
  });

  function identity(): AzureIdentity {
    return {
      environment: { ...environments.AzureCloud, resourceManager: cloud.address },
      async token() {
        tokens += 1;
        const { token, expires } = await cloud.tokens.issue(cloud.deployer, 'https://management.azure.com', 3600);
        return { token: new Secret(token), expires: expires * 1000 };
      },
      principal: async () => cloud.deployer,
    };
  }

  function addShop(name = 'shop') {
    addCluster(cloud.state, cloud.home, { name, access });
    return { ...cloud.home, name };
  }

  const read = (path: string) => ({ path, apiVersion, doing: 'read the cluster', signal: never });
  const answers = (path: RegExp, status: number, body: unknown, headers = {}) =>
    cloud.misbehave({ part: 'arm', path }, { kind: 'answer', status, body, headers }, 1);

  test('asks for one token, however many requests there are at once', async () => {
    const id = addShop();
    await Promise.all([1, 2, 3].map(() => manager.call({ ...read(clusterPath(id)), method: 'GET' })));
    assert.equal(tokens, 1);
  });

  test('lists over all pages', async () => {
    for (const name of ['a', 'b', 'c', 'd', 'e']) addShop(name);
    cloud.state.pageSize = 2;
    const found = await manager.list(read(clustersPath(cloud.home.subscriptionId)));
    cloud.state.pageSize = 100;
    assert.equal(found.length, 5);
  });

  test('follows no page to another host', async () => {
    answers(/managedClusters\?/, 200, { value: [], nextLink: 'https://elsewhere.example.com/next' });
    await assert.rejects(
      manager.list(read(clustersPath(cloud.home.subscriptionId))),
      (error: unknown) =>
        error instanceof UserError && /pointed to "elsewhere\.example\.com", which is not trusted/.test(error.message),
    );
  });

  test('follows a change to its end, and gives the thing as it then is', async () => {
    const id = addShop();
    const { body } = await manager.call({ ...read(clusterPath(id)), method: 'GET' });
    const properties = { ...propertiesOf(body), workloadAutoScalerProfile: { keda: { enabled: true } } };
    await manager.call({ ...read(clusterPath(id)), method: 'PUT', body: { ...Object(body), properties } });
    assert.equal((await new AksClusters(manager).find(id, never)).kedaAddOn, true);
    assert.equal((await new AksClusters(manager).find(id, never)).provisioningState, 'Succeeded');
    assert(pauses.length >= 2);
  });

  test('says why a change failed', async () => {
    const id = addShop();
    const operation = `${cloud.address}/subscriptions/${id.subscriptionId}/operations/1?api-version=1`;
    answers(/managedClusters\/shop\?/, 201, {}, { 'azure-asyncoperation': operation, 'retry-after': '1' });
    const error = { code: 'QuotaExceeded', message: 'No cores are left.' };
    answers(/operations\/1/, 200, { status: 'Failed', error });
    await assert.rejects(
      manager.call({ ...read(clusterPath(id)), method: 'PUT', body: {}, doing: 'change the cluster' }),
      new RemoteError(
        'Could not change the cluster: "No cores are left" (QuotaExceeded) (status 409). Correct it, and run again.',
        409,
      ),
    );
    assert.deepEqual(pauses, [1000]);
  });

  test('waits for the result of an action at the place that it names', async () => {
    const id = addShop();
    const location = `${cloud.address}/subscriptions/${id.subscriptionId}/results/1?api-version=1`;
    // The newest counts first.
    answers(/results\/1/, 200, { exitCode: 0 });
    answers(/results\/1/, 202, undefined);
    answers(/runCommand/, 202, undefined, { location });
    const { body } = await manager.call({ ...read(`${clusterPath(id)}/runCommand`), method: 'POST', body: {} });
    assert.deepEqual(body, { exitCode: 0 });
  });

  test('gives a status that is accepted, with its code', async () => {
    const { status, code } = await manager.call({
      ...read(clusterPath({ ...cloud.home, name: 'none' })),
      ...{ method: 'GET', accepts: [404] },
    });
    assert.deepEqual({ status, code }, { status: 404, code: 'ResourceNotFound' });
  });

  test('ends a request when its caller stops', async () => {
    const id = addShop();
    const undo = cloud.misbehave({ part: 'arm', path: /managedClusters/ }, { kind: 'hang' });
    const stopped = new UserError('Stopped.');
    const controller = new AbortController();
    const asked = manager.call({ ...read(clusterPath(id)), method: 'GET', signal: controller.signal });
    controller.abort(stopped);
    await assert.rejects(asked, stopped);
    undo();
  });
});

function propertiesOf(body: unknown): object {
  return typeof body === 'object' && body !== null && 'properties' in body ? Object(body.properties) : {};
}
