import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load, loadAll } from 'js-yaml';
import {
  describeRule,
  type GrantedRule,
  isGranted,
  joinedRules,
  questionsOf,
  type Rule,
  rbacManifest,
  rightsFor,
} from '../../../src/core/doctor/rights.ts';
import { planDeployment } from '../../../src/core/plan.ts';
import { resolved } from '../../support/resolved.ts';

const rule = (resource: string, verb: string, group = ''): Rule => ({ group, resource, verbs: [verb] });

test('wants writing rights for the kinds of the plan, and looks at the others only', async () => {
  const app = await resolved({ functions: { jobs: 'queueTrigger' }, settings: { FUNCTIONS_WORKER_RUNTIME: 'node' } });
  const { objects } = planDeployment(app, { reference: 'r/i:1' });
  const rights = rightsFor(objects, { namespaceExists: true });
  const verbsOn = (resource: string) => rights.find(one => one.resource === resource)?.verbs.join();
  assert.equal(verbsOn('scaledobjects'), 'get,list,create,patch,delete');
  assert.equal(verbsOn('secrets'), 'get,list,create,patch,delete');
  assert.equal(verbsOn('roles'), 'get,list');
  assert.equal(verbsOn('httproutes'), undefined);
  assert.equal(verbsOn('namespaces'), undefined);
});

test('wants the rights that a Role of the plan grants', async () => {
  const app = await resolved({ functions: { greet: 'httpTrigger' } });
  const { objects } = planDeployment(app, { reference: 'r/i:1' });
  assert.ok(
    rightsFor(objects, { namespaceExists: true }).some(
      one => one.resource === 'secrets' && one.verbs.includes('watch'),
    ),
  );
});

test('wants the right to make a namespace that does not exist', () => {
  const found = rightsFor(undefined, { namespaceExists: false }).find(one => one.resource === 'namespaces');
  assert.deepEqual(found, { group: '', resource: 'namespaces', verbs: ['create'], clusterWide: true });
});

const granted: readonly {
  readonly name: string;
  readonly rules: readonly GrantedRule[];
  readonly right: Rule;
  readonly expected: boolean;
}[] = [
  {
    name: 'all of everything',
    rules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }],
    right: rule('pods/log', 'get'),
    expected: true,
  },
  {
    name: 'the same words',
    rules: [{ verbs: ['get', 'list'], apiGroups: [''], resources: ['pods'] }],
    right: rule('pods', 'list'),
    expected: true,
  },
  {
    name: 'another group',
    rules: [{ verbs: ['patch'], apiGroups: ['apps'], resources: ['scaledobjects'] }],
    right: rule('scaledobjects', 'patch', 'keda.sh'),
    expected: false,
  },
  {
    name: 'only some objects',
    rules: [{ verbs: ['get'], apiGroups: [''], resources: ['secrets'], resourceNames: ['one'] }],
    right: rule('secrets', 'get'),
    expected: false,
  },
  {
    name: 'the resource, but not its subresource',
    rules: [{ verbs: ['get'], apiGroups: [''], resources: ['pods'] }],
    right: rule('pods/log', 'get'),
    expected: false,
  },
  {
    name: 'a subresource of all resources',
    rules: [{ verbs: ['get'], apiGroups: [''], resources: ['*/log'] }],
    right: rule('pods/log', 'get'),
    expected: true,
  },
];

for (const { name, rules, right, expected } of granted)
  test(`takes a right for ${expected ? 'granted' : 'open'} with a rule on ${name}`, () => {
    assert.equal(isGranted(right, rules), expected);
  });

test('joins what is missing by resource', () => {
  const missing = joinedRules([
    rule('scaledobjects', 'patch', 'keda.sh'),
    rule('pods', 'list'),
    rule('scaledobjects', 'create', 'keda.sh'),
  ]);
  assert.deepEqual(missing.map(describeRule), ['patch, create on scaledobjects.keda.sh', 'list on pods']);
});

test('asks one question for each verb', () => {
  assert.deepEqual(
    questionsOf([{ group: '', resource: 'pods', verbs: ['get', 'list'] }]).map(one => one.verb),
    ['get', 'list'],
  );
});

test('binds the Role to a user, or to a service account by its own kind', () => {
  const rules = [rule('pods', 'get')];
  const subjectOf = (name: string) => {
    const objects: unknown[] = loadAll(rbacManifest(rules, 'team', { name, groups: [] }));
    return JSON.parse(JSON.stringify(objects.at(-1))).subjects;
  };
  assert.deepEqual(subjectOf('7d9f…'), [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: '7d9f…' }]);
  assert.deepEqual(subjectOf('system:serviceaccount:ci:deployer'), [
    { kind: 'ServiceAccount', name: 'deployer', namespace: 'ci' },
  ]);
});

test('makes the namespace instead of a right to make any', () => {
  const text = rbacManifest(rightsFor(undefined, { namespaceExists: false }), 'team', undefined);
  assert.match(text, /kind: Namespace\nmetadata:\n {2}name: team/);
  assert.ok(!text.includes('- namespaces'));
  assert.ok(load(text.split('---\n')[2] ?? ''));
});
