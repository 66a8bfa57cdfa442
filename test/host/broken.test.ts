import assert from 'node:assert/strict';
import { test } from 'node:test';
import { appOf, sampleApp } from './app-folder.ts';
import { keyFiles } from './key-files.ts';
import { startHost } from './running-host.ts';

const node = { FUNCTIONS_WORKER_RUNTIME: 'node' };
const python = { FUNCTIONS_WORKER_RUNTIME: 'python' };
const queueBinding = JSON.stringify({
  bindings: [{ type: 'queueTrigger', direction: 'in', name: 'message', queueName: '%QUEUE%' }],
});

test('an app that throws while it loads leaves the host up and in error', async () => {
  await using folder = await sampleApp('crashing');
  await using files = await keyFiles({ 'host.master': 'm' });
  await using host = await startHost(folder.path, { ...node, ...files.settings, API_TOKEN: 'seen' });
  const status = await host.status();
  assert.equal(status.state, 'Error');
  assert.match(status.errors.join(), /DATABASE_URL is missing/);
  assert.match(host.log(), /Connecting with seen[\s\S]*DATABASE_URL is missing/);
  assert.equal((await host.ask('/admin/host/ping')).status, 200);
});

test('an app that ends its process ends the host after three more tries', async () => {
  await using folder = await sampleApp('exiting');
  await using host = await startHost(folder.path, node, /no such line/);
  assert.equal(await host.ended, 1);
  assert.equal(host.log().split('no connection to the database').length, 5);
});

test('an app without functions has none, and no error', async () => {
  await using folder = await sampleApp('no-functions');
  await using files = await keyFiles({ 'host.master': 'm' });
  await using host = await startHost(folder.path, { ...node, ...files.settings });
  assert.deepEqual(await host.functions(), []);
  assert.equal((await host.status()).state, 'Running');
});

test('a missing Python package is an error of the host', async () => {
  await using folder = await appOf({ 'function_app.py': 'import nowhere\n' });
  await using files = await keyFiles({ 'host.master': 'm' });
  await using host = await startHost(folder.path, { ...python, ...files.settings });
  assert.match((await host.status()).errors.join(), /ModuleNotFoundError: No module named 'nowhere'/);
});

test('a faulty function of several has its own error', async () => {
  await using folder = await appOf({
    'bad/function.json': queueBinding,
    'bad/index.js': 'module.exports = async (',
    'worse/function.json': '{"bindings": [',
    'unresolved/function.json': queueBinding,
    'unresolved/index.js': 'module.exports = async () => {};',
    'good/function.json': JSON.stringify({
      bindings: [
        { type: 'httpTrigger', name: 'req', authLevel: 'anonymous' },
        { type: 'http', direction: 'out', name: 'res' },
      ],
    }),
    'good/index.js': `module.exports = async context => { context.res = { body: 'fine' }; };`,
  });
  await using files = await keyFiles({ 'host.master': 'm' });
  await using host = await startHost(folder.path, { ...node, ...files.settings });
  assert.match((await host.errorsOf('bad')).join(), /SyntaxError/);
  assert.match((await host.errorsOf('worse')).join(), /"worse\/function.json" is not valid JSON/);
  assert.match(
    (await host.errorsOf('unresolved')).join(),
    /listener for function "unresolved" was unable to start: "%QUEUE%" does not resolve/,
  );
  assert.deepEqual(await host.errorsOf('good'), []);
});

test('a classic Python function whose parameter has no binding has its own error', async () => {
  await using folder = await appOf({
    'greet/function.json': JSON.stringify({ bindings: [{ type: 'httpTrigger', direction: 'in', name: 'req' }] }),
    'greet/__init__.py': 'def main(request):\n    return "x"\n',
  });
  await using files = await keyFiles({ 'host.master': 'm' });
  await using host = await startHost(folder.path, { ...python, ...files.settings });
  assert.match((await host.errorsOf('greet')).join(), /bindings without a parameter: req/);
});
