import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import * as v from 'valibot';
import { type Lab, startLab } from '../lab/lab.ts';
import { runStep, type StepOptions } from '../support/action.ts';
import { type AppOnDisk, writeApp } from '../support/registry-app.ts';
import { connectionString, queueApp } from './faulty-apps.ts';

const image = `127.0.0.1:1/shop@sha256:${'a'.repeat(64)}`;
const key = 'Y2FuYXJ5LWNvbm5lY3Rpb24tMTIzNA==';
const records = v.object({
  items: v.array(v.object({ metadata: v.object({ labels: v.record(v.string(), v.string()) }) })),
});

describe('releases of an app', () => {
  let lab: Lab;
  let app: AppOnDisk;
  let count = 0;

  before(async () => {
    [lab, app] = await Promise.all([startLab({ profile: 'api' }), writeApp(queueApp)]);
  });
  after(async () => {
    await app?.[Symbol.asyncDispose]();
    await lab?.stop();
  });

  /** Deploys an image that is there already; no node runs it. */
  function deploy(inputs: Readonly<Record<string, string>>, options: Omit<StepOptions, 'with'> = {}) {
    return runStep('root', {
      workspace: app.path,
      ...options,
      with: {
        ...{ auth: 'none', name: 'shop', image, kubeconfig: lab.kubeconfig, wait: 'false', verify: 'none' },
        ...{ 'secret-settings': `Orders=${connectionString(key)}`, ...inputs },
      },
    });
  }

  async function newNamespace(): Promise<string> {
    count += 1;
    const name = `releases-${count}`;
    await lab.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
    return name;
  }

  /** State of each release by its number. */
  async function states(namespace: string): Promise<Readonly<Record<string, string>>> {
    const path = `/api/v1/namespaces/${namespace}/secrets?labelSelector=aks-functions.io/state`;
    const { items } = v.parse(records, (await lab.request('GET', path)).json());
    const pairs = items.map(({ metadata: { labels } }) => [
      labels['aks-functions.io/release'],
      labels['aks-functions.io/state'],
    ]);
    return Object.fromEntries(pairs);
  }

  test('are made one after the other by runs that start at the same moment', async () => {
    const namespace = await newNamespace();
    const results = await Promise.all([deploy({ namespace }), deploy({ namespace }), deploy({ namespace })]);
    for (const { code, log } of results) assert.equal(code, 0, log);
    assert.deepEqual(results.map(({ outputs }) => outputs.release).sort(), ['1', '2', '3']);
    assert.equal(results.filter(({ outputs }) => outputs.changed === 'true').length, 1);
    assert.deepEqual(await states(namespace), { 1: 'deployed', 2: 'deployed', 3: 'deployed' });
  });

  test('of a run that was killed hold the next one back, whose message says how to go on', async () => {
    const namespace = await newNamespace();
    let pid = 0;
    let log = '';
    const killed = await deploy(
      { namespace, wait: 'true', timeout: '1s' },
      {
        onStart: started => {
          pid = started;
        },
        onLog: text => {
          log += text;
          if (/::group::Wait/.test(log)) process.kill(pid, 'SIGKILL');
        },
      },
    );
    assert.notEqual(killed.code, 0);
    assert.deepEqual(await states(namespace), { 1: 'pending' });
    const next = await deploy({ namespace, timeout: '1s' });
    assert.equal(next.code, 1);
    assert.match(next.log, /Release 1 of "shop", .+ did not end within 1 s\./);
    assert.match(next.log, new RegExp(`kubectl delete secret shop\\.release\\.v1 -n ${namespace}`));
    assert.deepEqual(await states(namespace), { 1: 'pending' });
    await lab.request('DELETE', `/api/v1/namespaces/${namespace}/secrets/shop.release.v1`);
    const after = await deploy({ namespace });
    assert.equal(after.code, 0, after.log);
    assert.deepEqual(await states(namespace), { 1: 'deployed' });
  });

  test('that leave the number of pods to a scaler from now on keep those that run', async () => {
    const namespace = await newNamespace();
    const replicas = async () => {
      const answer = await lab.request('GET', `/apis/apps/v1/namespaces/${namespace}/deployments/shop`);
      return v.parse(v.object({ spec: v.object({ replicas: v.number() }) }), answer.json()).spec.replicas;
    };
    const file = 'version: 1\nworkloads: { events: { scaling: fixed, scale: { minReplicas: 3 } } }\n';
    await using fixed = await writeApp({ ...queueApp, 'aks-functions.yml': file });
    for (const [workspace, expected] of [
      [fixed.path, 3],
      [app.path, 3],
      [app.path, 3],
      [fixed.path, 3],
    ] as const) {
      const result = await deploy({ namespace }, { workspace });
      assert.equal(result.code, 0, result.log);
      assert.equal(await replicas(), expected);
    }
  });
});
