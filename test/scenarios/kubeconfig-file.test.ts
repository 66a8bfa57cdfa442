import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { dump } from 'js-yaml';
import { addCluster } from '../lab/cloud/resources.ts';
import type { LabCloud } from '../lab/lab-cloud.ts';
import { push } from '../runner/scratch.ts';
import { root, runCommand } from '../support/action.ts';
import { run } from '../support/runner/index.ts';
import { type AzureScene, startAzureScene, usualInputs } from './azure-scene.ts';
import { messagesOf } from './faults-shown.ts';

describe('a kubeconfig for later steps', () => {
  let scene: AzureScene;
  let cloud: LabCloud;
  let folder = '';

  before(async () => {
    scene = await startAzureScene();
    cloud = scene.lab.cloud;
    folder = await mkdtemp(join(tmpdir(), 'kubeconfig-file-'));
  });
  after(async () => {
    await rm(folder, { recursive: true, force: true });
    await scene?.[Symbol.asyncDispose]();
  });
  afterEach(() => scene.reset());

  for (const { cluster, entra } of [
    { cluster: 'shop', entra: true },
    { cluster: 'local', entra: false },
  ]) {
    test(`works with kubectl ${entra ? 'by a token of the identity' : 'by the local account'}, and ends with the job`, async () => {
      if (!entra) addCluster(cloud.state, cloud.home, { name: cluster, access: cloud.cluster.access, entra });
      const namespace = await scene.newNamespace();
      const path = join(folder, 'made', cluster);
      const { record, copy } = await runJob({ ...usualInputs(cloud), cluster, namespace, 'kubeconfig-file': path });
      const log = record.jobs.flatMap(job => job.steps.flatMap(step => step.log));
      assert.equal(record.conclusion, 'success', log.join('\n'));
      assert(log.includes('mode 600'), log.join('\n'));
      assert(log.includes('configmap/later created'));
      assert.equal(log.at(-1), `Removed the kubeconfig "${path}"`);
      await assert.rejects(stat(path), { code: 'ENOENT' });
      const { users } = JSON.parse(copy);
      assert.deepEqual(
        users.map(({ user }: { readonly user: object }) => Object.keys(user).toSorted()),
        [entra ? ['token'] : ['client-certificate-data', 'client-key-data']],
      );
      const secret = users[0].user.token ?? users[0].user['client-key-data'];
      assert(log.includes('it holds ***'), log.join('\n'));
      assert(!log.join('\n').includes(secret));
    });
  }

  test('ends with a job that failed, too', async () => {
    const namespace = 'of-somebody-else';
    const path = join(folder, 'failed');
    const { record } = await runJob({ ...usualInputs(cloud), namespace, 'kubeconfig-file': path });
    assert.equal(record.conclusion, 'failure');
    const log = record.jobs.flatMap(job => job.steps.flatMap(step => step.log)).join('\n');
    assert(log.includes(`Wrote the kubeconfig "${path}"`), log);
    assert(log.includes(`Removed the kubeconfig "${path}"`), log);
    await assert.rejects(stat(path), { code: 'ENOENT' });
  });

  test('that cannot be removed is a warning, and the job stays as it was', async () => {
    const path = join(folder, 'replaced');
    const namespace = await scene.newNamespace();
    const { record } = await runJob({ ...usualInputs(cloud), namespace, 'kubeconfig-file': path }, [
      'rm "$FILE" && mkdir "$FILE"',
    ]);
    const log = record.jobs.flatMap(job => job.steps.flatMap(step => step.log)).join('\n');
    assert.equal(record.conclusion, 'success', log);
    assert.match(log, /File ".+replaced" cannot be removed \(\w+\)\. Remove it by hand, since it holds a credential/);
  });

  test('is not written when nobody asks for it', async () => {
    const [temporary, before] = [await mkdtemp(join(folder, 'temp-')), await filesOf(scene.app.path)];
    const result = await scene.deploy(await scene.newNamespace(), { env: { RUNNER_TEMP: temporary, HOME: temporary } });
    assert.equal(result.code, 0, result.log);
    assert.deepEqual([await filesOf(temporary), await filesOf(scene.app.path)], [[], before]);
  });

  test('never takes the place of a file that is there, which is said before anything is asked', async () => {
    const path = join(folder, 'foreign');
    await writeFile(path, 'mine');
    const result = await scene.deploy(await scene.newNamespace(), { with: { 'kubeconfig-file': path } });
    assert.equal(result.code, 1);
    assert.equal(
      messagesOf(result),
      `Input "kubeconfig-file" names "${path}", which is there already and is not overwritten. Remove it, or name another path.`,
    );
    assert.deepEqual(result.requests, []);
    assert.equal(await readFile(path, 'utf8'), 'mine');
    assert(!result.log.includes('save-state'));
  });

  test('does not get into an image', async () => {
    const namespace = await scene.newNamespace();
    const result = await scene.deploy(namespace, { with: { 'kubeconfig-file': 'out/config', 'build-context': '..' } });
    assert.equal(result.code, 1);
    assert.equal(
      messagesOf(result),
      'Input "kubeconfig-file" names "out/config" inside ".", from where it could get into an image. Name a path outside, such as one in the folder RUNNER_TEMP.',
    );
    const beside = await scene.deploy(namespace, {
      with: { 'kubeconfig-file': '../beside/config', 'build-context': '..' },
    });
    assert.match(messagesOf(beside), /inside "\.\."/);
  });

  test('is left to the caller of the command line', async () => {
    const path = join(folder, 'of-the-command-line');
    const namespace = await scene.newNamespace();
    const { 'secret-settings': secret, ...usual } = usualInputs(cloud);
    const flags = { ...usual, namespace, 'kubeconfig-file': path };
    const args = Object.entries(flags).map(([name, value]) => `--${name}=${value}`);
    const { code, stderr } = await runCommand(
      ['deploy', ...args],
      { ...environmentOf(), AKS_FUNCTIONS_SECRET_SETTINGS: secret ?? '' },
      scene.app.path,
    );
    assert.equal(code, 0, stderr);
    const kubectl = join(scene.lab.tools, 'kubectl');
    const { stdout } = await promisify(execFile)(kubectl, [
      '--kubeconfig',
      path,
      'auth',
      'can-i',
      'get',
      'pods',
      '-n',
      namespace,
    ]);
    assert.equal(stdout.trim(), 'yes');
  });

  const environmentOf = () => ({
    ...cloud.job().environment,
    NODE_EXTRA_CA_CERTS: cloud.caFile,
    NO_PROXY: '127.0.0.1',
  });

  /** Runs the action as a step, and after it one that uses the file, prints its mode and its secret, and keeps a copy. */
  async function runJob(inputs: Readonly<Record<string, string>>, more: readonly string[] = []) {
    const copy = join(folder, `copy-of-${inputs.cluster}`);
    const script = [
      'echo "mode $(stat -c %a "$FILE")"',
      '"$KUBECTL" --kubeconfig "$FILE" create configmap later --namespace "$NAMESPACE"',
      `echo "it holds $(grep -oE '"(token|client-key-data)":"[^"]+' "$FILE" | sed 's/.*"//')"`,
      'cp "$FILE" "$COPY"',
      ...more,
    ];
    const env = {
      ...{ FILE: inputs['kubeconfig-file'], COPY: copy, NAMESPACE: inputs.namespace },
      KUBECTL: join(scene.lab.tools, 'kubectl'),
    };
    const steps = [
      { uses: 'acme/aks-functions@v1', with: inputs },
      { run: script.join('\n'), env },
    ];
    const workflow = { on: 'push', jobs: { main: { 'runs-on': 'ubuntu-latest', steps } } };
    await writeFile(join(scene.app.path, 'ci.yml'), dump(workflow));
    const record = await run({
      repository: { name: 'acme/shop', folder: scene.app.path },
      workflow: 'ci.yml',
      event: push,
      others: { 'acme/aks-functions@v1': { name: 'acme/aks-functions', folder: root } },
      platform: async () => environmentOf(),
    });
    return { record, copy: await readFile(copy, 'utf8').catch(() => '') };
  }
});

async function filesOf(path: string): Promise<readonly string[]> {
  return (await readdir(path, { recursive: true })).toSorted();
}
