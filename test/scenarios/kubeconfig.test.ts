import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { runCommand, runStep } from '../support/action.ts';
import { writeApp } from '../support/registry-app.ts';
import { assertHidden, faultsOf, messagesOf } from './faults-shown.ts';
import { connectionString, kubeconfigFor, queueApp } from './faulty-apps.ts';

const key = 'Y2FuYXJ5LWNvbm5lY3Rpb24tMTIzNA==';
const image = `127.0.0.1:1/shop@sha256:${'a'.repeat(64)}`;

function deploy(workspace: string, kubeconfig: string) {
  const secret = `Orders=${connectionString(key)}`;
  return runStep('root', {
    with: { auth: 'none', name: 'shop', image, kubeconfig, 'secret-settings': secret },
    workspace,
  });
}

test('names the API server that does not answer', async () => {
  await using app = await writeApp(queueApp);
  const result = await deploy(app.path, kubeconfigFor('https://127.0.0.1:1'));
  assert.equal(result.code, 1);
  assert.deepEqual(faultsOf(result), [
    {
      message:
        'The API server "https://127.0.0.1:1" cannot be reached (ECONNREFUSED). Check the kubeconfig\'s address and certificate, and that this machine may reach it.',
    },
  ]);
  assert.equal(result.outputs.name, 'shop');
});

const broken = [
  {
    name: 'is no YAML',
    text: 'clusters: [\n  token: secret-in-broken-yaml',
    says: /^Input "kubeconfig" is not a kubeconfig\. Give the text/,
  },
  {
    name: 'has no current context',
    text: 'apiVersion: v1\nkind: Config\nclusters: []\n',
    says: /^Input "kubeconfig" has no current context/,
  },
  {
    name: 'speaks plain HTTP',
    text: kubeconfigFor('http://127.0.0.1:1'),
    says: /names the server "http:\/\/127\.0\.0\.1:1"\. Its address must start with "https:\/\/"/,
  },
];

for (const { name, text, says } of broken) {
  test(`does not start with a kubeconfig that ${name}, given as text or by its path`, async () => {
    await using app = await writeApp(queueApp);
    const path = join(app.path, 'broken.kubeconfig');
    await writeFile(path, text);
    for (const kubeconfig of [text, path]) {
      const result = await deploy(app.path, kubeconfig);
      assert.equal(result.code, 1);
      assert.match(messagesOf(result), says);
      assertHidden(result, ['secret-in-broken-yaml']);
    }
    const flags = ['deploy', '--name', 'shop', '--image', image, '--kubeconfig', path];
    const command = await runCommand(
      flags,
      { AKS_FUNCTIONS_SECRET_SETTINGS: `Orders=${connectionString(key)}` },
      app.path,
    );
    assert.equal(command.code, 2);
    assert.equal(command.stdout, '');
  });
}
