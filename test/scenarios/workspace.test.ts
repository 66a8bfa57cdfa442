import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { runStep } from '../support/action.ts';
import { type AppOnDisk, writeApp } from '../support/registry-app.ts';
import { addBaseImage } from '../support/registry-base.ts';
import { fakePrograms } from '../support/registry-programs.ts';
import { faultsOf } from './faults-shown.ts';
import { connectionString, queueApp, startTargets } from './faulty-apps.ts';

const run = promisify(execFile);
const connected = { 'secret-settings': `Orders=${connectionString('a2V5LW9mLW5vYm9keQ==')}` };
const readyImage = `127.0.0.1:1/shop@sha256:${'a'.repeat(64)}`;

/** The app in a folder `name` of an otherwise empty checkout. */
function writeAppIn(name: string, files: Readonly<Record<string, string>>): Promise<AppOnDisk> {
  const own = { 'host.json': '{"version":"2.0"}', ...files };
  return writeApp(Object.fromEntries(Object.entries(own).map(([path, text]) => [`${name}/${path}`, text])));
}

test('inputs with Windows line ends are read like any others', async () => {
  await using app = await writeApp(queueApp);
  const result = await runStep('root', {
    with: {
      ...{ mode: 'render', 'manifests-directory': 'out', image: readyImage, name: 'shop\r\n' },
      settings: 'MODE=fast\r\n\r\n# a comment\r\nGREETING=hello there\r\n',
      'secret-settings': `${connected['secret-settings']}\r\n`,
    },
    workspace: app.path,
  });
  assert.equal(result.code, 0, result.log);
  const manifests = await readFile(join(app.path, 'out/shop.yaml'), 'utf8');
  assert.match(manifests, /^ {2}GREETING: hello there\n {2}MODE: fast\n/m);
  assert(!manifests.includes('\\r'));
});

test('a fault is annotated in a checkout whose path has spaces and other letters', async () => {
  const folder = 'Mein Geschäft, neu';
  await using app = await writeAppIn(folder, queueApp);
  await using targets = await startTargets();
  const within = await runStep('root', { with: targets.inputs, workspace: join(app.path, folder) });
  assert.equal(faultsOf(within)[0]?.file, 'orders/function.json');
  const outer = await runStep('root', { with: { ...targets.inputs, 'app-directory': folder }, workspace: app.path });
  assert.equal(faultsOf(outer)[0]?.file, `${folder}/orders/function.json`);
});

test('an app in a checkout whose path has spaces and other letters is rendered', async () => {
  const folder = 'Mein Geschäft, neu';
  await using app = await writeAppIn(folder, queueApp);
  const inputs = { ...connected, mode: 'render', 'manifests-directory': 'für uns', image: readyImage, name: 'shop' };
  const result = await runStep('root', { with: { ...inputs, 'app-directory': folder }, workspace: app.path });
  assert.equal(result.code, 0, result.log);
  assert.deepEqual(await readdir(join(app.path, 'für uns')), ['shop.yaml']);
});

const lock = { lockfileVersion: 3, packages: { '': {}, 'node_modules/left': { version: '1.0.0' } } };
const npm = 'mkdir -p node_modules/left && echo "{}" >node_modules/left/package.json';

test('an app is built from a checkout that cannot be written to', async t => {
  const files = {
    ...queueApp,
    'package.json': '{"dependencies":{"left":"1.0.0"}}',
    'package-lock.json': JSON.stringify(lock),
  };
  await using app = await writeApp(files);
  await using targets = await startTargets();
  addBaseImage(targets.registry, 'base', 'v1');
  await using programs = await fakePrograms({ npm });
  await using out = await writeApp();
  const readOnly = await mountReadOnly(app.path, join(out.path, 'checkout'));
  if (typeof readOnly === 'string') return t.skip(readOnly);
  await using _ = readOnly;
  const result = await runStep('root', {
    with: {
      ...{ ...targets.inputs, ...connected, mode: 'render', 'manifests-directory': join(out.path, 'rendered') },
      ...{ 'base-image': `${targets.registry.host}/base:v1`, 'app-directory': '.' },
    },
    env: { PATH: `${programs.environment.PATH}${delimiter}${process.env.PATH}` },
    workspace: readOnly.path,
  });
  assert.equal(result.code, 0, result.log);
  assert.equal(result.outputs.built, 'true');
  assert.equal((await programs.calls()).length, 1);
  assert.match(await readFile(join(out.path, 'rendered/shop.yaml'), 'utf8'), /kind: ScaledObject/);
});

/** The folder at another path, where nobody, not even root, can write; or why that cannot be had. */
async function mountReadOnly(from: string, path: string): Promise<AppOnDisk | string> {
  await mkdir(path);
  try {
    await run('mount', ['--bind', from, path]);
  } catch (error) {
    return `a read-only mount needs root: ${String(error)}`;
  }
  const unmount = async () => {
    await run('umount', [path]);
  };
  try {
    await run('mount', ['-o', 'remount,ro,bind', path]);
    return { path, [Symbol.asyncDispose]: unmount };
  } catch (error) {
    await unmount();
    return `a read-only mount is not allowed: ${String(error)}`;
  }
}
