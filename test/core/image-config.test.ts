import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { layeredConfig, layersBelowApp, parseImageConfig, scriptRootOf } from '../../src/core/image-config.ts';
import { contentKey, contentTag } from '../../src/core/image-key.ts';
import { digestFor, layeredManifest, parseManifest } from '../../src/core/image-manifest.ts';

const layer = {
  runtime: 'python',
  diffId: 'sha256:app',
  contentKey: 'key',
  baseName: 'h/base:4',
  baseDigest: 'sha256:base',
} as const;
const base = {
  architecture: 'amd64',
  os: 'linux',
  created: '2026-01-01T00:00:00Z',
  config: {
    Env: ['PATH=/bin', 'ASPNETCORE_URLS=http://+:80'],
    Cmd: ['/opt/startup/start_nonappservice.sh'],
    Labels: { vendor: 'x' },
    ExposedPorts: { '80/tcp': {} },
  },
  rootfs: { type: 'layers', diff_ids: ['sha256:one'] },
  history: [{ created_by: 'base' }],
};

describe('configuration of a layered image', () => {
  it('adds the layer, the environment, the port and the labels, and starts the host as process 1', () => {
    assert.deepEqual(layeredConfig(base, layer), {
      architecture: 'amd64',
      os: 'linux',
      created: '2026-01-01T00:00:00Z',
      config: {
        Env: [
          'PATH=/bin',
          'AzureWebJobsScriptRoot=/home/site/wwwroot',
          'AzureFunctionsJobHost__Logging__Console__IsEnabled=true',
          'ASPNETCORE_URLS=http://+:8080',
          'FUNCTIONS_WORKER_RUNTIME=python',
          'PYTHONPATH=/home/site/wwwroot/.python_packages/lib/site-packages',
        ],
        Entrypoint: ['/azure-functions-host/Microsoft.Azure.WebJobs.Script.WebHost'],
        Cmd: [],
        Labels: {
          vendor: 'x',
          'aks-functions.io/content-key': 'key',
          'aks-functions.io/app-layer': 'sha256:app',
          'aks-functions.io/app-layer-order': 'packages-last',
          'org.opencontainers.image.base.name': 'h/base:4',
          'org.opencontainers.image.base.digest': 'sha256:base',
        },
        ExposedPorts: { '8080/tcp': {} },
        WorkingDir: '/home/site/wwwroot',
      },
      rootfs: { type: 'layers', diff_ids: ['sha256:one', 'sha256:app'] },
      history: [{ created_by: 'base' }, { created: '2026-01-01T00:00:00Z', created_by: 'aks-functions: app layer' }],
    });
  });

  it('keeps the start of a base with a start of its own', () => {
    const own = { ...base, config: { Entrypoint: ['/usr/bin/host'] } };
    const { config } = layeredConfig(own, { ...layer, runtime: 'node' });
    assert.deepEqual(Object(config).Entrypoint, ['/usr/bin/host']);
    assert.equal(
      Object(config).Env.some((entry: string) => entry.startsWith('PYTHONPATH')),
      false,
    );
  });

  it('refuses a text that is no configuration', () => {
    assert.throws(() => parseImageConfig('{}', 'h/base:4'), { name: 'UserError', message: /"h\/base:4"/ });
  });
});

describe('the app of an image', () => {
  it('is in the folder of its environment, else in the usual one', () => {
    const of = (...entries: readonly string[]) => scriptRootOf({ config: { Env: entries } });
    assert.equal(of('HOME=/home', 'AzureWebJobsScriptRoot=/app', 'AzureWebJobsScriptRoot=/srv'), '/srv');
    assert.equal(of('AzureWebJobsScriptRoot='), '/home/site/wwwroot');
    assert.equal(scriptRootOf({}), '/home/site/wwwroot');
  });

  const start = { created_by: 'CMD ["/opt/startup/start_nonappservice.sh"]', empty_layer: true };
  const copied = { created_by: 'COPY start_nonappservice.sh /opt/startup/ # buildkit' };
  const rootfs = { diff_ids: ['a', 'b', 'c'] };
  const labelled = { config: { Labels: { 'aks-functions.io/app-layer': 'b' } }, rootfs };

  for (const { name, image, layers = 3, expected } of [
    { name: 'ours below another', image: labelled, expected: 1 },
    {
      name: 'ours with a label of another image',
      image: { ...labelled, rootfs: { diff_ids: ['x', 'y', 'z'] } },
      expected: 0,
    },
    { name: 'another number of layers than the configuration says', image: labelled, layers: 2, expected: 0 },
    { name: 'an official base', image: { rootfs, history: [copied, {}, start, {}] }, expected: 2 },
    {
      name: 'an official base and a start of its own',
      image: { rootfs, history: [copied, start, {}, {}, start] },
      expected: 1,
    },
    { name: 'a history that leaves layers out', image: { rootfs, history: [copied, start, {}] }, expected: 0 },
    { name: 'no history', image: { rootfs }, expected: 0 },
  ]) {
    it(`is not in the layers below it: ${name}`, () => {
      assert.equal(layersBelowApp(image, layers), expected);
    });
  }
});

describe('manifest', () => {
  const type = 'application/vnd.docker.distribution.manifest.v2+json';
  const one = { mediaType: 'layer', digest: 'sha256:one', size: 1 };
  const text = JSON.stringify({
    schemaVersion: 2,
    config: { mediaType: 'config', digest: 'sha256:c', size: 2 },
    layers: [{ ...one, urls: [] }],
  });

  it('gets the app as its last layer', () => {
    const parsed = parseManifest(text, `${type}; charset=utf-8`, 'x');
    assert.ok(parsed.kind === 'image');
    const layered = layeredManifest(
      parsed,
      { digest: 'sha256:new', size: 3 },
      { mediaType: 'app', digest: 'sha256:app', size: 4 },
    );
    assert.deepEqual(JSON.parse(layered), {
      schemaVersion: 2,
      mediaType: type,
      config: { mediaType: 'config', digest: 'sha256:new', size: 3 },
      layers: [one, { mediaType: 'app', digest: 'sha256:app', size: 4 }],
    });
  });

  it('of an index is the one of the platform', () => {
    const entry = (architecture: string) => ({
      digest: `sha256:${architecture}`,
      platform: { os: 'linux', architecture },
    });
    const index = parseManifest(
      JSON.stringify({ schemaVersion: 2, manifests: [entry('amd64'), entry('arm64')] }),
      '',
      'x',
    );
    assert.ok(index.kind === 'index');
    assert.equal(digestFor(index, 'linux/arm64', 'x'), 'sha256:arm64');
    assert.throws(() => digestFor({ kind: 'index', entries: index.entries.slice(0, 1) }, 'linux/arm64', 'x'), {
      message: /no variant for platform "linux\/arm64", only for linux\/amd64/,
    });
  });

  for (const [name, given] of [
    ['schema 1', '{"schemaVersion":1}'],
    ['no JSON', '<html>'],
    ['an unknown kind', '{"schemaVersion":2}'],
  ] as const) {
    it(`is refused when it is ${name}`, () =>
      assert.throws(() => parseManifest(given, type, 'h/x:1'), { message: /"h\/x:1"/ }));
  }
});

describe('key of an image', () => {
  const content = { baseDigest: 'sha256:b', contentHash: 'c', platform: 'linux/amd64', runtime: 'node' } as const;

  it('changes with everything that decides the content', () => {
    const changed = [
      { ...content, baseDigest: 'x' },
      { ...content, contentHash: 'x' },
      { ...content, platform: 'linux/arm64' },
      { ...content, runtime: 'python' },
    ] as const;
    assert.equal(new Set([content, ...changed].map(contentKey)).size, 5);
  });

  it('is kept between versions, so that apps are not built again', () => {
    assert.equal(contentTag(contentKey(content)), 'aks-functions-521ad59ef27639e1edc48a0f74489e9f');
  });
});
