import assert from 'node:assert/strict';
import test from 'node:test';
import { discoverProject } from '../../../src/core/discovery.ts';
import { faultsOf } from '../faults.ts';
import { sourceTree } from '../source-tree.ts';

const head = 'import os\nimport azure.functions as func\napp = func.FunctionApp()\n';
const body = 'def f(req):\n    pass\n';

const script = (code: string, more: Readonly<Record<string, string>> = {}) =>
  sourceTree({ 'function_app.py': head + code, ...more });

const values = [
  {
    name: 'a computed value',
    given: `@app.queue_trigger(arg_name="m", queue_name=name(), connection="C")\n${body}`,
    expected: [['bindings[0].queueName', 4, 45]],
  },
  {
    name: 'a name that is set twice',
    given: `Q = "a"\nif x:\n    Q = "b"\n@app.queue_trigger(arg_name="m", queue_name=Q, connection="C")\n${body}`,
    expected: [['bindings[0].queueName', 1, 1]],
  },
  {
    name: 'a setting with a default',
    given: `@app.queue_trigger(arg_name="m", queue_name=os.environ.get("Q", "orders"), connection="C")\n${body}`,
    expected: [['bindings[0].queueName', 4, 45]],
  },
  {
    name: 'arguments that are spread',
    given: `@app.queue_trigger(arg_name="m", queue_name="q", **more)\n${body}`,
    expected: [['bindings[0]', 4, 52]],
  },
  {
    name: 'a formatted f-string',
    given: `N = 1\n@app.queue_trigger(arg_name="m", queue_name=f"{N:03}", connection="C")\n${body}`,
    expected: [['bindings[0].queueName', 5, 45]],
  },
];

for (const { name, given, expected } of values) {
  test(`${name} is unresolved with its place`, async () => {
    const { functions } = await discoverProject(script(given));
    assert.deepEqual(
      functions[0]?.unresolved.map(({ what, place }) => [what, place.line, place.column]),
      expected,
    );
  });
}

const computed = [
  { name: 'in a condition', given: `if os.environ.get("X"):\n    @app.route()\n    def g(req): pass\n`, line: 7 },
  { name: 'in a function', given: `def add(name):\n    @app.route(route=name)\n    def g(req): pass\n`, line: 7 },
  { name: 'without a decorator', given: `app.route(route="x")(handler)\n`, line: 6 },
  { name: 'of a computed blueprint', given: `app.register_functions(make())\n`, line: 6 },
  { name: 'of blueprints in a loop', given: `for bp in blueprints:\n    app.register_functions(bp)\n`, line: 7 },
  { name: 'by a function that is given the app', given: `register(app)\n`, line: 6 },
  { name: 'with a computed name', given: `@app.function_name(name=name())\n@app.route()\ndef g(req): pass\n`, line: 8 },
];

for (const { name, given, line } of computed) {
  test(`a registration ${name} is unresolved and never guessed`, async () => {
    const { functions, unresolved } = await discoverProject(script(`@app.route()\ndef f(req): pass\n${given}`));
    assert.deepEqual(
      functions.map(fn => fn.name),
      ['f'],
    );
    assert.deepEqual(
      unresolved.map(({ what, place }) => [what, place.line]),
      [['functions', line]],
    );
  });
}

const faulty = [
  {
    name: 'an unclosed parenthesis of a decorator, and the other faults',
    given: `@app.route(route="a"\ndef a(req): pass\n\n@app.route()\ndef b(req):\n    return g("x"\n\n@app.route()\ndef b(req): pass\n`,
    expected: [/^function_app\.py:4:11: The bracket/, /^function_app\.py:9:13: The bracket/],
  },
  {
    name: 'an unclosed text',
    given: `X = "abc\n@app.route()\n${body}`,
    expected: [/^function_app\.py:4:5: .*syntax error/],
  },
  {
    name: 'two functions of one name',
    given: `@app.route()\n${body}@app.route()\n${body}`,
    expected: [/^function_app\.py:8:1: Function name "f" is used a second time/],
  },
  {
    name: 'two triggers on one function',
    given: `@app.route()\n@app.queue_trigger("m", "q", "C")\n${body}`,
    expected: [/^function_app\.py:6:1: Function "f" has 2 triggers: httpTrigger, queueTrigger/],
  },
  {
    name: 'a function without trigger',
    given: `@app.queue_output("m", "q", "C")\n${body}`,
    expected: [/^function_app\.py:5:1: Function "f" has no trigger/],
  },
  {
    name: 'two app objects',
    given: `other = func.FunctionApp()\n@app.route()\n${body}`,
    expected: [/^function_app\.py:4:9: The file has several FunctionApp objects/],
  },
  {
    name: 'an app without functions',
    given: '',
    expected: [/^host\.json: No functions were found; looked at function_app\.py\./],
  },
];

for (const { name, given, expected } of faulty) {
  test(`a Python app reports ${name}`, async () => {
    const faults = await faultsOf(() => discoverProject(script(given)));
    assert.equal(faults.length, expected.length, faults.join('\n'));
    for (const [index, pattern] of expected.entries()) assert.match(faults[index] ?? '', pattern);
  });
}

const modern = [
  'match x:\n    case a.b | "s" "t": pass\n    case -1 |\\\n 2: pass\n',
  'def g[T: int = str](x: T) -> T: ...\n',
  'with (open("a") as a, open("b") as b,):\n    pass\n',
  'x = t"{a}"\n',
  'y = f"{d["a"]!r:>{w}} {{}}"\n',
  'try:\n    pass\nexcept A, B:\n    pass\n',
  'for x in *a, *b: pass\n',
  '\x0cz = 1\n',
  'def g():\n    yield\n    x = yield\n',
  'x = lambda: (yield)\n',
  'x = [a for a, *b in c]\n',
];

for (const code of modern) {
  test(`new syntax is no fault: ${JSON.stringify(code.split('\n')[0])}`, async () => {
    const { functions } = await discoverProject(script(`${code}@app.route()\n${body}`));
    assert.deepEqual(
      functions.map(fn => fn.name),
      ['f'],
    );
  });
}

test('Windows line ends change no value and no place', async () => {
  const { functions } = await discoverProject(
    sourceTree({ 'function_app.py': `${head}@app.route(route="a")\n${body}`.replaceAll('\n', '\r\n') }),
  );
  assert.deepEqual([functions[0]?.bindings[0].route, functions[0]?.place.line], ['a', 5]);
});
