import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import type { Check } from '../../src/core/config/config.ts';
import { smokeChecksOf } from '../../src/core/smoke-checks.ts';
import { UserError } from '../../src/errors.ts';
import { type HttpAnswer, type HttpRequest, NoAnswer } from '../../src/flows/http-port.ts';
import { runSmokeTest, type SmokeTest, type SmokeTestPorts } from '../../src/flows/smoke-test.ts';
import { AnsweringCluster } from '../support/answering-cluster.ts';
import { FakeQueues } from '../support/fake-queues.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { functionWith, projectOf } from '../support/project.ts';
import { keepingLog } from '../support/quiet-log.ts';

const labels = { 'aks-functions.io/app': 'shop' };
const project = projectOf([
  functionWith('greet', { type: 'httpTrigger', authLevel: 'function' }),
  functionWith('open', { type: 'httpTrigger', authLevel: 'anonymous' }),
  functionWith('pack', { type: 'queueTrigger', queueName: 'orders', connection: 'Store' }),
]);

let cluster: AnsweringCluster;
let queues: FakeQueues;
let clock: ManualClock;
let sent: HttpRequest[];
let answers: (HttpAnswer | NoAnswer)[];
let masked: string[];

beforeEach(() => {
  cluster = new AnsweringCluster();
  queues = new FakeQueues('orders');
  clock = new ManualClock();
  [sent, answers, masked] = [[], [], []];
  const env = (...names: readonly string[]) =>
    names.map((value, index) => ({ name: `AzureFunctionsJobHost__functions__${index}`, value }));
  const deployment = (name: string, functions: readonly string[]) => ({
    spec: {
      template: {
        spec: {
          containers: [
            {
              name,
              ports: [{ name: 'http', containerPort: 8081 }],
              env: env(...functions),
              envFrom: [{ secretRef: { name: 'settings' } }],
            },
          ],
        },
      },
    },
  });
  put('Deployment', 'shop-http', { 'aks-functions.io/workload': 'http' }, deployment('shop-http', ['greet', 'open']));
  put('Deployment', 'shop', { 'aks-functions.io/workload': 'events' }, deployment('shop', ['pack']));
  const status = { conditions: [{ type: 'Ready', status: 'True' }] };
  put('Pod', 'shop-http-1', { app: 'shop-http', 'pod-template-hash': '1' }, { status });
  put('Service', 'shop-http', {}, { spec: { type: 'ClusterIP', ports: [{ port: 80 }] } });
  put(
    'Secret',
    'func-keys-kube-secret-shop',
    {},
    { data: { 'functions.greet.default': Buffer.from('the-key').toString('base64') } },
  );
  put(
    'Secret',
    'settings',
    {},
    { data: { Store: Buffer.from('AccountName=shop;AccountKey=c2VjcmV0').toString('base64') } },
  );
});

function put(kind: string, name: string, more: Readonly<Record<string, string>>, fields: object): void {
  cluster.objects.set(`${kind}/${name}`, { kind, metadata: { name, labels: { ...labels, ...more } }, ...fields });
}

function run(checks: readonly Check[], options: Partial<SmokeTest> = {}, ports: Partial<SmokeTestPorts> = {}) {
  const test = {
    name: 'shop',
    namespace: 'team',
    checks: smokeChecksOf(checks, project),
    project,
    url: undefined,
    retries: 2,
    timeout: 600,
    ...options,
  };
  return runSmokeTest(test, {
    cluster,
    clock,
    openQueue: queues.open,
    log: keepingLog(),
    mask: secret => masked.push(secret.reveal()),
    signal: new AbortController().signal,
    learn: () => {},
    http: {
      send: async request => {
        sent.push(request);
        const answer = answers.shift() ?? { status: 200, headers: {}, body: 'Hello', milliseconds: 3 };
        if (answer instanceof NoAnswer) throw answer;
        return answer;
      },
    },
    ...ports,
  });
}

test('asks a ready pod by way of the API server when the app has no address', async () => {
  const [result] = await run([{ get: '/api/open?x=1' }]);
  assert.deepEqual(cluster.asked, [
    { method: 'GET', path: '/api/open?x=1', port: 8081, headers: {}, patience: 30_000, pod: 'shop-http-1' },
  ]);
  assert.deepEqual([result?.via, result?.faults], ['a pod of shop-http', []]);
});

test('asks the address of a load balancer from this machine', async () => {
  put(
    'Service',
    'shop-http',
    {},
    {
      spec: { type: 'LoadBalancer', ports: [{ port: 8080 }] },
      status: { loadBalancer: { ingress: [{ ip: '192.0.2.7' }] } },
    },
  );
  await run([{ get: '/api/open' }]);
  assert.equal(sent[0]?.url.href, 'http://192.0.2.7:8080/api/open');
});

test('asks an internal load balancer by way of the API server', async () => {
  cluster.objects.set('Service/shop-http', {
    kind: 'Service',
    metadata: { name: 'shop-http', annotations: { 'service.beta.kubernetes.io/azure-load-balancer-internal': 'true' } },
    ...{ spec: { type: 'LoadBalancer' }, status: { loadBalancer: { ingress: [{ ip: '10.0.0.7' }] } } },
  });
  await run([{ get: '/api/open' }]);
  assert.equal(cluster.asked.length, 1);
});

test('asks an Ingress at its address by the name of its host', async () => {
  put(
    'Ingress',
    'shop-http',
    {},
    { spec: { rules: [{ host: 'shop.example.com' }] }, status: { loadBalancer: { ingress: [{ ip: '192.0.2.9' }] } } },
  );
  await run([{ get: '/api/open' }]);
  assert.equal(sent[0]?.url.href, 'http://192.0.2.9/api/open');
  assert.equal(sent[0]?.headers.host, 'shop.example.com');
});

test('sends the key of a function only to that function, masked before', async () => {
  await run([{ get: '/api/greet' }, { get: '/api/open' }, { get: '/api/greet?code=own' }]);
  assert.deepEqual(
    cluster.asked.map(one => one.headers?.['x-functions-key']),
    ['the-key', undefined, undefined],
  );
  assert.deepEqual(masked, ['the-key']);
});

test('asks a pod where a key could be read on the way to the address', async () => {
  const ingress = [{ ip: '192.0.2.7' }];
  put('Service', 'shop-http', {}, { spec: { type: 'LoadBalancer' }, status: { loadBalancer: { ingress } } });
  await run([{ get: '/api/greet' }, { get: '/api/open' }]);
  assert.deepEqual(
    [cluster.asked.map(one => one.path), sent.map(one => one.url.pathname)],
    [['/api/greet'], ['/api/open']],
  );
});

test('sends no key to a given address where it could be read on the way', async () => {
  await assert.rejects(
    run([{ get: '/api/greet' }], { url: new URL('http://shop.example.com') }),
    error => error instanceof UserError && /needs a function key.*"http:\/\/shop.example.com"/.test(error.message),
  );
  assert.deepEqual(sent, []);
});

test('keeps the path of a given address and needs no cluster for it', async () => {
  await run([{ get: '/api/open' }], { url: new URL('https://shop.example.com/v1/') }, { cluster: undefined });
  assert.equal(sent[0]?.url.href, 'https://shop.example.com/v1/api/open');
});

test('tries again until the answer is as expected', async () => {
  cluster.answers.push({ status: 503, headers: {}, body: '' }, { status: 404, headers: {}, body: '' });
  const [result] = await run([{ get: '/api/open' }]);
  assert.deepEqual([result?.attempts, result?.faults], [3, []]);
});

test('says what was expected and what was got when the last attempt fails', async () => {
  for (let count = 0; count < 3; count += 1) cluster.answers.push({ status: 500, headers: {}, body: 'boom' });
  const [result, next] = await run([{ get: '/api/open' }, { get: '/api/open' }]);
  assert.deepEqual(result?.faults, ['expected status 200, got 500', 'the body is "boom"']);
  assert.deepEqual(next?.faults, []);
});

test('counts no answer as a failed check', async () => {
  answers.push(new NoAnswer('ECONNREFUSED'), new NoAnswer('ECONNREFUSED'), new NoAnswer('ECONNREFUSED'));
  const [result] = await run([{ get: '/api/open' }], { url: new URL('http://192.0.2.1') });
  assert.deepEqual(result?.faults, ['"http://192.0.2.1" gave no answer (ECONNREFUSED)']);
});

test('does not try again after the deadline', async () => {
  cluster.objects.delete('Pod/shop-http-1');
  const [result] = await run([{ get: '/api/open' }], { retries: 1000, timeout: 10 });
  assert.deepEqual(result?.faults, ['"shop-http" has no ready pod']);
  assert.ok((result?.attempts ?? 0) < 10);
});

const impossible = [
  {
    name: 'an unknown function',
    checks: [{ queue: 'pakc', send: 'a' }],
    options: {},
    ports: {},
    expected: /"queue" names the function "pakc".*Did you mean "pack"/,
  },
  {
    name: 'a message without cluster',
    checks: [{ queue: 'pack', send: 'a' }],
    options: { url: new URL('http://a') },
    ports: { cluster: undefined },
    expected: /needs the cluster/,
  },
  {
    name: 'a message without code',
    checks: [{ queue: 'pack', send: 'a' }],
    options: { project: undefined },
    ports: {},
    expected: /needs the code/,
  },
] as const;

for (const { name, checks, options, ports, expected } of impossible) {
  test(`refuses ${name} before anything is asked`, async () => {
    await assert.rejects(
      run(checks, options, ports),
      error => error instanceof UserError && expected.test(error.message),
    );
    assert.deepEqual([cluster.asked, sent], [[], []]);
  });
}

test('says which right is missing to ask a pod', async () => {
  cluster.answers.push({ status: 403, headers: {}, body: '{"kind":"Status"}' });
  await assert.rejects(
    run([{ post: '/api/open', send: 'a' }]),
    /lacks the verb "create" on the resource "pods\/proxy"/,
  );
});
