import assert from 'node:assert/strict';
import test from 'node:test';
import { discoverProject } from '../../../src/core/discovery.ts';
import { sourceTree } from '../source-tree.ts';

const app = (code: string, more: Readonly<Record<string, string>> = {}) =>
  discoverProject(sourceTree({ 'pom.xml': '<project/>', 'src/main/java/a/F.java': code, ...more }));

const withTrigger = (annotation: string, more = '') =>
  `package a;\nimport b.*;\n/** @FunctionName("no") */\npublic class F {\n${more}\n  @FunctionName("f")\n  @StorageAccount("x")\n  public String run(${annotation} final String m, final ExecutionContext context) throws Exception {\n    char c = '{'; String s = """\n      } "{" \\\n      """;\n    return m;\n  }\n}\n`;

const triggers: readonly { given: string; more?: string; expected: Readonly<Record<string, unknown>> }[] = [
  {
    given: '@QueueTrigger(name = "m", queueName = "orders", connection = "C")',
    expected: { type: 'queueTrigger', queueName: 'orders', connection: 'C' },
  },
  {
    given: '@QueueTrigger(name = "m", queueName = Names.PREFIX + "rders")',
    more: 'interface Names { String PREFIX = "o"; }',
    expected: { type: 'queueTrigger', queueName: 'orders', connection: 'x' },
  },
  {
    given: '@TimerTrigger(name = "m", schedule = SCHEDULE)',
    more: 'private static final String SCHEDULE = """\n    0 0 * * * *""";',
    expected: { type: 'timerTrigger', schedule: '0 0 * * * *' },
  },
  {
    given: '@ServiceBusTopicTrigger(name = "m", topicName = "t", subscriptionName = "s", connection = "C")',
    expected: { type: 'serviceBusTrigger', topicName: 't', subscriptionName: 's', connection: 'C' },
  },
  {
    given: '@EventHubTrigger(name = "m", eventHubName = "h", connection = "C", cardinality = Cardinality.MANY)',
    expected: { type: 'eventHubTrigger', eventHubName: 'h', connection: 'C', cardinality: 'MANY' },
  },
  { given: '@DurableOrchestrationTrigger(name = "m")', expected: { type: 'orchestrationTrigger' } },
  {
    given: '@com.x.CustomBinding(direction = "in", name = "m", type = "natsTrigger")',
    expected: { type: 'natsTrigger' },
  },
];

for (const { given, more, expected } of triggers) {
  test(`Java is read with ${given}`, async () => {
    const { functions, runtime, model } = await app(withTrigger(given, more));
    assert.deepEqual([runtime, model], ['java', 'java']);
    assert.deepEqual(
      functions.map(fn => [fn.name, fn.bindings, fn.unresolved]),
      [['f', [{ ...expected, direction: 'in', name: 'm' }], []]],
    );
  });
}

test('an HTTP function of Java has its methods, level and answer', async () => {
  const annotation =
    '@HttpTrigger(name = "req", methods = {HttpMethod.GET, POST}, route = "a/{id}", authLevel = AuthorizationLevel.ANONYMOUS)';
  const [fn] = (await app(withTrigger(annotation))).functions;
  assert.deepEqual(fn?.bindings, [
    {
      type: 'httpTrigger',
      direction: 'in',
      name: 'req',
      methods: ['GET', 'POST'],
      route: 'a/{id}',
      authLevel: 'anonymous',
    },
    { type: 'http', direction: 'out', name: '$return' },
  ]);
  assert.deepEqual(fn?.place, { file: 'src/main/java/a/F.java', line: 6, column: 4 });
});

test('outputs and a Durable client are recorded; tests of the app are no part of it', async () => {
  const code = withTrigger(
    '@DurableClientInput(name = "client") Client client, @QueueOutput(name = "out", queueName = "o") OutputBinding<String> out, @TimerTrigger(name = "t", schedule = "0 0 * * * *")',
  );
  const { functions } = await app(code, { 'src/test/java/T.java': code });
  assert.deepEqual(
    functions.map(fn => fn.bindings.map(({ type, name }) => [type, name])),
    [
      [
        ['timerTrigger', 't'],
        ['durableClient', 'client'],
        ['queue', 'out'],
      ],
    ],
  );
});

test('the storage account of a Java method is the connection of its storage bindings that name none', async () => {
  const method = (account: string) => `package a;
class F {
  @FunctionName("f")
  @StorageAccount(${account})
  void run(
    @BlobTrigger(name = "i", path = "in/{name}") byte[] i,
    @BlobOutput(name = "o", path = "out/{name}", connection = "Own") OutputBinding<byte[]> o,
    @EventHubOutput(name = "e", eventHubName = "h") OutputBinding<String> e) {}
}
`;
  const [named] = (
    await app(method('Accounts.FILES'), {
      'src/main/java/a/Accounts.java': 'class Accounts { static final String FILES = "Files"; }',
    })
  ).functions;
  assert.deepEqual(
    [named?.bindings.map(({ connection }) => connection), named?.unresolved],
    [['Files', 'Own', undefined], []],
  );
  const [computed] = (await app(method('Accounts.FILES'))).functions;
  assert.deepEqual(
    computed?.unresolved.map(({ what, place }) => [what, place.line]),
    [['bindings[0].connection', 4]],
  );
});

const declared = (bindings: readonly unknown[]) => JSON.stringify({ scriptFile: '../app.jar', bindings });

test('the output of a build comes before the sources', async () => {
  const queue = { type: 'queueTrigger', direction: 'in', name: 'm', queueName: 'built' };
  const { functions, model, runtime } = await app(withTrigger('@TimerTrigger(name = "m", schedule = "x")'), {
    'target/azure-functions/shop/f/function.json': declared([queue]),
    'target/azure-functions/shop/host.json': '{}',
  });
  assert.deepEqual([model, runtime], ['function.json', 'java']);
  assert.deepEqual(functions[0]?.bindings, [queue]);
});
