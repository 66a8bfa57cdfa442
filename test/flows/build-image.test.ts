import assert from 'node:assert/strict';
import { chmod, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { unpackTar } from 'modern-tar';
import { writeApp } from '../support/registry-app.ts';
import { addBaseImage } from '../support/registry-base.ts';
import { buildApp } from '../support/registry-build.ts';
import { fakePrograms } from '../support/registry-programs.ts';
import { answer, RegistryServer, type RegistryServerOptions } from '../support/registry-server.ts';

const files = { 'package.json': '{"name":"shop"}', 'src/a.js': 'hello' };
const secured = { signIn: 'bearer', users: { ci: 'pw' } } as const;

/** A registry with a base image, an app, and the build of the one onto the other. */
async function prepare(options: RegistryServerOptions = secured, appFiles: Readonly<Record<string, string>> = files) {
  const server = await RegistryServer.start(options);
  const { layers } = addBaseImage(server, 'base/node', '4');
  const app = await writeApp(appFiles);
  return {
    server,
    app,
    layers,
    build: { server, app: app.path, base: `${server.host}/base/node:4` },
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]();
      await app[Symbol.asyncDispose]();
    },
  };
}

const pushes = (server: RegistryServer) => server.calls.filter(call => /^(POST|PATCH|PUT)/.test(call));

describe('an image from layers', () => {
  it('is the base with the app as one more layer, by digest', async () => {
    await using given = await prepare();
    const { image, built } = await buildApp(given.build);
    assert.deepEqual([image.host, image.repository, built], [given.server.host, 'apps/shop', true]);
    const manifest = JSON.parse(given.server.manifests.get(`apps/shop@${image.digest}`)?.content.toString() ?? '');
    assert.deepEqual(
      manifest.layers.slice(0, 2).map((layer: { digest: string }) => layer.digest),
      given.layers,
    );
    const app = given.server.blobs.get(`apps/shop@${manifest.layers[2].digest}`)?.content ?? Buffer.alloc(0);
    const names = (await unpackTar(gunzipSync(app))).map(({ header }) => header.name);
    assert.deepEqual(
      names.slice(1),
      ['host.json', 'package.json', 'src/', 'src/a.js'].map(name => `home/site/wwwroot/${name}`),
    );
  });

  it('shares the layers of a base in the same registry', async () => {
    await using given = await prepare();
    const { lines } = await buildApp(given.build);
    assert.match(lines.join(), /base layers: 0 present, 2 mounted, 0 copied/);
  });

  it('copies the layers of a base in another registry, and at the next build finds them', async () => {
    await using other = await prepare({});
    await using given = await prepare();
    const build = { ...given.build, base: `${other.server.host}/base/node:4` };
    assert.match((await buildApp(build)).lines.join(), /0 present, 0 mounted, 2 copied/);
    await using changed = await writeApp({ ...files, 'src/a.js': 'changed' });
    assert.match((await buildApp({ ...build, app: changed.path })).lines.join(), /2 present, 0 mounted, 0 copied/);
    assert.equal(
      other.server.seen.some(({ authorization }) => authorization !== undefined),
      false,
    );
  });

  it('is not built again while the content is the same', async () => {
    await using given = await prepare();
    const first = await buildApp(given.build);
    given.server.seen.length = 0;
    await utimes(join(given.app.path, 'src/a.js'), 1, 1);
    const second = await buildApp(given.build);
    assert.deepEqual([second.built, second.image], [false, first.image]);
    assert.deepEqual(pushes(given.server), []);
    assert.match(second.lines.join(), /nothing was built/);
  });

  it('is built again when the content differs', async () => {
    await using given = await prepare();
    const first = await buildApp(given.build);
    await chmod(join(given.app.path, 'src/a.js'), 0o755);
    const second = await buildApp(given.build);
    assert.equal(second.built, true);
    assert.notEqual(second.image.digest, first.image.digest);
  });

  it('has the same bytes in every registry', async () => {
    await using one = await prepare();
    await using other = await prepare();
    const base = `${one.server.host}/base/node:4`;
    const [first, second] = await Promise.all([buildApp({ ...one.build, base }), buildApp({ ...other.build, base })]);
    assert.equal(first.image.digest, second.image.digest);
  });

  it('gets its tags, also when it was there already, and only those that differ', async () => {
    await using given = await prepare();
    const { image } = await buildApp(given.build);
    await buildApp({ ...given.build, request: { tags: ['one', 'two'] } });
    given.server.seen.length = 0;
    await buildApp({ ...given.build, request: { tags: ['two', 'three'] } });
    assert.deepEqual(pushes(given.server), ['PUT /v2/apps/shop/manifests/three']);
    const content = given.server.manifests.get(`apps/shop@${image.digest}`)?.content;
    for (const tag of ['one', 'two', 'three'])
      assert.deepEqual(given.server.manifests.get(`apps/shop@${tag}`)?.content, content);
  });
});

describe('dependencies of an image', () => {
  const locked = { 'package.json': '{"dependencies":{"a":"1"}}', 'package-lock.json': '{"packages":{}}' };
  const npm = 'mkdir -p node_modules/a; echo a >node_modules/a/index.js';

  it('are installed once, and not at all for an unchanged app', async () => {
    await using programs = await fakePrograms({ npm });
    await using given = await prepare(secured, locked);
    const build = { ...given.build, environment: programs.environment };
    assert.equal((await buildApp(build)).built, true);
    assert.equal((await buildApp(build)).built, false);
    assert.equal((await programs.calls()).length, 1);
  });

  it('that cannot be installed leave nothing in the registry but layers', async () => {
    await using programs = await fakePrograms({ npm: 'echo EUSAGE; exit 1' });
    await using given = await prepare(secured, locked);
    await assert.rejects(buildApp({ ...given.build, environment: programs.environment }), {
      name: 'UserError',
      message: /does not fit/,
    });
    assert.equal(
      pushes(given.server).some(call => call.startsWith('PUT /v2/apps/shop/manifests/')),
      false,
    );
  });
});

describe('a build that fails', () => {
  it('in the registry shows the reason and puts no manifest', async () => {
    const intercept: NonNullable<RegistryServerOptions['intercept']> = ({ method }, response) => {
      if (method !== 'PATCH') return false;
      answer(response, 507, 'FULL');
      return true;
    };
    await using given = await prepare({ ...secured, intercept });
    await assert.rejects(buildApp(given.build), {
      name: 'UserError',
      message: /no space left to push to "apps\/shop"/,
    });
    assert.equal(
      given.server.calls.some(call => call.startsWith('PUT')),
      false,
    );
  });

  it('by the signal ends with its reason', async () => {
    const stop = new AbortController();
    const reason = new Error('stopped');
    const intercept: NonNullable<RegistryServerOptions['intercept']> = ({ method }) => {
      if (method !== 'PATCH') return false;
      stop.abort(reason);
      return true;
    };
    await using given = await prepare({ ...secured, intercept });
    await assert.rejects(buildApp(given.build, stop.signal), reason);
  });

  it('since the base is damaged puts no manifest', async () => {
    await using other = await prepare({});
    await using given = await prepare();
    other.server.blobs.set(`base/node@${other.layers[0]}`, { content: Buffer.from('damaged'), size: 7 });
    await assert.rejects(buildApp({ ...given.build, base: `${other.server.host}/base/node:4` }), {
      name: 'UserError',
      message: /sent other bytes/,
    });
    assert.equal(
      given.server.calls.some(call => /^PUT .*manifests/.test(call)),
      false,
    );
  });
});

describe('a given image', () => {
  it('is resolved to its digest', async () => {
    await using given = await prepare();
    const { image, built } = await buildApp({ ...given.build, request: { image: `${given.server.host}/base/node:4` } });
    assert.deepEqual([image.repository, image.tag, built], ['base/node', undefined, false]);
    assert.match(image.digest ?? '', /^sha256:/);
  });

  it('that does not exist is an error', async () => {
    await using given = await prepare();
    const request = { image: `${given.server.host}/base/node:5` };
    await assert.rejects(buildApp({ ...given.build, request }), {
      name: 'UserError',
      message: /base\/node:5" does not exist/,
    });
  });

  it('by digest needs no registry', async () => {
    await using given = await prepare();
    await buildApp({ ...given.build, request: { image: `${given.server.host}/x@sha256:${'a'.repeat(64)}` } });
    assert.deepEqual(given.server.calls, []);
  });
});
