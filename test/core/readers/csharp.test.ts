import assert from 'node:assert/strict';
import test from 'node:test';
import { discoverProject } from '../../../src/core/discovery.ts';
import { faultsOf } from '../faults.ts';
import { sourceTree } from '../source-tree.ts';

const project = '<Project><PackageReference Include="Microsoft.Azure.Functions.Worker" Version="2.0.0" /></Project>';
const inProcess = '<Project><PackageReference Include="Microsoft.NET.Sdk.Functions" Version="4.0.0" /></Project>';

const app = (code: string, more: Readonly<Record<string, string>> = {}) =>
  discoverProject(sourceTree({ 'app.csproj': project, 'F.cs': code, ...more }));

/** A class with one function around the trigger's attribute. */
const withTrigger = (attribute: string, more = '') =>
  `using X;\nnamespace A.B;\npublic class C\n{\n${more}\n  [Function("f")]\n  public async Task<string> Run([${attribute}] string m, FunctionContext context)\n  {\n    var x = new[] { 1 };\n    if (x[0] == '{') { return "}"; }\n    return $"{m}";\n  }\n}\n`;

const triggers: readonly { given: string; more?: string; expected: Readonly<Record<string, unknown>> }[] = [
  {
    given: 'QueueTrigger("orders", Connection = "C")',
    expected: { type: 'queueTrigger', queueName: 'orders', connection: 'C' },
  },
  { given: 'QueueTriggerAttribute(queueName: "orders")', expected: { type: 'queueTrigger', queueName: 'orders' } },
  {
    given: 'Microsoft.Azure.Functions.Worker.QueueTrigger("a" + "b")',
    expected: { type: 'queueTrigger', queueName: 'ab' },
  },
  { given: 'QueueTrigger(@"a""b")', expected: { type: 'queueTrigger', queueName: 'a"b' } },
  { given: 'QueueTrigger("""a"b""")', expected: { type: 'queueTrigger', queueName: 'a"b' } },
  { given: 'QueueTrigger("%QUEUE%")', expected: { type: 'queueTrigger', queueName: '%QUEUE%' } },
  {
    given: 'QueueTrigger(Q)',
    more: 'private const string P = "or", Q = P + "ders";',
    expected: { type: 'queueTrigger', queueName: 'orders' },
  },
  {
    given: 'QueueTrigger($"{P}-{nameof(C.Run)}")',
    more: 'const string P = "x";',
    expected: { type: 'queueTrigger', queueName: 'x-Run' },
  },
  {
    given: 'QueueTrigger($$"""{a}{{P}}""")',
    more: 'const string P = "x";',
    expected: { type: 'queueTrigger', queueName: '{a}x' },
  },
  {
    given: 'QueueTrigger($@"{P}{{""}}")',
    more: 'const string P = "x";',
    expected: { type: 'queueTrigger', queueName: 'x{"}' },
  },
  {
    given: 'QueueTrigger(Names.Queues.Orders)',
    more: 'public static class Names { public static class Queues { public const string Orders = nameof(Orders); } }',
    expected: { type: 'queueTrigger', queueName: 'Orders' },
  },
  {
    given: 'TimerTrigger("0 */5 * * * *", RunOnStartup = true)',
    expected: { type: 'timerTrigger', schedule: '0 */5 * * * *', runOnStartup: true },
  },
  {
    given: 'ServiceBusTrigger("q", Connection = "C", IsSessionsEnabled = true)',
    expected: { type: 'serviceBusTrigger', queueName: 'q', connection: 'C', isSessionsEnabled: true },
  },
  {
    given: 'ServiceBusTrigger("t", "s", IsBatched = true)',
    expected: { type: 'serviceBusTrigger', topicName: 't', subscriptionName: 's', cardinality: 'Many' },
  },
  {
    given: 'CosmosDBTrigger("d", "c", Connection = "C", CreateLeaseContainerIfNotExists = true)',
    expected: {
      type: 'cosmosDBTrigger',
      databaseName: 'd',
      containerName: 'c',
      connection: 'C',
      createLeaseContainerIfNotExists: true,
    },
  },
  {
    given: 'CosmosDBTrigger("d", "c", ConnectionStringSetting = "C")',
    expected: { type: 'cosmosDBTrigger', databaseName: 'd', collectionName: 'c', connectionStringSetting: 'C' },
  },
  {
    given: 'BlobTrigger("a/{name}", Source = BlobTriggerSource.EventGrid)',
    expected: { type: 'blobTrigger', path: 'a/{name}', source: 'EventGrid' },
  },
  {
    given: 'EventHubTrigger("h", ConsumerGroup = "g", Connection = "C")',
    expected: { type: 'eventHubTrigger', eventHubName: 'h', consumerGroup: 'g', connection: 'C' },
  },
  { given: 'NatsTrigger(Subject = "s")', expected: { type: 'natsTrigger', subject: 's' } },
];

for (const { given, more, expected } of triggers) {
  test(`C# is read with [${given}]`, async () => {
    const { functions, runtime, model } = await app(withTrigger(given, more));
    assert.deepEqual([runtime, model], ['dotnet-isolated', 'csharp']);
    assert.deepEqual(
      functions.map(fn => [fn.name, fn.bindings, fn.unresolved]),
      [['f', [{ ...expected, direction: 'in', name: 'm' }], []]],
    );
  });
}

const https = [
  {
    given: 'AuthorizationLevel.Function, "get", "post", Route = "a/{id}"',
    level: 'function',
    methods: ['get', 'post'],
  },
  { given: 'AuthorizationLevel.Anonymous', level: 'anonymous', methods: undefined },
  { given: '"get"', level: undefined, methods: ['get'] },
  { given: 'AuthorizationLevel.Admin, new[] { "put" }', level: 'admin', methods: ['put'] },
];

for (const { given, level, methods } of https) {
  test(`C# is read with [HttpTrigger(${given})] and an answer`, async () => {
    const [fn] = (await app(withTrigger(`HttpTrigger(${given})`))).functions;
    assert.deepEqual([fn?.bindings[0].authLevel, fn?.bindings[0].methods], [level, methods]);
    assert.deepEqual(fn?.bindings[1], { type: 'http', direction: 'out', name: '$return' });
  });
}

test('outputs stand on the method and on properties of what it gives back', async () => {
  const code = `class F {
  [Function(nameof(Go))] [QueueOutput("a", Connection = "C")]
  public Answer Go([TimerTrigger("0 0 * * * *")] TimerInfo t, [DurableClient] DurableTaskClient client) => new();
}
record Answer { [BlobOutput("b/{x}")] public required string Text { get; init; } = ""; public int Other; }`;
  const { functions } = await app(code);
  assert.deepEqual(functions[0]?.name, 'Go');
  assert.deepEqual(functions[0]?.place, { file: 'F.cs', line: 2, column: 4 });
  assert.deepEqual(functions[0]?.bindings.slice(1), [
    { type: 'durableClient', direction: 'in', name: 'client' },
    { type: 'queue', direction: 'out', name: '$return', queueName: 'a', connection: 'C' },
    { type: 'blob', direction: 'out', name: 'Text', path: 'b/{x}' },
  ]);
});

/** Each is put before a class with the function "sure": none may hide it or add one. */
const traps: readonly { name: string; given: string }[] = [
  { name: 'a function in a comment', given: '// [Function("x")]\n/* [Function("y")] */' },
  {
    name: 'a function in a text',
    given: 'class T { string a = "[Function(\\"x\\")] {"; char b = \'"\'; char c = \'\\\'\'; }',
  },
  { name: 'a verbatim text with a backslash', given: 'class T { string a = @"c:\\"; }' },
  { name: 'an interpolated text with a text inside', given: 'class T { string a = $"{(b ? "}" : "{")} }}"; }' },
  { name: 'a raw text of several lines', given: 'class T { string a = """\n  "[Function("x")]" {\n  """; }' },
  { name: 'a raw interpolated text', given: 'class T { string a = $$"""{ {{b["x"]}} }"""; }' },
  { name: 'a collection expression', given: 'class T { int[] a = [1, 2]; int[] b() => [..a]; }' },
  {
    name: 'an indexer and a list pattern',
    given: 'class T { int this[int i] => i; bool b(int[] x) => x is [1, ..]; }',
  },
  { name: 'an attribute on a lambda', given: 'class T { Action a = [Function("x")] () => { }; }' },
  { name: 'an attribute of the assembly', given: '[assembly: InternalsVisibleTo("T")]' },
  { name: 'a generic attribute', given: 'class T { [Some<int, string>("{")] void a() { } }' },
  { name: 'a tuple as result', given: 'class T { public (int a, string b) X(int c) { return (1, "("); } }' },
  { name: 'a generic method with constraints', given: 'class T { void A<U>(U u) where U : class, new() { } }' },
  {
    name: 'a primary constructor',
    given: 'class T(int a, [FromKeyedServices("k")] B b) : Base(a) { }\nrecord R(int A);',
  },
  { name: 'top-level statements', given: 'var b = new H(); if (b.X) { b.Run(x => { x.Y(); }); }\nb.Run();' },
  { name: 'a region and a pragma', given: '#region {\n#pragma warning disable X\n#endregion' },
  { name: 'a debug branch', given: '#if DEBUG\nclass T { [Function("x")] void A() { {\n#endif' },
  {
    name: 'a branch without its half',
    given: 'class T {\n#if NET8_0_OR_GREATER\nvoid A() {\n#else\nvoid B() {\n#endif\n} }',
  },
  { name: 'names like words of the language', given: 'class T { void @class(int @if) { } int record = 1; }' },
  { name: 'an enum with attributes', given: 'enum E { [Description("x")] A = 1, B }' },
  {
    name: 'a switch expression',
    given: 'class T { int A(int x) => x switch { 1 => 2, _ => throw new E("{") }; int B; }',
  },
  {
    name: 'events, operators and accessors',
    given:
      'class T { event X Y { add { } remove { } } public static T operator +(T a, T b) => a; int P { get; } = 1; }',
  },
  {
    name: 'an extern alias and usings',
    given: 'extern alias Z;\nglobal using static System.Math;\nusing Q = System.Text.StringBuilder;',
  },
  {
    name: 'a comparison in a default',
    given: 'class T { void A(bool a = 1 < 2, Dictionary<string, int> b = null) { } }',
  },
  {
    name: 'an unsafe block with shifts',
    given: 'class T { int A(int x) { return x >> 2 << 1; } int B => A(1) > 2 ? 1 : 2; }',
  },
];

for (const { name, given } of traps) {
  test(`${name} hides no function of C# and adds none`, async () => {
    const sure = 'namespace N { class S { [Function("sure")] void Run([TimerTrigger("0 0 0 * * *")] object t) { } } }';
    const { functions, unresolved } = await app(`${given}\n${sure}`);
    assert.deepEqual([functions.map(fn => fn.name), unresolved], [['sure'], []]);
  });
}

test('an app in the process of the host has its own attributes', async () => {
  const code = `using Sub = Microsoft.Azure.WebJobs.EventHubTriggerAttribute;
[StorageAccount("Acc")]
public static class C {
  [FunctionName("a")] public static void A([QueueTrigger("q")] string m) { }
  [Disable] [FunctionName("b")] public static void B([Sub("h", Connection = "E")] string m) { }
  [FunctionName("c")] [Disable("OFF")] public static void D([BlobTrigger("p")] string m) { }
}`;
  const { functions, runtime } = await discoverProject(sourceTree({ 'a.csproj': inProcess, 'F.cs': code }));
  assert.equal(runtime, 'dotnet');
  assert.deepEqual(
    functions.map(({ name, bindings, disabled, unresolved }) => [
      name,
      bindings[0].connection,
      bindings[0].type,
      disabled,
      unresolved.map(({ what, place }) => `${what}:${place.line}`),
    ]),
    [
      ['a', 'Acc', 'queueTrigger', false, []],
      ['b', 'E', 'eventHubTrigger', true, []],
      ['c', 'Acc', 'blobTrigger', false, ['disabled:6']],
    ],
  );
});

test('classes of Durable tasks are functions', async () => {
  const code =
    '[DurableTask("Hello")] class A : TaskOrchestrator<string, string> { }\n[DurableTask] class B : Ns.TaskActivity<int, int> { }';
  const { functions } = await app(code);
  assert.deepEqual(
    functions.map(fn => [fn.name, fn.bindings[0].type, fn.place.line]),
    [
      ['Hello', 'orchestrationTrigger', 1],
      ['B', 'activityTrigger', 2],
    ],
  );
});

test('what a constant of another assembly or a symbol of the build decides is unresolved', async () => {
  const code = `${withTrigger('QueueTrigger(Shared.Queue)')}
#if CLOUD
class T { [Function("x")] void A([TimerTrigger("0 0 0 * * *")] object t) { } }
#endif`;
  const { functions, unresolved } = await app(code);
  assert.deepEqual(
    functions.flatMap(fn => fn.unresolved.map(({ what, place }) => [what, place.line])),
    [['bindings[0].queueName', 7]],
  );
  assert.deepEqual(
    unresolved.map(({ place }) => place),
    [{ file: 'F.cs', line: 16, column: 11 }],
  );
});

test('a syntax error of C# is reported with its place, beside the faults of other files', async () => {
  const lines = await faultsOf(() =>
    app('class C {\n  void A( { }\n}', {
      'B.cs': 'class B { string a = "x; }',
      'D.cs': withTrigger('TimerTrigger("x")').replace('"f"', '"1f"'),
    }),
  );
  assert.deepEqual(lines, [
    'B.cs:1:22: The file has a syntax error: the text that starts here has no end. Correct it.',
    'F.cs:3:1: The file has a syntax error: the bracket "}" here closes none. Correct it.',
    'D.cs:6:4: Function name "1f" is refused by the host. Start with a letter, use at most 128 letters, digits, "_" and "-", and not the word "host".',
  ]);
});

test('an app whose functions are only in its build output is told so', async () => {
  const lines = await faultsOf(() => discoverProject(sourceTree({ 'a.fsproj': '<Project/>', 'F.fs': 'let x = 1' })));
  assert.match(lines.join(), /looked at functions\.metadata .* only in the build output\. Point/);
});
