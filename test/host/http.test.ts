import assert from 'node:assert/strict';
import { test } from 'node:test';
import { appOf, sampleApp } from './app-folder.ts';
import { keyFiles } from './key-files.ts';
import { startHost } from './running-host.ts';

const python = { FUNCTIONS_WORKER_RUNTIME: 'python' };
const node = { FUNCTIONS_WORKER_RUNTIME: 'node' };

const packageJson = JSON.stringify({ main: '{index.js,functions/*.js}' });

const nodeApp = {
  'package.json': packageJson,
  'index.js': `require('@azure/functions').app.hook.preInvocation(context => { context.invocationContext.log('hooked'); });`,
  'functions/orders.js': `
    const { app } = require('@azure/functions');
    app.http('order', { route: 'shops/{shop:alpha}/orders/{id:int?}', methods: ['GET'], authLevel: 'anonymous',
      handler: async request => ({ jsonBody: { ...request.params, all: request.query.get('all') }, status: 201,
        headers: { 'x-shop': 'yes' }, cookies: [{ name: 'seen', value: '1', path: '/' }] }) });
    app.http('echo', { methods: ['POST'], authLevel: 'anonymous', handler: async request => ({ body: await request.text() }) });
    app.http('guarded', { authLevel: 'function', handler: () => ({ body: 'in' }) });
    app.http('guardedMore', { authLevel: 'admin', handler: () => ({ body: 'in' }) });
    app.http('failing', { authLevel: 'anonymous', handler: () => { throw new Error('no stock'); } });`,
};

for (const app of ['python-http', 'python-http-classic']) {
  test(`${app} greets`, async () => {
    await using folder = await sampleApp(app);
    await using host = await startHost(folder.path, python);
    const answer = await host.ask('/api/python-http?name=handsonaks');
    assert.deepEqual([answer.status, await answer.text()], [200, 'Hello handsonaks!']);
    assert.equal((await host.ask('/api/python-http')).status, 400);
    assert.equal((await host.ask('/api/python-http', { method: 'POST' })).status, 404);
  });
}

test('a Node v4 app has routes, parameters, cookies and bodies', async () => {
  await using folder = await appOf(nodeApp);
  await using host = await startHost(folder.path, node);
  const order = await host.ask('/api/Shops/north/orders/12?all=1');
  assert.equal(order.status, 201);
  assert.deepEqual(await order.json(), { shop: 'north', id: '12', all: '1' });
  assert.deepEqual([order.headers.get('x-shop'), order.headers.getSetCookie()], ['yes', ['seen=1; Path=/']]);
  assert.deepEqual(await (await host.ask('/api/shops/north/orders')).json(), { shop: 'north', all: null });
  assert.equal((await host.ask('/api/shops/n0/orders')).status, 404);
  assert.equal(await (await host.ask('/api/echo', { method: 'POST', body: 'Grüße' })).text(), 'Grüße');
  assert.equal((await host.ask('/api/failing')).status, 500);
  assert.match(host.log(), /failing failed[\s\S]*no stock/);
  assert.match(host.log(), /hooked/);
});

test('an ES module app streams its answers through the official library', async () => {
  await using folder = await appOf({
    'package.json': JSON.stringify({ main: 'index.js', type: 'module' }),
    'host.json': JSON.stringify({ version: '2.0', extensions: { http: { routePrefix: '' } } }),
    'index.js': `import { app } from '@azure/functions';
      app.setup({ enableHttpStream: true });
      app.http('upper', { route: 'upper/{word}', authLevel: 'anonymous', methods: ['POST'],
        handler: async request => ({ body: request.params.word + (await request.text()).toUpperCase() }) });`,
  });
  await using host = await startHost(folder.path, node);
  assert.equal(await (await host.ask('/upper/a', { method: 'POST', body: 'bc' })).text(), 'aBC');
});

test('a classic Node app answers by context.res, context.done and $return', async () => {
  const binding = (output: string) =>
    JSON.stringify({
      bindings: [
        { type: 'httpTrigger', direction: 'in', name: 'req', authLevel: 'anonymous', methods: ['get', 'post'] },
        { type: 'http', direction: 'out', name: output },
      ],
    });
  await using folder = await appOf({
    'res/function.json': binding('res'),
    'res/index.js': `module.exports = async context => { context.res = { status: 202, body: { got: context.req.body } }; };`,
    'done/function.json': binding('res'),
    'done/index.js': `module.exports = (context, req) => { context.res.status(203).send(req.query.q); context.done(); };`,
    'returned/function.json': binding('$return'),
    'returned/run.js': `exports.run = async () => ({ body: 'back' });`,
  });
  await using host = await startHost(folder.path, node);
  const headers = { 'content-type': 'application/json' };
  const res = await host.ask('/api/res', { method: 'POST', body: '{"a":1}', headers });
  assert.deepEqual([res.status, await res.json()], [202, { got: { a: 1 } }]);
  const done = await host.ask('/api/done?q=x');
  assert.deepEqual([done.status, await done.text()], [203, 'x']);
  assert.equal(await (await host.ask('/api/returned')).text(), 'back');
});

test('keys open what their level says', async () => {
  await using folder = await appOf(nodeApp);
  await using files = await keyFiles({
    'host.master': 'm',
    'host.function.default': 'h',
    'functions.guarded.default': 'f',
  });
  await using host = await startHost(folder.path, { ...node, ...files.settings });
  const status = async (path: string, key?: string) => (await host.ask(path, key ? { key } : {})).status;
  const tried = ['wrong', 'f', 'h', 'm'];
  assert.equal(await status('/api/guarded'), 401);
  assert.equal(await status('/api/guarded?code=f'), 200);
  assert.deepEqual(await Promise.all(tried.map(key => status('/api/guarded', key))), [401, 200, 200, 200]);
  assert.deepEqual(await Promise.all(tried.map(key => status('/api/guardedMore', key))), [401, 401, 401, 200]);
  assert.deepEqual(await Promise.all(tried.map(key => status('/admin/host/status', key))), [401, 401, 401, 200]);
  assert.equal(await status('/admin/host/ping'), 200);
});

test('without key storage only anonymous functions answer', async () => {
  await using folder = await appOf(nodeApp);
  await using host = await startHost(folder.path, node);
  const paths = ['/api/echo', '/api/guarded', '/admin/host/status', '/admin/functions'];
  const statuses = paths.map(
    async path => (await host.ask(path, { method: path === '/api/echo' ? 'POST' : 'GET' })).status,
  );
  assert.deepEqual(await Promise.all(statuses), [200, 401, 401, 401]);
});

test('the admin interface lists the functions of the allow-list and the status of those that run', async () => {
  await using folder = await appOf(nodeApp);
  await using files = await keyFiles({ 'host.master': 'm' });
  const filter = { AzureFunctionsJobHost__functions__0: 'order', AzureFunctionsJobHost__functions__1: 'echo' };
  const settings = {
    ...node,
    ...files.settings,
    ...filter,
    'AzureWebJobs.echo.Disabled': 'true',
    AzureFunctionsWebHost__hostid: 'shop',
  };
  await using host = await startHost(folder.path, settings);
  const { id, state, errors } = await host.status();
  assert.deepEqual({ id, state, errors }, { id: 'shop', state: 'Running', errors: [] });
  const listed = await host.functions();
  assert.deepEqual(listed.map(({ name }) => name).sort(), ['echo', 'order']);
  assert.deepEqual(
    listed.filter(fn => fn.isDisabled).map(({ name }) => name),
    ['echo'],
  );
  assert.deepEqual(await host.errorsOf('order'), []);
  const template = listed.find(({ name }) => name === 'order')?.invoke_url_template ?? '';
  assert.ok(template.endsWith('/api/shops/{shop:alpha}/orders/{id:int?}'), template);
  for (const path of ['/admin/functions/echo/status', '/admin/functions/guarded/status', '/api/failing', '/api/echo'])
    assert.equal((await host.ask(path, { key: 'm' })).status, 404, path);
});
