import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Cloud } from '../lab/cloud/cloud.ts';
import { startShopCloud } from '../support/azure-step.ts';
import type { AppOnDisk } from '../support/registry-app.ts';
import { type CloudPlace, checkOf, visit } from './doctor-scene.ts';
import { answering, writeGreeting } from './lab-scene.ts';

describe('the doctor, where the sign-in fails', () => {
  let cloud: Cloud;
  let place: CloudPlace;
  let app: AppOnDisk;

  before(async () => {
    cloud = await startShopCloud();
    place = { cloud, cluster: 'prod', registry: 'shopregistry.azurecr.io' };
    app = await writeGreeting(answering('hello'));
  });
  after(async () => {
    await app?.[Symbol.asyncDispose]();
    await cloud?.stop();
  });

  test('shows what the token says and the credential to create, and still reads the code', async () => {
    const visited = await visit({ ...place, job: { ref: 'refs/heads/feature' } }, { workspace: app.path });
    assert.deepEqual(visited.problems, ['sign-in']);
    assert.match(checkOf(visited, 'token').evidence, /Subject "repo:acme\/shop:ref:refs\/heads\/feature"/);
    assert.match(checkOf(visited, 'sign-in').evidence, /federated-credential create .*refs\/heads\/feature/s);
    assert.equal(checkOf(visited, 'app').state, 'ok');
    for (const id of ['subscription', 'cluster', 'api-server', 'rights', 'registry-push', 'keda'])
      assert.deepEqual([id, checkOf(visited, id).state], [id, 'skipped']);
  });

  test('says once that the job may have no token', async () => {
    const visited = await visit({ ...place, job: { idToken: false } }, { workspace: app.path });
    assert.deepEqual(visited.problems, ['token']);
    assert.match(checkOf(visited, 'token').evidence, /id-token: write/);
  });

  test('offers the nearest name of a cluster that is not there', async () => {
    const visited = await visit({ ...place, cluster: 'prob' }, { workspace: app.path });
    assert.ok(visited.problems.includes('cluster'));
    assert.match(checkOf(visited, 'cluster').evidence, /Did you mean "prod"/);
    assert.equal(checkOf(visited, 'sign-in').state, 'ok');
  });

  test('says what is wrong with a Resource Manager that does not answer', async () => {
    const back = cloud.misbehave(
      { path: /\/metadata\/endpoints/ },
      { kind: 'answer', status: 404, body: 'nothing here' },
    );
    try {
      const visited = await visit(place, { workspace: app.path });
      assert.deepEqual(visited.problems, ['sign-in']);
      assert.equal(checkOf(visited, 'app').state, 'ok');
    } finally {
      back();
    }
  });
});
