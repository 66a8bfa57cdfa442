import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { discoverProject } from '../../src/core/discovery.ts';
import { host, queueApp, readShop, registryWith } from '../support/image-reading.ts';
import { inApp, layerOf, MemoryRegistry, tarOf } from '../support/memory-registry.ts';

describe('the app of an image', () => {
  it('is read like a folder on disk', async () => {
    const { registry, digest } = await registryWith([inApp(queueApp)]);
    const { image, source } = await readShop(registry);
    assert.deepEqual(image, { host: 'shop.azurecr.io', repository: 'apps/shop', digest });
    const { folder, runtime, model, functions } = await discoverProject(source);
    assert.deepEqual(
      [folder, runtime, model, functions.map(({ name }) => name)],
      ['shop', 'node', 'function.json', ['orders']],
    );
  });

  for (const [name, text] of [
    [
      'Node v4',
      {
        'package.json': '{"main":"src/*.js"}',
        'src/a.js': `require('@azure/functions').app.http('hello', { handler: () => {} });`,
      },
    ],
    [
      'Python v2',
      {
        'function_app.py':
          'import azure.functions as func\napp = func.FunctionApp()\n@app.route()\ndef hello(req): pass\n',
      },
    ],
    [
      '.NET isolated',
      { 'functions.metadata': '[{"name":"hello","bindings":[{"type":"httpTrigger","direction":"In","name":"r"}]}]' },
    ],
  ] as const) {
    it(`of the ${name} model gives its functions`, async () => {
      const { registry } = await registryWith([inApp({ ...host, ...text })]);
      const { functions } = await discoverProject((await readShop(registry)).source);
      assert.deepEqual(
        functions.map(fn => [fn.name, fn.bindings[0].type]),
        [['hello', 'httpTrigger']],
      );
    });
  }

  it('is where the image says', async () => {
    const { registry } = await registryWith([inApp(queueApp, 'srv/app')], { Env: ['AzureWebJobsScriptRoot=/srv/app'] });
    assert.deepEqual((await readShop(registry)).source.paths, Object.keys(queueApp).toSorted());
  });

  it('is that of the platform', async () => {
    const registry = new MemoryRegistry();
    const arm = registry.add('arm', [await layerOf(inApp({ ...host, 'arm.js': '' }))]);
    const amd = registry.add('amd', [await layerOf(inApp({ ...host, 'amd.js': '' }))]);
    const digest = registry.addIndex('1', { 'linux/arm64': arm.digest, 'linux/amd64': amd.digest });
    const { image, source } = await readShop(registry);
    assert.deepEqual([image.digest, source.paths], [digest, ['amd.js', 'host.json']]);
  });

  for (const [name, pack] of [
    ['gzip', gzipSync],
    [
      'several members of gzip',
      (tar: Uint8Array) => Buffer.concat([gzipSync(tar.subarray(0, 700)), gzipSync(tar.subarray(700))]),
    ],
    ['zstd', zstdCompressSync],
    ['nothing', (tar: Uint8Array) => Buffer.from(tar)],
  ] as const) {
    it(`is read from layers compressed with ${name}`, async () => {
      const registry = new MemoryRegistry();
      registry.add('1', [pack(await tarOf(inApp(queueApp)))]);
      assert.deepEqual((await readShop(registry)).source.paths, Object.keys(queueApp).toSorted());
    });
  }

  it('leaves out installed packages and what no app is made of', async () => {
    const more = {
      'node_modules/a/index.js': '',
      'lib/node_modules/b/index.js': '',
      '.python_packages/lib/site-packages/c.py': '',
      '.venv/pyvenv.cfg': '',
      '.venv/bin/activate.py': '',
      'local.settings.json': '{}',
      '__pycache__/a.pyc': '',
    };
    const { registry } = await registryWith([inApp({ ...host, ...more })]);
    const { paths, dependencyFolders } = (await readShop(registry)).source;
    assert.deepEqual([paths, dependencyFolders], [['host.json'], ['.python_packages', 'node_modules']]);
  });

  it('without host.json is an error that says where it was looked for', async () => {
    const { registry } = await registryWith([{ 'srv/host.json': '{}' }]);
    await assert.rejects(readShop(registry), {
      name: 'UserError',
      message:
        /^Image "shop\.azurecr\.io\/apps\/shop:1" has no "host\.json" in "\/home\/site\/wwwroot"\. Put the app there/,
    });
  });
});

describe('links in an image', () => {
  const header = (name: string, type: 'link' | 'symlink', linkname: string) => ({
    header: { name: `home/site/wwwroot/${name}`, size: 0, type, linkname },
  });

  it('of the hard kind have the text of their file', async () => {
    const registry = new MemoryRegistry();
    const links = [header('b.js', 'link', 'home/site/wwwroot/a.js')];
    registry.add('1', [await layerOf(inApp({ ...host, 'a.js': 'text' }), links)]);
    assert.equal((await readShop(registry)).source.texts.get('b.js'), 'text');
  });

  it('of the soft kind have the text of their file within the app', async () => {
    const registry = new MemoryRegistry();
    const links = [
      header('relative.js', 'symlink', 'lib/../a.js'),
      header('absolute.js', 'symlink', '/home/site/wwwroot/a.js'),
      header('outside.js', 'symlink', '../../../etc/passwd'),
    ];
    registry.add('1', [await layerOf({ 'etc/passwd': 'root', ...inApp({ ...host, 'a.js': 'text' }) }, links)]);
    const { paths, texts } = (await readShop(registry)).source;
    assert.deepEqual(
      ['relative.js', 'absolute.js', 'outside.js'].map(path => [paths.includes(path), texts.get(path)]),
      [
        [true, 'text'],
        [true, 'text'],
        [true, undefined],
      ],
    );
  });

  it('in the place of the app folder are an error', async () => {
    const registry = new MemoryRegistry();
    const link = { header: { name: 'home/site', size: 0, type: 'symlink', linkname: '/srv' } } as const;
    registry.add('1', [await layerOf({ 'srv/wwwroot/host.json': '{}' }, [link])]);
    await assert.rejects(readShop(registry), {
      name: 'UserError',
      message: /leads over a link at "\/home\/site", which is not followed\. Set/,
    });
  });
});
