import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { connectCluster } from '../../src/edges/cluster/kubernetes-cluster.ts';
import { RemoteError } from '../../src/errors.ts';
import { type Lab, startLab } from '../lab/lab.ts';
import { runStep } from '../support/action.ts';
import { messagesOf } from './faults-shown.ts';

const mine = { 'aks-functions.io/app': 'shop' };
const noPods = { podSelector: {}, policyTypes: ['Ingress'] };
const theirs = [
  { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name: 'closed' }, spec: noPods },
  { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'small' }, spec: { hard: { pods: '9' } } },
  { apiVersion: 'v1', kind: 'LimitRange', metadata: { name: 'limits' }, spec: { limits: [{ type: 'Pod' }] } },
  {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name: 'one' },
    spec: { minAvailable: 1, selector: { matchLabels: { app: 'x' } } },
  },
  {
    apiVersion: 'keda.sh/v1alpha1',
    kind: 'TriggerAuthentication',
    metadata: { name: 'theirs' },
    spec: { podIdentity: { provider: 'azure-workload' } },
  },
  {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name: 'leader' },
    spec: { holderIdentity: 'somebody' },
  },
];

describe('a namespace', () => {
  let lab: Lab;
  before(async () => {
    lab = await startLab({ profile: 'api' });
  });
  after(async () => {
    await lab?.stop();
  });

  const teardown = (namespace: string, kubeconfig = lab.kubeconfig) =>
    runStep('teardown', {
      with: { auth: 'none', name: 'shop', namespace, kubeconfig, 'delete-namespace': 'true', 'dry-run': 'true' },
    });

  async function newNamespace(namespace: string): Promise<void> {
    await lab.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
    await lab.apply({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'own', namespace, labels: mine } });
  }

  test('stays while it holds an object of others, of any kind', async () => {
    await newNamespace('shared');
    for (const object of theirs) await lab.apply({ ...object, metadata: { ...object.metadata, namespace: 'shared' } });
    const { code, log } = await teardown('shared');
    assert.equal(code, 1, log);
    assert.match(
      messagesOf({ log }),
      /holds objects that are not of "shop": LimitRange\/limits, NetworkPolicy\/closed, PodDisruptionBudget\/one, ResourceQuota\/small, TriggerAuthentication\/theirs\. Delete or move them first/,
    );
  });

  test('goes when all in it is of the app', async () => {
    await newNamespace('alone');
    const { code, log, outputs } = await teardown('alone');
    assert.equal(code, 0, log);
    assert.deepEqual(JSON.parse(outputs.deleted ?? ''), ['ConfigMap/own', 'Namespace/alone']);
  });

  test('stays when not every kind may be listed, and all missing rights are named', async () => {
    await newNamespace('hidden');
    const reading = ['configmaps', 'secrets', 'services', 'serviceaccounts'];
    const rules = [
      { apiGroups: [''], resources: [...reading, 'pods'], verbs: ['get', 'list'] },
      ...['apps', 'keda.sh', 'networking.k8s.io', 'gateway.networking.k8s.io', 'rbac.authorization.k8s.io'].map(
        group => ({ apiGroups: [group], resources: ['*'], verbs: ['get', 'list'] }),
      ),
    ];
    const cluster = [{ apiGroups: [''], resources: ['namespaces'], verbs: ['get'] }];
    const { code, log } = await teardown('hidden', await lab.serviceAccountKubeconfig('hidden', rules, cluster));
    assert.equal(code, 1, log);
    for (const kind of ['resourcequotas', 'limitranges', 'jobs'])
      assert.match(messagesOf({ log }), new RegExp(`list ${kind} in "hidden".+Grant this verb`));
  });

  test('whose logs may not be read says so, and one without a log has none', async () => {
    await newNamespace('logs');
    const options = { container: 'x', previous: false, lines: 9 };
    const connect = async (kubeconfig: string) =>
      connectCluster({ kubeconfig, mask: () => {}, signal: new AbortController().signal });
    const blind = await connect(await lab.serviceAccountKubeconfig('logs', []));
    await assert.rejects(
      blind.logs('logs', 'pod', options),
      error => error instanceof RemoteError && error.status === 403 && /pods\/log/.test(error.message),
    );
    assert.deepEqual(await (await connect(lab.kubeconfig)).logs('logs', 'pod', options), []);
  });
});
