import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ForeignCandidate, foreignObjects } from '../../src/core/teardown-foreign.ts';
import { teardownSummary } from '../../src/core/teardown-report.ts';

function candidate(kind: string, name: string, options: { app?: string; owner?: string } = {}): ForeignCandidate {
  return {
    kind,
    name,
    uid: `${kind}/${name}`,
    labels: options.app ? { 'aks-functions.io/app': options.app } : {},
    owners: options.owner ? [{ uid: options.owner }] : [],
  };
}

test("takes what was made for the app, at any distance, for the app's", () => {
  const all = [
    candidate('Pod', 'a-1-x', { owner: 'ReplicaSet/a-1' }),
    candidate('ReplicaSet', 'a-1', { owner: 'Deployment/a' }),
    candidate('Deployment', 'a', { app: 'a' }),
    candidate('ConfigMap', 'kube-root-ca.crt'),
    candidate('ServiceAccount', 'default'),
  ];
  assert.deepEqual(foreignObjects(all, 'a'), []);
});

test("lists what is not the app's, without what hangs on it", () => {
  const all = [
    candidate('Deployment', 'b', { app: 'b' }),
    candidate('ReplicaSet', 'b-1', { owner: 'Deployment/b' }),
    candidate('PersistentVolumeClaim', 'data'),
    candidate('Pod', 'lone', { owner: 'Workflow/unseen' }),
    candidate('Deployment', 'a', { app: 'a' }),
  ];
  assert.deepEqual(foreignObjects(all, 'a'), ['Deployment/b', 'PersistentVolumeClaim/data', 'Pod/lone']);
});

test('says that a dry run changed nothing', () => {
  const summary = teardownSummary({ app: 'a', namespace: 'shop', dryRun: true, deleted: ['Deployment/a'], faults: [] });
  assert.match(summary, /1 thing of a would be deleted; nothing was changed\./);
});
