import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { test } from 'node:test';
import { runStep } from '../support/action.ts';
import { writeApp } from '../support/registry-app.ts';
import { addBaseImage } from '../support/registry-base.ts';
import { fakePrograms } from '../support/registry-programs.ts';
import { RegistryServer } from '../support/registry-server.ts';
import { assertHidden, messagesOf } from './faults-shown.ts';
import { connectionString, kubeconfigFor, queueApp } from './faulty-apps.ts';

const canaries = {
  registry: 'canary-registry-4711',
  setting: 'canary-setting-0815',
  connection: 'Y2FuYXJ5LWNvbm5lY3Rpb24tMTIzNA==',
  build: 'canary-build-secret-99',
  file: 'canary-settings-file-77',
  cluster: 'canary-cluster-token-55',
  github: 'canary-github-token-33',
};

const secretInputs = {
  'registry-username': 'ci',
  'registry-password': canaries.registry,
  'secret-settings': `API_TOKEN=${canaries.setting}\nOrders=${connectionString(canaries.connection)}`,
  'build-secrets': `token=${canaries.build}`,
  'settings-file': 'local.settings.json',
  'github-token': canaries.github,
  kubeconfig: kubeconfigFor('https://127.0.0.1:1', canaries.cluster),
};
const settingsFile = JSON.stringify({ IsEncrypted: false, Values: { FILE_TOKEN: canaries.file, TZ: 'UTC' } });
/** What each program does: it keeps the arguments of every process and all that it was given itself. */
const spy = 'cat /proc/[0-9]*/cmdline >>"$RECORD/arguments" 2>/dev/null; env >>"$RECORD/given"';
const lock = { lockfileVersion: 3, packages: { '': {}, 'node_modules/left': { version: '1.0.0' } } };
const commit = '5f0c8a1b2c3d4e5f60718293a4b5c6d7e8f90123';

const apps: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  layers: {
    ...queueApp,
    'package.json': '{"dependencies":{"left":"1.0.0"}}',
    'package-lock.json': JSON.stringify(lock),
  },
  docker: { ...queueApp, Dockerfile: 'FROM scratch' },
};

for (const [builder, files] of Object.entries(apps)) {
  test(`secrets stay out of all that a run with the builder "${builder}" shows, writes and starts`, async () => {
    await using registry = await RegistryServer.start({ signIn: 'basic', users: { ci: canaries.registry } });
    addBaseImage(registry, 'base', 'v1');
    registry.addManifest('apps/shop', commit, 'application/vnd.oci.image.manifest.v1+json', { schemaVersion: 2 });
    await using programs = await fakePrograms({ npm: `${spy}; mkdir -p node_modules/left`, docker: spy });
    await using app = await writeApp({
      ...files,
      'local.settings.json': settingsFile,
      '.funcignore': 'local.settings.json\n',
    });
    const result = await runStep('root', {
      with: {
        ...{ ...secretInputs, auth: 'none', name: 'shop', mode: 'render', 'manifests-directory': 'out', builder },
        ...{ registry: `${registry.host}/apps`, 'base-image': `${registry.host}/base:v1` },
      },
      env: { PATH: `${programs.environment.PATH}${delimiter}${process.env.PATH}` },
      workspace: app.path,
    });
    assert.equal(result.code, 0, result.log);
    assertHidden(result, Object.values(canaries));
    const manifests = await readFile(join(app.path, 'out/shop.yaml'), 'utf8');
    assertHidden({ ...result, log: manifests }, Object.values(canaries));
    const started = await programs.read('arguments');
    assert.match(started, /main\.cjs/);
    const given = await programs.read('given');
    assert.doesNotMatch(given, /^INPUT_/m);
    const ownSecrets = builder === 'docker' ? [canaries.build] : [];
    for (const secret of Object.values(canaries)) {
      assert(!started.includes(secret), `${secret} is an argument`);
      assert(ownSecrets.includes(secret) || !given.includes(secret), `${secret} is given to a child`);
    }
  });
}

test('secrets stay out of what a failed run shows', async () => {
  await using app = await writeApp({ ...queueApp, 'local.settings.json': settingsFile });
  await using registry = await RegistryServer.start({ signIn: 'basic', users: { ci: 'another password' } });
  const result = await runStep('root', {
    with: { ...secretInputs, auth: 'none', name: 'shop', registry: `${registry.host}/apps` },
    workspace: app.path,
  });
  assert.equal(result.code, 1);
  assert.notEqual(messagesOf(result), '');
  assert.match(result.summary, /shop: not deployed/);
  assertHidden(result, Object.values(canaries));
});

test('a line of a secret that cannot be read is named by its number, never quoted', async () => {
  await using app = await writeApp(queueApp);
  const result = await runStep('root', {
    with: {
      ...secretInputs,
      auth: 'none',
      name: 'shop',
      image: 'shop:1',
      'secret-settings': `A=1\n${canaries.setting}`,
    },
    workspace: app.path,
  });
  assert.equal(result.code, 1);
  assert.match(messagesOf(result), /^Line 2 of input "secret-settings" has no "="/m);
  assertHidden(result, Object.values(canaries));
});
