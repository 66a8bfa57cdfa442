import assert from 'node:assert/strict';
import test from 'node:test';
import { discoverProject } from '../../../src/core/discovery.ts';
import { sourceTree } from '../source-tree.ts';

const head = 'import os\nimport azure.functions as func\napp = func.FunctionApp()\n';
const body = 'def f(req):\n    pass\n';

const script = (code: string, more: Readonly<Record<string, string>> = {}) =>
  sourceTree({ 'function_app.py': head + code, ...more });

const http = { type: 'httpTrigger', direction: 'in', name: 'req', route: 'f', authLevel: 'function' };
const output = { type: 'http', direction: 'out', name: '$return' };
const queue = { type: 'queueTrigger', direction: 'in', name: 'msg', queueName: 'orders', connection: 'C' };

const decorators: readonly { name: string; given: string; expected: readonly unknown[] }[] = [
  { name: 'route with its defaults', given: `@app.route()\n${body}`, expected: [http, output] },
  {
    name: 'route with arguments',
    given: `@app.route(route="a/{id}", methods=["GET", func.HttpMethod.POST], auth_level=func.AuthLevel.ANONYMOUS)  # open\n${body}`,
    expected: [{ ...http, route: 'a/{id}', methods: ['GET', 'POST'], authLevel: 'anonymous' }, output],
  },
  {
    name: 'route by position',
    given: `@app.route("x", "r")\nasync def f(r):\n    pass\n`,
    expected: [{ ...http, route: 'x', name: 'r' }, output],
  },
  {
    name: 'queue_trigger by name',
    given: `@app.queue_trigger(arg_name="msg", queue_name="orders", connection="C")\n${body}`,
    expected: [queue],
  },
  { name: 'queue_trigger by position', given: `@app.queue_trigger("msg", "orders", "C")\n${body}`, expected: [queue] },
  {
    name: 'constants, f-strings and joined literals',
    given: `N = "ord"\nK: str = 'C'\n@app.queue_trigger(arg_name='''msg''', queue_name=f"{N}e" "rs", connection=K)\n${body}`,
    expected: [queue],
  },
  {
    name: 'escapes and raw texts',
    given: `@app.queue_trigger(arg_name="msg", queue_name="\\x6frders", connection=r"C")\n${body}`,
    expected: [queue],
  },
  {
    name: 'constants of a class and of a dictionary',
    given: `class Q:\n    name = "orders"\nC = {"conn": "C"}\n@app.queue_trigger(arg_name="msg", queue_name=Q.name, connection=C["conn"])\n${body}`,
    expected: [queue],
  },
  {
    name: 'arguments from a dictionary',
    given: `ARGS = {"queue_name": "orders", "connection": "C"}\n@app.queue_trigger(arg_name="msg", **ARGS)\n${body}`,
    expected: [{ type: 'queueTrigger', direction: 'in', name: 'msg', queueName: 'orders', connection: 'C' }],
  },
  {
    name: 'environment variables as %NAME%',
    given: `@app.queue_trigger(arg_name="msg", queue_name=f"{os.environ['ENV']}-orders", connection=os.getenv("CONN"))\n${body}`,
    expected: [{ ...queue, queueName: '%ENV%-orders', connection: '%CONN%' }],
  },
  {
    name: 'an output before the trigger',
    given: `@app.queue_output(arg_name="out", queue_name="o", connection="C")\n@app.route()\n${body}`,
    expected: [http, output, { type: 'queue', direction: 'out', name: 'out', queueName: 'o', connection: 'C' }],
  },
  {
    name: 'timer_trigger',
    given: `@app.timer_trigger(schedule="0 * * * * *", arg_name="t", run_on_startup=False)\n${body}`,
    expected: [{ type: 'timerTrigger', direction: 'in', name: 't', schedule: '0 * * * * *', runOnStartup: false }],
  },
  {
    name: 'generic_trigger',
    given: `@app.generic_trigger(arg_name="a", type="natsTrigger", some_key="v")\n${body}`,
    expected: [{ type: 'natsTrigger', direction: 'in', name: 'a', someKey: 'v' }],
  },
  {
    name: 'a blob trigger by events',
    given: `@app.blob_trigger(arg_name="b", path="x", connection="C", source=func.BlobSource.EVENT_GRID)\n${body}`,
    expected: [{ type: 'blobTrigger', direction: 'in', name: 'b', path: 'x', connection: 'C', source: 'EventGrid' }],
  },
];

for (const { name, given, expected } of decorators) {
  test(`a Python app is read with ${name}`, async () => {
    const { functions } = await discoverProject(script(given));
    assert.deepEqual(
      functions.map(fn => fn.bindings),
      [expected],
    );
  });
}

test('a function is called by function_name, else by its own name, at the line of its definition', async () => {
  const { functions, runtime, model } = await discoverProject(
    script(`@app.function_name(name="first")\n@app.route()\n${body}@app.route()\nasync def second(req):\n    pass\n`),
  );
  assert.deepEqual([runtime, model], ['python', 'python-v2']);
  assert.deepEqual(
    functions.map(({ name, place }) => [name, place.line]),
    [
      ['first', 6],
      ['second', 9],
    ],
  );
});

test('the level of the app holds where a function states none', async () => {
  const tree = sourceTree({
    'function_app.py': `import azure.functions as func\nfrom azure.functions import AuthLevel as A\napp = func.FunctionApp(http_auth_level=A.ANONYMOUS)\n@app.route()\n${body}`,
  });
  assert.equal((await discoverProject(tree)).functions[0]?.bindings[0].authLevel, 'anonymous');
});

const blueprint = `import azure.functions as func\nbp = func.Blueprint()\nQUEUE = "orders"\n@bp.route()\n${body}`;
const imports = [
  { name: 'from a module', given: 'from parts.orders import bp\napp.register_functions(bp)\n' },
  { name: 'by another name', given: 'from parts.orders import bp as other\napp.register_blueprint(other)\n' },
  { name: 'of an imported module', given: 'import parts.orders\napp.register_functions(parts.orders.bp)\n' },
  { name: 'of a renamed module', given: 'import parts.orders as o\napp.register_functions(function_container=o.bp)\n' },
  { name: 'of a package', given: 'from parts import orders\napp.register_functions(orders.bp)\n' },
  { name: 'from a star import', given: 'from parts.orders import *\napp.register_functions(bp)\n' },
  {
    name: 'passed on by a package',
    given: 'from parts import bp\napp.register_functions(bp)\n',
    more: { 'parts/__init__.py': 'from .orders import bp\n' },
  },
];

for (const { name, given, more = {} } of imports) {
  test(`a blueprint ${name} is read`, async () => {
    const { functions, unresolved } = await discoverProject(script(given, { 'parts/orders.py': blueprint, ...more }));
    assert.deepEqual(
      functions.map(fn => [fn.name, fn.place.file]),
      [['f', 'parts/orders.py']],
    );
    assert.deepEqual(unresolved, []);
  });
}

test('a blueprint that is not registered is left out', async () => {
  const { functions } = await discoverProject(
    script(`from orders import bp\n@app.route()\ndef g(req): pass\n`, { 'orders.py': blueprint }),
  );
  assert.deepEqual(
    functions.map(fn => fn.name),
    ['g'],
  );
});

test('an ASGI app is one HTTP function for all routes', async () => {
  const tree = sourceTree({
    'function_app.py':
      'import azure.functions as func\nfrom api import api\napp = func.AsgiFunctionApp(app=api, http_auth_level=func.AuthLevel.ANONYMOUS)\n',
  });
  const { functions } = await discoverProject(tree);
  assert.deepEqual(
    functions.map(fn => [fn.name, fn.bindings[0].route, fn.bindings[0].authLevel]),
    [['http_app_func', '/{*route}', 'anonymous']],
  );
});
