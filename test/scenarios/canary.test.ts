import assert from 'node:assert/strict';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { load } from 'js-yaml';
import * as v from 'valibot';
import { keysSecretName } from '../../src/core/names.ts';
import { pushImage } from '../lab/images.ts';
import { type LabCloud, registryPublicName } from '../lab/lab-cloud.ts';
import { obstacleToRealNode } from '../lab/real-node.ts';
import { secrets } from './canary-app.ts';
import { type CanaryScene, everything, namespace, secretSettings, startCanaryScene } from './canary-scene.ts';
import { placesOfCluster, placesOfFolder, placesOfRegistry, placesOfStep } from './canary-sweep.ts';

const commit = '5f0c8a1b2c3d4e5f60718293a4b5c6d7e8f90123';
const secretsOfCluster = v.object({ data: v.record(v.string(), v.string()) });
const kubeconfigUser = v.object({
  users: v.array(
    v.object({ user: v.object({ token: v.optional(v.string()), 'client-key-data': v.optional(v.string()) }) }),
  ),
});
const skip = (await obstacleToRealNode()) ?? false;

describe('no credential is in anything that the actions show, write, send or start', { skip }, () => {
  let scene: CanaryScene;
  let cloud: LabCloud;

  before(async () => {
    scene = await startCanaryScene();
    cloud = scene.lab.cloud;
  });
  after(() => scene?.[Symbol.asyncDispose]());

  test('when the doctor repairs with an OIDC token', async () => {
    const result = await scene.run('doctor', {
      ...scene.target(),
      ...secretSettings,
      registry: registryPublicName,
      fix: 'true',
    });
    assert.equal(result.code, 0, result.log);
    assert.match(result.outputs.report ?? '', /AcrPull/);
  });

  test('when layers are pushed to ACR and the app is awaited and verified', async () => {
    const result = await scene.run('root', {
      ...{ ...scene.target(), ...secretSettings, registry: `${registryPublicName}/${namespace}`, builder: 'layers' },
      ...{ 'base-image': scene.bases.node.replace(scene.lab.registry.host, registryPublicName) },
      ...{ 'manifests-directory': 'out', 'github-token': secrets['github token'] },
    });
    assert.equal(result.code, 0, result.log);
    await scene.assertPrograms([]);
    const keys = await scene.lab.request('GET', `/api/v1/namespaces/${namespace}/secrets/${keysSecretName('shop')}`);
    for (const [name, value] of Object.entries(v.parse(secretsOfCluster, keys.json()).data))
      scene.canaries.add(`function key ${name}`, Buffer.from(value, 'base64').toString());
  });

  test('when a smoke test calls a function by its key', async () => {
    const result = await scene.run('smoke-test', { ...scene.target(), checks: '- get: /api/greet\n  body: hello' });
    assert.equal(result.code, 0, result.log);
    assert.equal(result.outputs.passed, '1');
  });

  test('when docker builds for a registry with a password, and the sign-in has a client secret', async () => {
    // Docker's work is only recorded: the image that it would push is there already.
    await pushImage(scene.lab.registry.backend, {
      name: `foreign/shop:${commit}`,
      files: [],
      entrypoint: ['/nothing'],
    });
    const result = await scene.run('root', {
      ...{
        ...scene.target(scene.keeper),
        ...secretSettings,
        auth: 'client-secret',
        'client-secret': secrets['client secret'],
      },
      ...{
        registry: `${scene.lab.registry.host}/foreign`,
        builder: 'docker',
        'build-secrets': `token=${secrets['build secret']}`,
      },
      ...{ 'registry-username': 'ci', 'registry-password': secrets['registry password'] },
      ...{ wait: 'false', verify: 'none', namespace: 'canary-docker' },
    });
    assert.equal(result.code, 0, result.log);
    await scene.assertPrograms(['build secret']);
    const signIn = [{ name: 'the sign-in of docker', text: await scene.programs.read('config') }];
    assert.deepEqual(scene.canaries.leaksIn(signIn), ['registry password in the sign-in of docker']);
  });

  for (const kind of ['token', 'client-key-data'] as const) {
    test(`when a kubeconfig has a ${kind}`, async () => {
      const path =
        kind === 'token'
          ? await scene.lab.serviceAccountKubeconfig('canary-config', everything, everything)
          : scene.lab.kubeconfig;
      const kubeconfig = await readFile(path, 'utf8');
      const secret = v.parse(kubeconfigUser, load(kubeconfig)).users[0]?.user[kind] ?? '';
      if (kind === 'token') scene.canaries.addToken('kubeconfig token', secret);
      else scene.canaries.add('client key', Buffer.from(secret, 'base64').toString());
      const image = `127.0.0.1:1/shop@sha256:${'a'.repeat(64)}`;
      const inputs = { kubeconfig, auth: 'none', image, name: 'shop', namespace: 'canary-config', wait: 'false' };
      const result = await scene.run('root', { ...inputs, ...secretSettings, verify: 'none' });
      assert.equal(result.code, 0, result.log);
    });
  }

  test('when the registry and Entra refuse', async () => {
    const refusedPassword = { 'registry-username': 'nobody', 'registry-password': secrets['registry password'] };
    const foreign = {
      registry: `${scene.lab.registry.host}/refused`,
      'base-image': scene.bases.node,
      builder: 'layers',
    };
    const byRegistry = await scene.run('root', {
      ...scene.target(),
      ...secretSettings,
      ...foreign,
      ...refusedPassword,
    });
    assert.equal(byRegistry.code, 1);
    Object.assign(scene.keeper, { secret: 'another' });
    const wrong = { auth: 'client-secret', 'client-secret': secrets['client secret'] };
    const byEntra = await scene.run('teardown', { ...scene.target(scene.keeper), ...wrong });
    assert.equal(byEntra.code, 1);
  });

  test('in any object of the cluster, image of the registries, request, or log of a service', async () => {
    const images = await placesOfRegistry(scene.lab.registry.backend, `${namespace}/`);
    const objects = await placesOfCluster(scene.lab);
    assert(objects.some(({ name }) => name.endsWith('/deployments/shop-http')));
    assert(images.some(({ text }) => text.includes('hello')));
    const requests = [...cloud.requests, ...scene.lab.registry.requests];
    // The recorder hides what it takes for a secret: none may have been there to hide.
    assert.deepEqual(
      requests.map(({ path }) => path).filter(path => path.includes('***')),
      [],
    );
    scene.assertClean([
      ...images,
      ...objects,
      ...(await placesOfFolder(scene.lab.logs)),
      { name: 'the requests', text: JSON.stringify(requests) },
    ]);
  });

  test('and a leak in any of these places would be found', async () => {
    const secret = secrets['secret setting'];
    const content = gzipSync(`{"token":${JSON.stringify(secret)}}`);
    await pushImage(scene.lab.registry.backend, {
      name: 'planted/app:1',
      files: [],
      entrypoint: [encodeURIComponent(secret)],
    });
    const metadata = {
      name: 'planted',
      namespace,
      annotations: { note: Buffer.from(`x${secret}`).toString('base64') },
    };
    await scene.lab.apply({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata,
      stringData: { hidden: secrets['settings file'] },
    });
    await writeFile(join(scene.runnerTemp, 'planted.gz'), content);
    const step = {
      code: 0,
      seconds: 0,
      log: `::add-mask::${secret}\n`,
      outputs: { plan: secret },
      summary: `\`${secret}\``,
    };
    const leaks = scene.canaries.leaksIn([
      ...(await placesOfRegistry(scene.lab.registry.backend, 'planted/')),
      ...(await placesOfCluster(scene.lab)),
      ...(await placesOfFolder(scene.runnerTemp)),
      ...placesOfStep('a step', step),
      ...placesOfStep('another', {
        ...step,
        log: `::debug::Authorization: Basic ${basicOf(secret)}`,
        outputs: {},
        summary: '',
      }),
    ]);
    await rm(join(scene.runnerTemp, 'planted.gz'));
    const found = leaks.map(leak => leak.replace(/sha256:\w+/, '…'));
    assert.deepEqual(found.toSorted(), [
      'secret setting in /api/v1/secrets/planted',
      'secret setting in planted.gz',
      'secret setting in planted/app@…',
      'secret setting in the log of another',
      'secret setting in the outputs of a step',
      'secret setting in the summary of a step',
    ]);
  });

  test('when everything is torn down', async () => {
    const inputs = { ...scene.target(), ...secretSettings, everything: 'true', 'delete-images': 'true' };
    const result = await scene.run('teardown', { ...inputs, registry: `${registryPublicName}/${namespace}` });
    assert.equal(result.code, 0, result.log);
  });
});

function basicOf(password: string): string {
  return Buffer.from(`ci:${password}`).toString('base64');
}
