import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { outputOf } from '../lab/command.ts';
import type { StepResult } from '../support/action.ts';
import { inApp, type LayerFiles, tarOf } from '../support/memory-registry.ts';
import type { AppOnDisk } from '../support/registry-app.ts';
import { messagesOf } from './faults-shown.ts';
import { answering, greeting, type Scene, startScene, writeGreeting, writeNodeApp } from './lab-scene.ts';

const hello = `const { app } = require('@azure/functions');
app.http('hello', { methods: ['GET'], authLevel: 'anonymous', handler: async () => ({ body: 'hello from v4' }) });
`;

describe('an image in the registry', () => {
  let scene: Scene;
  let empty: AppOnDisk;

  before(async () => {
    scene = await startScene();
    const path = await mkdtemp(join(tmpdir(), 'app-'));
    empty = { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
  });
  after(async () => {
    await empty?.[Symbol.asyncDispose]();
    await scene?.[Symbol.asyncDispose]();
  });

  /** Adds layers to the base image of Node, the lowest first, and pushes the result; says its reference. */
  async function push(name: string, layers: readonly LayerFiles[]): Promise<string> {
    const { registry, tools } = scene.lab;
    const folder = await mkdtemp(join(tmpdir(), 'layers-'));
    try {
      const auths = { [registry.host]: { username: registry.username, password: registry.password } };
      await writeFile(join(folder, 'config.json'), JSON.stringify({ auths }), { mode: 0o600 });
      const files = layers.map((_, index) => join(folder, `${index}.tar`));
      for (const [index, layer] of layers.entries()) await writeFile(files[index] ?? '', await tarOf(layer));
      const reference = `${registry.host}/${name}:1`;
      const { 'base-image': base = '' } = scene.inputs('any');
      const args = ['append', '--base', base, '--new_layer', files.join(','), '--new_tag', reference];
      await outputOf(join(tools, 'crane'), args, { env: { ...process.env, DOCKER_CONFIG: folder } });
      return reference;
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  async function assertAnswers(result: StepResult, namespace: string, path: string, body: string): Promise<void> {
    assert.equal(result.code, 0, result.log);
    const [pod = ''] = await scene.readyPods(namespace);
    assert.equal(await scene.ask(namespace, pod, path), body);
  }

  test('that we built is deployed without its source, by its functions in code, and only its own files are read', async () => {
    await using app = await writeNodeApp(hello);
    const built = await scene.deploy(app, 'built');
    assert.equal(built.code, 0, built.log);
    const { image = '' } = built.outputs;
    const result = await scene.deploy(empty, 'alone', { image });
    await assertAnswers(result, 'alone', '/api/hello', 'hello from v4');
    assert.match(result.log, /Read the app in \/home\/site\/wwwroot of .+: 1 of \d+ layers, 0\.[01] MB/);
    assert.match(result.log, /Found 1 function of model node-v4 in the image/);
    assert.deepEqual([result.outputs.image, result.outputs.built], [image, 'false']);
    const named = JSON.parse(result.outputs.functions ?? '').map((fn: { name: string }) => fn.name);
    assert.deepEqual(named, ['hello']);
  });

  test('that others built of several layers is deployed by what they show together', async () => {
    const app = { 'host.json': '{"version":"2.0"}', ...greeting(answering('old')) };
    const other = { 'gone/function.json': greeting('')['greet/function.json'] ?? '', 'gone/index.js': '' };
    const image = await push('others/shop', [
      inApp({ ...app, ...other }),
      inApp({ 'greet/index.js': answering('new') }),
      { 'home/site/wwwroot/.wh.gone': '' },
    ]);
    const result = await scene.deploy(empty, 'others', { image });
    await assertAnswers(result, 'others', '/api/greet', 'new');
    assert.match(result.log, /Host of shop-http loaded greet$/m);
  });

  test('that was built from another source stops the deployment before the cluster changes', async () => {
    const image = await push('another/shop', [
      inApp({ 'host.json': '{"version":"2.0"}', 'package.json': '{}' }),
      inApp(renamed),
    ]);
    await using app = await writeGreeting(answering('mine'));
    const result = await scene.deploy(app, 'another', { image });
    assert.equal(result.code, 1);
    assert.match(messagesOf(result), /Function "greet" is in the source, but not in image/);
    assert.match(
      messagesOf(result),
      /Function "welcome" is in image ".+" \(welcome\/function\.json:\d+:\d+\), but not in the source/,
    );
    assert.deepEqual(await scene.releases('another'), {});
  });
});

const renamed = Object.fromEntries(
  Object.entries(greeting(answering('theirs'))).map(([path, text]) => [path.replace('greet/', 'welcome/'), text]),
);
