import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Cloud } from '../lab/cloud/cloud.ts';
import { runCommand, runStep } from '../support/action.ts';
import { azureInputs, silentServer, startShopCloud } from '../support/azure-step.ts';
import { type AppOnDisk, writeApp } from '../support/registry-app.ts';
import { messagesOf } from './faults-shown.ts';
import { connectionString, queueApp } from './faulty-apps.ts';

const settings = { 'secret-settings': `Orders=${connectionString('a2V5LW9mLW5vYm9keQ==')}` };
const checks = { checks: '- get: /api/greet' };

describe('an AKS cluster is found', () => {
  let cloud: Cloud;
  let app: AppOnDisk;

  before(async () => {
    [cloud, app] = await Promise.all([startShopCloud(), writeApp(queueApp)]);
  });
  after(async () => {
    await app?.[Symbol.asyncDispose]();
    await cloud?.stop();
  });

  const env = () => ({ ...cloud.job().environment, NODE_EXTRA_CA_CERTS: cloud.caFile, NO_PROXY: '127.0.0.1' });
  const unreachable = `The API server "${silentServer}" cannot be reached (ECONNREFUSED)`;

  for (const [action, own] of [
    ['smoke-test', checks],
    ['scale-test', { ...settings, confirm: 'shop' }],
    ['teardown', {}],
  ] as const) {
    test(`by the action ${action}, which then asks its API server`, async () => {
      const result = await runStep(action, {
        with: { ...azureInputs(cloud), name: 'shop', ...own },
        env: env(),
        workspace: app.path,
      });
      assert(messagesOf(result).includes(unreachable), result.log);
    });
  }

  test('by the command line, whose secrets come from variables alone', async () => {
    const flags = Object.entries(azureInputs(cloud)).flatMap(([name, value]) => [`--${name}`, value]);
    const variables = { ...env(), AKS_FUNCTIONS_NAME: 'shop' };
    const { code, stdout, stderr } = await runCommand(['teardown', ...flags], variables, app.path);
    assert.deepEqual({ code, stdout }, { code: 1, stdout: '' });
    assert(stderr.includes(unreachable), stderr);
    const refused = await runCommand(['teardown', ...flags, '--client-secret', 'geheim'], variables, app.path);
    assert.equal(refused.code, 2);
    assert(!refused.stderr.includes('geheim'));
  });
});
