import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import * as v from 'valibot';
import type { PolicyRule } from '../lab/identity.ts';
import { type Lab, startLab } from '../lab/lab.ts';
import { waitUntil } from '../lab/processes.ts';
import { runStep } from '../support/action.ts';
import { type AppOnDisk, writeApp } from '../support/registry-app.ts';
import { assertHidden, faultsOf, messagesOf } from './faults-shown.ts';
import { connectionString, kubeconfigFor, queueApp } from './faulty-apps.ts';

const key = 'Y2FuYXJ5LWNvbm5lY3Rpb24tMTIzNA==';
const image = `127.0.0.1:1/shop@sha256:${'a'.repeat(64)}`;
const crdPath = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/scaledobjects.keda.sh';
const list = v.object({ items: v.array(v.object({ metadata: v.object({ name: v.string() }) })) });

const everything: readonly PolicyRule[] = [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }];
const reading = ['get', 'list'];
const groupsButKeda = [
  '',
  'apps',
  ...['networking', 'gateway.networking', 'discovery', 'rbac.authorization'].map(name => `${name}.k8s.io`),
];
/** What an identity with the cluster's role `edit` may do: all but KEDA's kinds. */
const withoutKeda: readonly PolicyRule[] = [{ apiGroups: groupsButKeda, resources: ['*'], verbs: ['*'] }];
const readingKeda: PolicyRule = { apiGroups: ['keda.sh'], resources: ['*'], verbs: reading };

describe('a deployment into a cluster', () => {
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

  /** Deploys an image that is there already; nobody runs it here, so nothing is waited for. */
  function deploy(inputs: Readonly<Record<string, string>>) {
    return runStep('root', {
      with: {
        ...{ auth: 'none', name: 'shop', image, kubeconfig: lab.kubeconfig, wait: 'false', verify: 'none' },
        ...{ 'secret-settings': `Orders=${connectionString(key)}`, ...inputs },
      },
      workspace: app.path,
    });
  }

  /** A namespace of the test's own. */
  async function newNamespace(): Promise<string> {
    count += 1;
    const name = `scene-${count}`;
    await lab.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
    return name;
  }

  async function namesOf(kind: string, namespace: string): Promise<readonly string[]> {
    const paths: Readonly<Record<string, string>> = {
      secrets: '/api/v1',
      services: '/api/v1',
      deployments: '/apis/apps/v1',
      scaledobjects: '/apis/keda.sh/v1alpha1',
    };
    const answer = await lab.request('GET', `${paths[kind]}/namespaces/${namespace}/${kind}`);
    return v.parse(list, answer.json()).items.map(item => item.metadata.name);
  }

  async function assertUntouched(namespace: string): Promise<void> {
    for (const kind of ['secrets', 'deployments', 'scaledobjects'])
      assert.deepEqual(await namesOf(kind, namespace), []);
  }

  /** State label of the newest record. */
  async function releaseState(namespace: string): Promise<string | undefined> {
    const records = v.object({
      items: v.array(v.object({ metadata: v.object({ labels: v.record(v.string(), v.string()) }) })),
    });
    const answer = await lab.request(
      'GET',
      `/api/v1/namespaces/${namespace}/secrets?labelSelector=aks-functions.io/state`,
    );
    return v.parse(records, answer.json()).items.at(-1)?.metadata.labels['aks-functions.io/state'];
  }

  test('records a good release when all goes well', async () => {
    const namespace = await newNamespace();
    const result = await deploy({ namespace });
    assert.equal(result.code, 0, result.log);
    assert.equal(await releaseState(namespace), 'deployed');
    assert.equal(result.outputs.release, '1');
    assertHidden(result, [key]);
  });

  test('names the verb and the resource when the namespace is missing and may not be created', async () => {
    const identity = await lab.serviceAccountKubeconfig(
      'elsewhere',
      [],
      [
        { apiGroups: [''], resources: ['namespaces'], verbs: reading },
        { apiGroups: ['*'], resources: ['*'], verbs: reading },
      ],
    );
    const result = await deploy({ namespace: 'nowhere', kubeconfig: identity });
    assert.equal(result.code, 1);
    assert.match(
      messagesOf(result),
      /^The namespace "nowhere" does not exist, .+ lacks the verb "create" on the resource "namespaces"\. Create the namespace, or grant/,
    );
    assert.equal((await lab.request('GET', '/api/v1/namespaces/nowhere')).status, 404);
    assert.match(result.summary, /Nothing was changed in the cluster\./);
  });

  test('names every right to read that is missing, each once', async () => {
    const namespace = await newNamespace();
    const identity = await lab.serviceAccountKubeconfig(namespace, []);
    const result = await deploy({ namespace, kubeconfig: identity });
    assert.equal(result.code, 1);
    for (const resource of ['deployments', 'secrets', 'scaledobjects']) {
      assert.match(
        messagesOf(result),
        new RegExp(`cannot list resource "${resource}" .+ in the namespace "${namespace}"\\. Grant this verb`),
      );
    }
    const messages = faultsOf(result).map(fault => fault.message);
    assert.equal(new Set(messages).size, messages.length);
    await assertUntouched(namespace);
  });

  test('changes nothing when KEDA objects may not even be read', async () => {
    const namespace = await newNamespace();
    const identity = await lab.serviceAccountKubeconfig(namespace, withoutKeda);
    const result = await deploy({ namespace, kubeconfig: identity });
    assert.equal(result.code, 1);
    assert.match(messagesOf(result), /cannot list resource "scaledobjects" in API group "keda\.sh"/);
    await assertUntouched(namespace);
  });

  test('records a failed release when ScaledObjects may not be written', async () => {
    const namespace = await newNamespace();
    const identity = await lab.serviceAccountKubeconfig(namespace, [...withoutKeda, readingKeda]);
    const result = await deploy({ namespace, kubeconfig: identity });
    assert.equal(result.code, 1);
    assert.match(
      messagesOf(result),
      /Could not apply TriggerAuthentication "shop[^"]*": .+ cannot patch resource "triggerauthentications".+ Grant this verb/,
    );
    assert.equal(result.outputs.release, '1');
    assert.equal(await releaseState(namespace), 'failed');
    assert.deepEqual(await namesOf('scaledobjects', namespace), []);
    assert.match(result.summary, /Release 1 is recorded as failed/);
  });

  test('works with rights in its namespace alone', async () => {
    const namespace = await newNamespace();
    const result = await deploy({ namespace, kubeconfig: await lab.serviceAccountKubeconfig(namespace, everything) });
    assert.equal(result.code, 0, result.log);
  });

  test('leaves an object of somebody else alone and names it', async () => {
    const namespace = await newNamespace();
    const metadata = { name: 'shop', namespace };
    const template = { metadata: { labels: { app: 'x' } }, spec: { containers: [{ name: 'x', image: 'x' }] } };
    await lab.apply({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata,
      spec: { selector: { matchLabels: { app: 'x' } }, template },
    });
    const result = await deploy({ namespace });
    assert.equal(result.code, 1);
    assert.match(
      messagesOf(result),
      /^Deployment "shop" exists in the namespace "scene-\d+" and was not made by aks-functions\. Choose another name/,
    );
    assert.deepEqual(await namesOf('secrets', namespace), []);
  });

  test('stops when a Secret of somebody else has the name of its record', async () => {
    const namespace = await newNamespace();
    await lab.apply({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'shop.release.v1', namespace } });
    const result = await deploy({ namespace });
    assert.equal(result.code, 1);
    assert.match(
      messagesOf(result),
      /^Secret "shop\.release\.v1" in the namespace "scene-\d+" .+ was not made by aks-functions\. Delete it/,
    );
    assert.deepEqual(await namesOf('deployments', namespace), []);
  });

  test('says that the credentials were refused, once, and shows no token', async () => {
    const namespace = await newNamespace();
    const ca = '"cluster":{"insecure-skip-tls-verify":true,';
    const kubeconfig = kubeconfigFor(lab.server, 'expired-token-4711').replace('"cluster":{', ca);
    const result = await deploy({ namespace, kubeconfig });
    assert.equal(result.code, 1);
    assert.deepEqual(faultsOf(result), [
      {
        message:
          'The API server refused the credentials in input "kubeconfig" (401 Unauthorized): they are wrong or have expired. Give a kubeconfig with fresh ones.',
      },
    ]);
    assertHidden(result, ['expired-token-4711']);
    await assertUntouched(namespace);
  });

  test('does not trust an API server with another certificate', async () => {
    const result = await deploy({ kubeconfig: kubeconfigFor(lab.server) });
    assert.equal(result.code, 1);
    assert.match(
      messagesOf(result),
      /cannot be reached \((?:SELF_SIGNED|UNABLE_TO)\w+\)\. Check the kubeconfig's address and certificate/,
    );
  });

  test('changes nothing in a cluster whose KEDA is too old', async () => {
    const namespace = await newNamespace();
    const label = async (version: string) =>
      lab.request(
        'PATCH',
        crdPath,
        { metadata: { labels: { 'app.kubernetes.io/version': version } } },
        'application/merge-patch+json',
      );
    await label('2.11.2');
    const result = await deploy({ namespace });
    await label('2.19.0');
    assert.equal(result.code, 1);
    assert.match(messagesOf(result), /^The cluster's KEDA "2\.11\.2" is too old\. Install KEDA 2\.14 or newer/);
    await assertUntouched(namespace);
  });

  test('changes nothing in a cluster without KEDA', async () => {
    const namespace = await newNamespace();
    for (const name of ['scaledobjects', 'scaledjobs', 'triggerauthentications', 'clustertriggerauthentications']) {
      await lab.request('DELETE', crdPath.replace('scaledobjects', name));
    }
    await waitUntil(
      'the kinds of KEDA are gone',
      async () => (await lab.request('GET', '/apis/keda.sh/v1alpha1')).status === 404,
    );
    const result = await deploy({ namespace });
    assert.equal(result.code, 1);
    assert.match(messagesOf(result), /^The cluster has no KEDA: .+ Install KEDA 2\.14 or newer/);
    assert.deepEqual(await namesOf('secrets', namespace), []);
  });
});
