import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { host, queueApp, readShop, registryWith } from '../support/image-reading.ts';
import { inApp, type LayerFiles, layerOf, MemoryRegistry, tarOf } from '../support/memory-registry.ts';

const start = '/opt/startup/start_nonappservice.sh';

async function pathsOf(...layers: readonly LayerFiles[]): Promise<readonly string[]> {
  const { registry } = await registryWith(layers);
  return (await readShop(registry)).source.paths;
}

describe('layers of an image', () => {
  it('show the files of the upper one', async () => {
    const { registry } = await registryWith([inApp({ ...host, 'a.js': 'old' }), inApp({ 'a.js': 'new' })]);
    assert.equal((await readShop(registry)).source.texts.get('a.js'), 'new');
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
    const upper = { 'home/site/wwwroot/.wh..wh..opq': '', ...inApp(queueApp) };
    const { registry, layers } = await registryWith([inApp({ 'old.js': '' }), upper]);
    await readShop(registry);
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
    await readShop(registry);
    assert.deepEqual([registry.opened, registry.closed], [[layers[1]], 1]);
    assert(registry.taken < 4_000_000, `${registry.taken} bytes were taken`);
  });

  it('below our own are not read, nor the packages at the end of it', async () => {
    const registry = new MemoryRegistry();
    const packages = { 'node_modules/': '', 'node_modules/large.js': 'x'.repeat(8_000_000) };
    const own = Buffer.from(await tarOf(inApp({ ...queueApp, ...packages })));
    const probe = registry.add('probe', [own]);
    const Labels = {
      'aks-functions.io/app-layer': probe.layers[0] ?? '',
      'aks-functions.io/app-layer-order': 'packages-last',
    };
    const base = await layerOf(inApp({ 'of-the-base.js': '' }));
    const { layers } = registry.add('1', [base, own, await layerOf(inApp({ 'on-ours.js': '' }))], { Labels });
    const { source } = await readShop(registry);
    assert.deepEqual(source.paths, [...Object.keys(queueApp), 'on-ours.js'].toSorted());
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
    const { registry, layers } = await registryWith([{ 'etc/base': '' }, inApp(queueApp)], { history });
    const { lines } = await readShop(registry);
    assert.deepEqual(registry.opened, [layers[1]]);
    assert.match(lines.join(), /^Read the app in \/home\/site\/wwwroot of .+: 1 of 2 layers, 0\.0 MB$/);
  });

  it('of a base image are read when the app is there after all', async () => {
    const history = [
      { created_by: 'COPY app' },
      { created_by: `CMD ["${start}"]`, empty_layer: true },
      { created_by: 'RUN x' },
    ];
    const { registry } = await registryWith([inApp(queueApp), { 'etc/x': '' }], { history });
    assert.deepEqual((await readShop(registry)).source.paths, Object.keys(queueApp).toSorted());
  });

  it('are all read when the history does not fit them', async () => {
    const history = [{ created_by: `CMD ["${start}"]`, empty_layer: true }, { created_by: 'COPY' }];
    const { registry } = await registryWith([inApp({ 'below.js': '' }), inApp(host)], { history });
    assert.deepEqual((await readShop(registry)).source.paths, ['below.js', 'host.json']);
  });
});
