import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import * as v from 'valibot';
import { hasDebianPackages } from '../lab/debian.ts';
import { waitUntil } from '../lab/processes.ts';
import { runStep } from '../support/action.ts';
import { writeApp } from '../support/registry-app.ts';
import { growing, type Source, type Stage, sources, startStage } from './scaled-sources.ts';

const image = `127.0.0.1:1/shop@sha256:${'a'.repeat(64)}`;
const minute = 60_000;
const deployment = v.object({
  spec: v.object({ replicas: v.number() }),
  status: v.object({ readyReplicas: v.optional(v.number(), 0) }),
});

/** Deploys one function into a namespace of its own, to be scaled as fast as KEDA can. */
async function deploy(
  stage: Stage,
  namespace: string,
  { binding, options, settings }: Pick<Source, 'binding' | 'options' | 'settings'>,
): Promise<void> {
  await using app = await writeApp({
    'package.json': '{"name":"shop","version":"1.0.0"}',
    'f/function.json': JSON.stringify({ bindings: [{ name: 'input', direction: 'in', ...binding }] }),
    'f/index.js': 'module.exports = async () => {};',
    'aks-functions.yml': JSON.stringify({
      version: 1,
      ...(options ? { functions: { f: options(stage) } } : {}),
    }),
  });
  const result = await runStep('root', {
    with: {
      ...{ auth: 'none', name: 'shop', image, namespace, kubeconfig: stage.lab.kubeconfig, verify: 'ready' },
      ...{ 'polling-interval': '1', 'cooldown-period': '2', 'secret-settings': linesOf(settings(stage)) },
    },
    workspace: app.path,
  });
  assert.equal(result.code, 0, result.log);
}

function linesOf(settings: Readonly<Record<string, string>>): string {
  return Object.entries(settings)
    .map(([name, value]) => `${name}=${value}`)
    .join('\n');
}

/** Waits until as many replicas are wanted and ready. */
async function waitForReplicas(
  { lab }: Stage,
  { namespace, name }: { readonly namespace: string; readonly name: string },
  count: number,
  limit = minute,
): Promise<void> {
  const path = `/apis/apps/v1/namespaces/${namespace}/deployments/${name}`;
  const holds = async () => {
    const { spec, status } = v.parse(deployment, (await lab.request('GET', path)).json());
    return spec.replicas === count && status.readyReplicas === count;
  };
  await waitUntil(`"${namespace}" has ${count} replicas`, holds, limit);
}

/** Minute and hour of a time in UTC, as cron has them. */
function cronTime(time: number): string {
  const at = new Date(time);
  return `${at.getUTCMinutes()} ${at.getUTCHours()} * * *`;
}

const obstacle = (await hasDebianPackages())
  ? false
  : 'the servers come from Debian packages, and there is no apt here';

describe('KEDA scales a workload', { concurrency: true, skip: obstacle }, () => {
  let stage: Stage;
  before(async () => {
    stage = await startStage();
  });
  after(async () => {
    await stage?.[Symbol.asyncDispose]();
  });

  for (const [index, source] of sources.entries()) {
    test(`from zero to one replica and back for ${source.name}`, async () => {
      const place = { namespace: `source-${index}`, name: 'shop' };
      await source.prepare?.(stage);
      await deploy(stage, place.namespace, source);
      await waitForReplicas(stage, place, 0);
      await source.fill(stage);
      await waitForReplicas(stage, place, 1);
      await source.drain(stage);
      await waitForReplicas(stage, place, 0);
    });
  }

  for (const [index, source] of growing.entries()) {
    test(`from one replica to two for ${source.name}`, async () => {
      const place = { namespace: `growing-${index}`, name: 'shop-always' };
      await source.prepare(stage);
      await deploy(stage, place.namespace, source);
      await waitForReplicas(stage, place, 1);
      await source.fill(stage);
      await waitForReplicas(stage, place, 2);
    });
  }

  test('from zero to one replica and back for a window of the clock, by a trigger of the file', async () => {
    // The first whole minute that leaves time to deploy and to be at zero before it.
    const start = Math.ceil((Date.now() + 40_000) / minute) * minute;
    const metadata = {
      ...{ timezone: 'UTC', desiredReplicas: '1' },
      ...{ start: cronTime(start), end: cronTime(start + minute) },
    };
    const place = { namespace: 'clock', name: 'shop' };
    await deploy(stage, place.namespace, {
      binding: { type: 'timerTrigger', schedule: '0 */5 * * * *' },
      options: () => ({ trigger: { type: 'cron', metadata } }),
      settings: ({ lab }) => ({ AzureWebJobsStorage: lab.queue.connectionString }),
    });
    await waitForReplicas(stage, place, 0, start - Date.now());
    await waitForReplicas(stage, place, 1, start - Date.now() + minute);
    await waitForReplicas(stage, place, 0, start - Date.now() + 3 * minute);
    assert.ok(Date.now() >= start + minute, 'the replica stayed to the end of the window');
  });
});
