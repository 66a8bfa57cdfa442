import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runCommand, runStep } from '../support/action.ts';
import { writeApp } from '../support/registry-app.ts';
import { faultsOf, messagesOf } from './faults-shown.ts';
import { connectionString, queueApp, startTargets } from './faulty-apps.ts';

const connected = { 'secret-settings': `Orders=${connectionString('a2V5LW9mLW5vYm9keQ==')}` };

/** Runs the root action in a checkout of these files; a registry and a cluster are named, and only the registry would answer. */
async function deploy(files: Readonly<Record<string, string>>, inputs: Readonly<Record<string, string>> = {}) {
  await using app = await writeApp(files);
  await using targets = await startTargets();
  const result = await runStep('root', { with: { ...targets.inputs, ...inputs }, workspace: app.path });
  return { result, calls: targets.registry.calls };
}

/** At most the question how to sign in, which is asked ahead and says nothing of the app. */
function assertNothingSent(calls: readonly string[]): void {
  assert.deepEqual(
    calls.filter(call => call !== 'GET /v2/'),
    [],
  );
}

test('a folder without host.json is named before anything is contacted', async () => {
  const { result, calls } = await deploy(queueApp, { 'app-directory': 'orders' });
  assert.equal(result.code, 1);
  assert.deepEqual(faultsOf(result), [
    {
      message: 'Folder "orders" has no "host.json". Set the input "app-directory" to the folder of the function app.',
    },
  ]);
  assert.deepEqual(calls, []);
});

test('a missing kubeconfig is reported together with a missing app before anything is contacted', async () => {
  const { result, calls } = await deploy(queueApp, { 'app-directory': 'no/such', kubeconfig: '/no/such/config' });
  assert.equal(result.code, 1);
  assert.match(messagesOf(result), /Folder "no\/such" has no "host\.json"/);
  assert.match(messagesOf(result), /"kubeconfig" names the file "\/no\/such\/config", which cannot be read\. Give/);
  assert.deepEqual(calls, []);
});

test('an app without functions is told where they were looked for', async () => {
  const { result, calls } = await deploy({ 'package.json': '{"main":"src/*.js"}', 'src/index.js': '' });
  assert.equal(result.code, 1);
  const [fault] = faultsOf(result);
  assert.match(fault?.message ?? '', /No functions were found.+src\/\*\.js/);
  assertNothingSent(calls);
});

test('a setting that nobody gives is named at the place of the function that needs it', async () => {
  const { result, calls } = await deploy({ ...queueApp });
  assert.equal(result.code, 1);
  const [fault] = faultsOf(result);
  assert.equal(fault?.file, 'orders/function.json');
  assert.equal(fault?.line, '3');
  assert.match(fault?.message ?? '', /"Orders" of the queue trigger has no setting\. Add "Orders".+"secret-settings"/);
  assertNothingSent(calls);
});

test('a function.json that is not JSON is annotated at its line, relative to the checkout', async () => {
  const files = { ...queueApp, 'orders/function.json': '{\n  "bindings": [\n    {"type": }\n  ]\n}' };
  const moved = Object.fromEntries(Object.entries(files).map(([name, text]) => [`apps/shop/${name}`, text]));
  const { result, calls } = await deploy(
    { ...moved, 'apps/shop/host.json': '{"version":"2.0"}' },
    { 'app-directory': 'apps/shop' },
  );
  assert.equal(result.code, 1);
  const [fault] = faultsOf(result);
  assert.equal(fault?.file, 'apps/shop/orders/function.json');
  assert.equal(fault?.line, '3');
  assert.match(fault?.message ?? '', /^apps\/shop\/orders\/function\.json:3:\d+: The file is not JSON/);
  assertNothingSent(calls);
});

test('wrong inputs of every type are reported together before anything is contacted', async () => {
  const { result, calls } = await deploy(queueApp, {
    ...{ name: 'Shop_1', timeout: 'soon', 'max-replicas': 'lots', wait: 'yep', builder: 'magic' },
    namespace: '-x',
  });
  assert.equal(result.code, 1);
  const messages = messagesOf(result);
  for (const name of ['name', 'timeout', 'max-replicas', 'wait', 'builder', 'namespace']) {
    assert.match(messages, new RegExp(`^Input "${name}" must .+, got "[^"]+"\\.`, 'm'));
  }
  assert.equal(faultsOf(result).length, 6);
  assert.deepEqual(calls, []);
});

test('unknown keys of the file get their line and the nearest key, with the faults of the code', async () => {
  const { result, calls } = await deploy({
    ...queueApp,
    'orders/function.json': '{',
    'aks-functions.yml': 'version: 1\nscale:\n  maxReplica: 3\n  minReplicas: many\n',
  });
  assert.equal(result.code, 1);
  const faults = faultsOf(result);
  assert.deepEqual(
    faults.map(({ file, line }) => `${file}:${line}`),
    ['aks-functions.yml:3', 'aks-functions.yml:4', 'orders/function.json:1'],
  );
  assert.match(messagesOf(result), /"scale\.maxReplica" is not known\. Did you mean "maxReplicas"\?/);
  assertNothingSent(calls);
});

test('a package that runs an install script leads to another builder, and the outputs say what is known', async () => {
  const lock = {
    lockfileVersion: 3,
    packages: {
      '': { dependencies: { bcrypt: '5.1.0' } },
      'node_modules/bcrypt': { version: '5.1.0', hasInstallScript: true },
    },
  };
  const files = {
    ...queueApp,
    'package.json': '{"dependencies":{"bcrypt":"5.1.0"}}',
    'package-lock.json': JSON.stringify(lock),
  };
  const { result, calls } = await deploy(files, connected);
  assert.equal(result.code, 1);
  const [fault] = faultsOf(result);
  assert.equal(fault?.file, 'package-lock.json');
  assert.match(fault?.message ?? '', /Package "bcrypt" runs an install script.+Use builder "docker" or "acr"/);
  assert.equal(result.outputs.name, 'shop');
  assert.match(result.summary, /shop: not deployed/);
  assert.match(result.summary, /Nothing was changed in the cluster\./);
  assertNothingSent(calls);
});

test('the command line ends with 2 for wrong usage and says the reason in its last line', async () => {
  await using app = await writeApp(queueApp);
  const wrong = await runCommand(
    ['deploy', '--name', 'Shop_1', '--kubeconfig', 'none', '--image', 'shop:1'],
    {},
    app.path,
  );
  assert.equal(wrong.code, 2);
  assert.equal(wrong.stdout, '');
  assert.match(lastLine(wrong.stderr), /^Error: Input "name" must .+, got "Shop_1"\./);
  const broken = await runCommand(['render', '--image', 'shop:1'], {}, app.path);
  assert.equal(broken.code, 2);
  assert.match(lastLine(broken.stderr), /^Error: orders\/function\.json:3:\d+: Connection "Orders"/);
});

test('values that look like shell, Markdown or workflow commands stay values', async () => {
  const evil = 'x\n::set-output name=name::evil\n::add-mask::a\n`id`$(id)</td><script>';
  const { result } = await deploy(queueApp, { name: evil, registry: '$(id)/`id`', namespace: '**x** | y' });
  assert.equal(result.code, 1);
  assert.doesNotMatch(result.log, /^\s*::(?:set-output|add-mask::a$)/m);
  assert.deepEqual(result.outputs, {});
  assert.match(messagesOf(result), /got "x\\n::set-output/);
});

function lastLine(text: string): string {
  return text.trimEnd().split('\n').at(-1) ?? '';
}
