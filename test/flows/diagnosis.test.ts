import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { Interrupted, RemoteError } from '../../src/errors.ts';
import { detailsOfDeployment, detailsOfPod, scalerFailures } from '../../src/flows/diagnosis.ts';
import type { FakeCluster } from '../support/fake-cluster.ts';
import { deployOrders, shopCluster } from '../support/orders-deployment.ts';

let cluster: FakeCluster;
beforeEach(() => {
  cluster = shopCluster();
  put('Pod', 'orders-1', 'BackOff');
  put('Deployment', 'orders', 'FailedCreate');
  put('ScaledObject', 'orders', 'KEDAScalerFailed');
});

function put(kind: string, name: string, reason: string): void {
  cluster.objects.set(`Event/${kind}-${name}`, {
    kind: 'Event',
    metadata: { name: `${kind}-${name}`, creationTimestamp: '2026-01-01T12:00:00Z' },
    ...{ type: 'Warning', reason, message: 'no', involvedObject: { kind, name } },
  });
}

const scene = () => ({ cluster, app: { namespace: 'shop' }, since: new Date('2026-01-01T11:00:00Z') });
const question = { pod: 'orders-1', container: 'orders', crashed: false };

test('shows events and last log lines of a pod', async () => {
  assert.deepEqual(await detailsOfPod(scene(), question), [
    'Events:',
    '  Pod "orders-1": BackOff: no',
    'Last log lines of "orders-1":',
    '  a last line',
  ]);
});

test('says that the log may not be read, and shows the events all the same', async () => {
  cluster.logs = () => Promise.reject(new RemoteError('Could not read the log of Pod "orders-1": pods/log', 403));
  const details = await detailsOfPod(scene(), question);
  assert.deepEqual(details.slice(0, 2), ['Events:', '  Pod "orders-1": BackOff: no']);
  assert.equal(details[2], 'The log of "orders-1" cannot be read. Could not read the log of Pod "orders-1": pods/log');
});

test('says that events may not be read, and shows the log all the same', async () => {
  cluster.failOnce('list Event', 403);
  const details = await detailsOfPod(scene(), question);
  assert.deepEqual(details, [
    'Events cannot be read. refused: list Event',
    'Last log lines of "orders-1":',
    '  a last line',
  ]);
  cluster.failOnce('list Event', 500);
  assert.deepEqual(await detailsOfDeployment(scene(), 'orders'), ['Events cannot be read. refused: list Event']);
});

test('knows of no failures of a scaler where events may not be read', async () => {
  assert.equal((await scalerFailures(scene(), 'orders')).length, 1);
  cluster.failOnce('list Event', 403);
  assert.deepEqual(await scalerFailures(scene(), 'orders'), []);
});

test('ends when the run is interrupted', async () => {
  cluster.failures.set('list Event', new Interrupted('The run was interrupted.'));
  await assert.rejects(detailsOfPod(scene(), question), Interrupted);
});

test('a host that answers with a page is late, and the message says what is strange', async () => {
  cluster.objects.set('Pod/orders-1', {
    kind: 'Pod',
    metadata: { name: 'orders-1', labels: { app: 'orders', 'aks-functions.io/app': 'orders' } },
    ...{ status: { conditions: [{ type: 'Ready', status: 'True' }] } },
  });
  cluster.requestPod = async () => ({ status: 200, headers: {}, body: '<html>Welcome</html>' });
  await assert.rejects(
    deployOrders(cluster, { verify: 'loaded', timeout: 1 }),
    /The host of "orders", whose answer to \/admin\/.+ is not JSON, did not finish starting within 1 s\./,
  );
});
