import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { discoverProject } from '../../src/core/discovery.ts';
import { type ImageBounds, imageBounds, readImageApp } from '../../src/flows/discover-image.ts';
import {
  inApp,
  type LayerFiles,
  layerOf,
  type MemoryConfig,
  MemoryRegistry,
  tarOf,
} from '../support/memory-registry.ts';
import { recordingLog } from '../support/registry-app.ts';

const host = { 'host.json': '{"version":"2.0"}' };
const queue = (name: string) => ({
  [`${name}/function.json`]: `{"bindings":[{"type":"queueTrigger","direction":"in","name":"m","queueName":"${name}","connection":"C"}]}`,
  [`${name}/index.js`]: '',
});
const app = { ...host, 'package.json': '{}', ...queue('orders') };
const start = '/opt/startup/start_nonappservice.sh';

/** Reads image `shop:1` of the registry. */
async function read(
  registry: MemoryRegistry,
  bounds: Partial<ImageBounds> = {},
  signal = new AbortController().signal,
) {
  const log = recordingLog();
  const image = { host: 'shop.azurecr.io', repository: 'apps/shop', tag: '1' };
  const options = { platform: 'linux/amd64', signal, bounds: { ...imageBounds, ...bounds } } as const;
  const found = await readImageApp(image, { registryAt: () => registry, log }, options);
  return { ...found, lines: log.lines };
}

/** A registry with image `shop:1` of these layers, the lowest first. */
async function registryWith(layers: readonly LayerFiles[], config: MemoryConfig = {}) {
  const registry = new MemoryRegistry();
  const packed = await Promise.all(layers.map(files => layerOf(files)));
  return { registry, ...registry.add('1', packed, config) };
}

async function pathsOf(...layers: readonly LayerFiles[]): Promise<readonly string[]> {
  const { registry } = await registryWith(layers);
  return (await read(registry)).source.paths;
}

describe('the app of an image', () => {
  it('is read like a folder on disk', async () => {
    const { registry, digest } = await registryWith([inApp(app)]);
    const { image, source } = await read(registry);
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
      const { functions } = await discoverProject((await read(registry)).source);
      assert.deepEqual(
        functions.map(fn => [fn.name, fn.bindings[0].type]),
        [['hello', 'httpTrigger']],
      );
    });
  }

  it('is where the image says', async () => {
    const { registry } = await registryWith([inApp(app, 'srv/app')], { Env: ['AzureWebJobsScriptRoot=/srv/app'] });
    assert.deepEqual((await read(registry)).source.paths, Object.keys(app).toSorted());
  });

  it('is that of the platform', async () => {
    const registry = new MemoryRegistry();
    const arm = registry.add('arm', [await layerOf(inApp({ ...host, 'arm.js': '' }))]);
    const amd = registry.add('amd', [await layerOf(inApp({ ...host, 'amd.js': '' }))]);
    const digest = registry.addIndex('1', { 'linux/arm64': arm.digest, 'linux/amd64': amd.digest });
    const { image, source } = await read(registry);
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
      registry.add('1', [pack(await tarOf(inApp(app)))]);
      assert.deepEqual((await read(registry)).source.paths, Object.keys(app).toSorted());
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
    const { paths, dependencyFolders } = (await read(registry)).source;
    assert.deepEqual([paths, dependencyFolders], [['host.json'], ['.python_packages', 'node_modules']]);
  });

  it('without host.json is an error that says where it was looked for', async () => {
    const { registry } = await registryWith([{ 'srv/host.json': '{}' }]);
    await assert.rejects(read(registry), {
      name: 'UserError',
      message:
        /^Image "shop\.azurecr\.io\/apps\/shop:1" has no "host\.json" in "\/home\/site\/wwwroot"\. Put the app there/,
    });
  });
});

describe('layers of an image', () => {
  it('show the files of the upper one', async () => {
    const { registry } = await registryWith([inApp({ ...host, 'a.js': 'old' }), inApp({ 'a.js': 'new' })]);
    assert.equal((await read(registry)).source.texts.get('a.js'), 'new');
  });

  it('hide what an upper one removed', async () => {
    const upper = { 'home/site/wwwroot/old/.wh.function.json': '', 'home/site/wwwroot/.wh.gone': '' };
    const lower = inApp({ ...host, 'old/function.json': '', 'old/index.js': '', 'gone/deep/a.js': '', 'stays.js': '' });
    assert.deepEqual(await pathsOf(lower, upper), ['host.json', 'old/index.js', 'stays.js']);
  });

  it('show a file that is there again after it was removed', async () => {
    const removed = { 'home/site/wwwroot/.wh.a': '' };
    assert.deepEqual(await pathsOf(inApp({ 'a/old.js': '' }), removed, inApp({ ...host, 'a/new.js': '' })), [
      'a/new.js',
      'host.json',
    ]);
  });

  it('hide what is below an opaque folder, and nothing of the same layer', async () => {
    const upper = { ...inApp({ 'a/new.js': '' }), 'home/site/wwwroot/a/.wh..wh..opq': '' };
    assert.deepEqual(await pathsOf(inApp({ ...host, 'a/old.js': '', 'b.js': '' }), upper), [
      'a/new.js',
      'b.js',
      'host.json',
    ]);
  });

  it('hide the whole app when a folder above it was removed or made opaque', async () => {
    for (const marker of ['home/.wh.site', 'home/.wh..wh..opq', '.wh..wh..opq']) {
      const upper = { [marker]: '', ...inApp(host) };
      assert.deepEqual(await pathsOf(inApp({ 'old.js': '' }), upper), ['host.json']);
    }
  });

  it('hide a folder where an upper one has a file, and a file where it has a folder', async () => {
    const upper = { ...inApp({ a: '', 'b/': '' }) };
    assert.deepEqual(await pathsOf(inApp({ ...host, 'a/x.js': '', b: '' }), upper), ['a', 'host.json']);
  });

  it('below the one that hides everything are not read', async () => {
    const upper = { 'home/site/wwwroot/.wh..wh..opq': '', ...inApp(app) };
    const { registry, layers } = await registryWith([inApp({ 'old.js': '' }), upper]);
    await read(registry);
    assert.deepEqual(registry.opened, [layers[1]]);
  });

  it('below the list of a .NET build are not read, nor the rest of its own', async () => {
    const files = inApp({ 'functions.metadata': '[]', ...host });
    const rest = { 'opt/large': 'x'.repeat(8_000_000) };
    const registry = new MemoryRegistry();
    const { layers } = registry.add('1', [
      await layerOf({ 'etc/base': '' }),
      Buffer.from(await tarOf({ ...files, ...rest })),
    ]);
    await read(registry);
    assert.deepEqual([registry.opened, registry.closed], [[layers[1]], 1]);
    assert(registry.taken < 4_000_000, `${registry.taken} bytes were taken`);
  });

  it('below our own are not read, nor the packages at the end of it', async () => {
    const registry = new MemoryRegistry();
    const packages = { 'node_modules/': '', 'node_modules/large.js': 'x'.repeat(8_000_000) };
    const own = Buffer.from(await tarOf(inApp({ ...app, ...packages })));
    const probe = registry.add('probe', [own]);
    const Labels = {
      'aks-functions.io/app-layer': probe.layers[0] ?? '',
      'aks-functions.io/app-layer-order': 'packages-last',
    };
    const base = await layerOf(inApp({ 'of-the-base.js': '' }));
    const { layers } = registry.add('1', [base, own, await layerOf(inApp({ 'on-ours.js': '' }))], { Labels });
    const { source } = await read(registry);
    assert.deepEqual(source.paths, [...Object.keys(app), 'on-ours.js'].toSorted());
    assert.deepEqual(source.dependencyFolders, ['node_modules']);
    assert.deepEqual(registry.opened, [layers[2], layers[1]]);
    assert(registry.taken < 4_000_000, `${registry.taken} bytes were taken`);
  });

  it('of an official base image are not read', async () => {
    const history = [
      { created_by: 'RUN install' },
      { created_by: 'ENV AzureWebJobsScriptRoot=/home/site/wwwroot', empty_layer: true },
      { created_by: `CMD ["${start}"]`, empty_layer: true },
      { created_by: 'COPY . /home/site/wwwroot # buildkit' },
    ];
    const { registry, layers } = await registryWith([{ 'etc/base': '' }, inApp(app)], { history });
    const { lines } = await read(registry);
    assert.deepEqual(registry.opened, [layers[1]]);
    assert.match(lines.join(), /^Read the app in \/home\/site\/wwwroot of .+: 1 of 2 layers, 0\.0 MB$/);
  });

  it('of a base image are read when the app is there after all', async () => {
    const history = [
      { created_by: 'COPY app' },
      { created_by: `CMD ["${start}"]`, empty_layer: true },
      { created_by: 'RUN x' },
    ];
    const { registry } = await registryWith([inApp(app), { 'etc/x': '' }], { history });
    assert.deepEqual((await read(registry)).source.paths, Object.keys(app).toSorted());
  });

  it('are all read when the history does not fit them', async () => {
    const history = [{ created_by: `CMD ["${start}"]`, empty_layer: true }, { created_by: 'COPY' }];
    const { registry } = await registryWith([inApp({ 'below.js': '' }), inApp(host)], { history });
    assert.deepEqual((await read(registry)).source.paths, ['below.js', 'host.json']);
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
    assert.equal((await read(registry)).source.texts.get('b.js'), 'text');
  });

  it('of the soft kind have the text of their file within the app', async () => {
    const registry = new MemoryRegistry();
    const links = [
      header('relative.js', 'symlink', 'lib/../a.js'),
      header('absolute.js', 'symlink', '/home/site/wwwroot/a.js'),
      header('outside.js', 'symlink', '../../../etc/passwd'),
    ];
    registry.add('1', [await layerOf({ 'etc/passwd': 'root', ...inApp({ ...host, 'a.js': 'text' }) }, links)]);
    const { paths, texts } = (await read(registry)).source;
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
    await assert.rejects(read(registry), {
      name: 'UserError',
      message: /leads over a link at "\/home\/site", which is not followed\. Set/,
    });
  });
});
