import assert from 'node:assert/strict';
import test from 'node:test';
import { resolved, type Written } from '../../support/resolved.ts';
import { faultsOf } from '../faults.ts';

const cases: readonly (Written & { readonly name: string; readonly expected: readonly string[] })[] = [
  {
    name: 'functions and workloads that are not there',
    functions: { jobs: 'queueTrigger' },
    yaml: 'functions:\n  job: { threshold: 5 }\n  jobs:\n    workload: heavy\nworkloads:\n  big:\n    functions: [more]\n',
    expected: [
      'aks-functions.yml:2:3: Key "functions.job" of aks-functions.yml names the function "job", which the code does not have. Did you mean "jobs"?',
      'aks-functions.yml:7:17: Key "workloads.big.functions" of aks-functions.yml names the function "more", which the code does not have. Its functions are jobs.',
      'aks-functions.yml:4:5: Key "functions.jobs.workload" of aks-functions.yml names the workload "heavy", which does not exist. Add "workloads.heavy", or use "http", "events", "always", "big".',
    ],
  },
  {
    name: 'scaling that a workload cannot have',
    functions: { hello: 'httpTrigger' },
    yaml: 'workloads:\n  http:\n    scaling: cpu\n',
    expected: [
      'aks-functions.yml:3:5: Workload "http" scales by CPU but has no CPU request. Set "workloads.http.resources.requests.cpu" in aks-functions.yml.',
    ],
  },
  {
    name: 'two workloads behind one Ingress',
    functions: { one: 'httpTrigger', other: 'httpTrigger' },
    yaml: 'expose: { type: ingress }\nworkloads:\n  big: { functions: [other] }\n',
    expected: [
      'aks-functions.yml:1:1: Workloads "big" and "http" both serve HTTP, but "ingress" leads all paths to one of them. Put these functions into one workload, or use "cluster" with rules of your own.',
    ],
  },
];

for (const { name, expected, ...given } of cases) {
  test(`${name} are faults at the line of their key`, async () => {
    const faults = await faultsOf(() => resolved(given));
    assert.deepEqual(faults, expected);
  });
}

test('a key of an environment is at its own line', async () => {
  const { parseConfig } = await import('../../../src/core/config/parse.ts');
  const { placeInFile } = await import('../../../src/core/config/places.ts');
  const text = 'functions:\n  a: { threshold: 5 }\nenvironments:\n  live:\n    functions:\n      a: { threshold: 9 }\n';
  const file = 'aks-functions.yml';
  const config = parseConfig(text, { file, environment: 'live' });
  assert.deepEqual(placeInFile(config, 'functions', 'a', 'threshold'), { place: { file, line: 6, column: 12 } });
  assert.deepEqual(placeInFile(parseConfig(text, { file }), 'functions', 'a'), { place: { file, line: 2, column: 3 } });
});
