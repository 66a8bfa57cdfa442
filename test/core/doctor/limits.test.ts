import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NamespaceLimits } from '../../../src/core/doctor/facts.ts';
import { limitsVerdict } from '../../../src/core/doctor/limits.ts';
import type { Manifest } from '../../../src/core/manifests/object.ts';

function deployment(name: string, resources: object = {}): Manifest {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name },
    spec: { template: { spec: { containers: [{ resources }] } } },
  };
}

const plan = [
  deployment('web', { requests: { cpu: '100m', memory: '256Mi' }, limits: { memory: '512Mi' } }),
  deployment('jobs', { requests: { cpu: '200m', memory: '128Mi' }, limits: { memory: '1Gi' } }),
];
const quota = (hard: object, used: object = {}): NamespaceLimits => ({
  quotas: [{ name: 'q', hard: { ...hard }, used: { ...used } }],
  ranges: [],
});
const range = (limit: object): NamespaceLimits => ({
  quotas: [],
  ranges: [{ name: 'r', limits: [{ type: 'Container', ...limit }] }],
});

const cases: readonly { readonly name: string; readonly given: NamespaceLimits; readonly expected: RegExp | 'ok' }[] = [
  { name: 'no limits', given: { quotas: [], ranges: [] }, expected: 'ok' },
  { name: 'enough of everything', given: quota({ pods: '3', cpu: '1', 'requests.memory': '1Gi' }), expected: 'ok' },
  { name: 'a key that counts something else', given: quota({ 'requests.storage': '1Gi' }), expected: 'ok' },
  {
    name: 'too few pods',
    given: quota({ pods: '3' }, { pods: '2' }),
    expected: /has 2 of 3 pods in use; the plan takes 2 more/,
  },
  {
    name: 'too little memory',
    given: quota({ 'requests.memory': '1Gi' }, { 'requests.memory': '768Mi' }),
    expected: /has 768Mi of 1Gi requests\.memory in use; the plan takes 384Mi more/,
  },
  {
    name: 'too little processor time',
    given: quota({ cpu: '1' }, { cpu: '800m' }),
    expected: /has 800m of 1 cpu in use; the plan takes 300m more/,
  },
  {
    name: 'limits that the pods do not say',
    given: quota({ 'limits.cpu': '4' }),
    expected: /counts limits\.cpu, which the pods of "web", "jobs" do not say/,
  },
  { name: 'too few Deployments', given: quota({ 'count/deployments.apps': '1' }), expected: /the plan takes 2 more/ },
  {
    name: 'a default of the namespace in place of what the pods do not say',
    given: { ...range({ default: { cpu: '500m' } }), quotas: quota({ 'limits.cpu': '4' }).quotas },
    expected: 'ok',
  },
  {
    name: 'more than a container may have',
    given: range({ max: { memory: '600Mi' } }),
    expected: /allows at most 600Mi memory, the workload "jobs" has 1Gi/,
  },
  {
    name: 'less than a container must have',
    given: range({ min: { memory: '200Mi' } }),
    expected: /wants at least 200Mi memory, the workload "jobs" requests 128Mi/,
  },
];

for (const { name, given, expected } of cases)
  test(`judges ${name}`, () => {
    const { state, evidence } = limitsVerdict(given, plan);
    assert.equal(state, expected === 'ok' ? 'ok' : 'problem', evidence);
    if (expected !== 'ok') assert.match(evidence, expected);
  });
