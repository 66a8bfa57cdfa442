import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { parseConfig } from '../../../src/core/config/parse.ts';
import { faultsOf } from '../faults.ts';

const file = 'aks-functions.yml';
const parse = (text: string, environment?: string) => parseConfig(text, { file, environment });

const cases: readonly { name: string; given: string; environment?: string; expected: readonly string[] }[] = [
  {
    name: 'every unknown key with the nearest one',
    given: 'nmae: x\nscale: { minReplica: 1, polling: 2 }\nworkloads: { events: { scal: {} } }',
    expected: [
      '1:1: Key "nmae" is not known. Did you mean "name"?',
      '2:10: Key "scale.minReplica" is not known. Did you mean "minReplicas"?',
      '2:25: Key "scale.polling" is not known. Known here are "minReplicas", "maxReplicas", "pollingInterval", "cooldownPeriod".',
      '3:24: Key "workloads.events.scal" is not known. Did you mean "scale"?',
    ],
  },
  {
    name: 'wrong types together',
    given:
      'version: 2\nname: A B\nscale:\n  minReplicas: -1\n  maxReplicas: 1.5\n  pollingInterval: 5x\npod: []\nchecks: { get: /a }\n',
    expected: [
      '1:10: Key "version" must be 1, got "2".',
      '2:7: Key "name" must have 1 to 40 characters, "a-z", "0-9" and "-", a letter first and no "-" last, got "A B".',
      '4:16: Key "scale.minReplicas" must be a whole number from 0 to 10000, got "-1".',
      '5:16: Key "scale.maxReplicas" must be a whole number from 1 to 10000, got "1.5".',
      '6:20: Key "scale.pollingInterval" must be a duration of 1 to 86400 seconds, such as 90 or "90s", "10m", "1h", got "5x".',
      '7:6: Key "pod" must be a map of keys and values.',
      '8:9: Key "checks" must be a list, got a map.',
    ],
  },
  {
    name: 'faults inside a choice of forms',
    given:
      'functions: { f: { trigger: { typ: a } }, g: { trigger: 5 } }\nsettingsFrom: [{ secrets: x }, { secret: a, configMap: b }]',
    expected: [
      '1:19: Key "functions.f.trigger.metadata" is missing.',
      '1:19: Key "functions.f.trigger.type" is missing.',
      '1:30: Key "functions.f.trigger.typ" is not known. Did you mean "type"?',
      '1:56: Key "functions.g.trigger" must be "none" or a map with "type" and "metadata", got "5".',
      '2:18: Key "settingsFrom[0].secrets" is not known. Did you mean "secret"?',
      '2:32: Key "settingsFrom[1]" must name one object: either "secret" or "configMap", got a map.',
    ],
  },
  {
    name: 'settings without their values',
    given: 'settings: { A: [hush], "a b": hush, C: { x: hush } }',
    expected: [
      '1:16: Key "settings.A" must be a text.',
      '1:25: Key "settings.a b" has a name that is no name for an environment variable. Use letters, digits, "_", "-" and ".", no digit first.',
      '1:40: Key "settings.C" must be a text.',
    ],
  },
  {
    name: 'contradictions together',
    given:
      'scale: { minReplicas: 5, maxReplicas: 3 }\nchecks: [{ get: /a, post: /b }, { status: 200 }, { get: /a, send: x }]\nexpose: { type: cluster, host: a }\nfunctions: { a: { trigger: none, threshold: 3 }, b: { workload: x } }\nworkloads: { y: { functions: [b] } }\n',
    expected: [
      '1:23: Key "scale.minReplicas" is 5, above "maxReplicas" 3. Lower it or raise "maxReplicas".',
      '2:27: Key "checks[0].post" stands beside "get". Make two checks of them.',
      '2:33: Key "checks[1]" has no path. Add "get" or "post", or "queue" for a message.',
      '2:67: Key "checks[2].send" has no effect with "get". Use "post".',
      '3:32: Key "expose.host" has no effect with "type: cluster". Remove it, or use "ingress" or "gateway".',
      '4:45: Key "functions.a.threshold" has no effect beside "trigger: none". Remove one of them.',
      '5:31: Key "workloads.y.functions[0]" puts function "b" into "y", but it is in "x" already. Keep one of them.',
    ],
  },
  {
    name: 'a contradiction that the environment makes, at its place there',
    given: 'scale: { minReplicas: 2 }\nenvironments:\n  dev: { scale: { minReplicas: 4, maxReplicas: 1 } }',
    environment: 'dev',
    expected: ['3:32: Key "scale.minReplicas" is 4, above "maxReplicas" 1. Lower it or raise "maxReplicas".'],
  },
  {
    name: 'a request above its limit',
    given: 'workloads: { events: { resources: { requests: { memory: 1Gi }, limits: { memory: 512Mi } } } }',
    expected: [
      '1:57: Key "workloads.events.resources.requests.memory" is 1Gi, above the limit 512Mi. Lower it or raise the limit.',
    ],
  },
  {
    name: 'names that no Kubernetes object can have',
    given:
      'settingsFrom: [{ secret: A_b }]\nexpose: { type: ingress, host: "https://a" }\npod: { labels: { app: x, "a b": y, team: "-" } }',
    expected: [
      '1:26: Key "settingsFrom[0].secret" must be the name of a Kubernetes object: "a-z", "0-9", "-" and ".", a letter or digit at both ends, got "A_b".',
      '2:33: Key "expose.host" must be a host name in lower case, without scheme, port or path, such as "orders.example.com", got "https://a".',
      '3:18: Key "pod.labels.app" is a label that the product sets itself. Remove it.',
      '3:27: Key "pod.labels.a b" is no key that Kubernetes takes, got "a b".',
      '3:43: Key "pod.labels.team" must be the value of a label: at most 63 letters, digits, "-", "_" and ".", a letter or digit at both ends, got "-".',
    ],
  },
  {
    name: 'volumes that no pod can have',
    given:
      'pod: { volumes: [{ name: functions-keys, emptyDir: {} }, { name: a }, { name: a, emptyDir: {}, mountPath: x }] }',
    expected: [
      '1:18: Key "pod.volumes[0]" has the name "functions-keys", which the product uses itself. Choose another.',
      '1:58: Key "pod.volumes[1]" has no source. Add one such as "emptyDir: {}", "secret" or "persistentVolumeClaim".',
      '1:71: Key "pod.volumes[2]" has the name "a" a second time. Choose another.',
      '1:71: Key "pod.volumes[2]" needs "mountPath" as a path that starts with "/".',
    ],
  },
  {
    name: 'a key "__proto__" as any other unknown key',
    given: '__proto__: { name: x }\nscale: { "__proto__": 1 }',
    expected: [
      '1:1: Key "__proto__" is not known. Known here are "version", "name", "settings", "settingsFrom", "identity", "scale", "workloads", "functions", "expose", "pod", "patches", "checks", "preview", "environments".',
      '2:11: Key "scale.__proto__" is not known. Known here are "minReplicas", "maxReplicas", "pollingInterval", "cooldownPeriod".',
    ],
  },
  {
    name: 'an unknown environment with the known ones',
    given: 'environments: { prod: {}, staging: {} }',
    environment: 'stagign',
    expected: ['1:1: Environment "stagign" is not in the file. It has "prod", "staging". Did you mean "staging"?'],
  },
  {
    name: 'an environment of a file without any',
    given: '',
    environment: 'x',
    expected: [
      '1:1: Environment "x" is not in the file. Add "environments.x" to it, or remove the input "environment".',
    ],
  },
  {
    name: 'a fault in an environment that is not asked for',
    given: 'environments: { a: { name: 5 } }',
    expected: ['1:28: Key "environments.a.name" must be a text, got "5".'],
  },
  {
    name: 'a duplicate key',
    given: 'name: a\nname: b',
    expected: ['2:1: The file is not valid YAML: duplicated mapping key. Correct it there.'],
  },
  {
    name: 'an unknown tag',
    given: 'name: !x b',
    expected: ['1:7: The file is not valid YAML: unknown scalar tag !<!x>. Correct it there.'],
  },
  {
    name: 'a second document',
    given: 'name: a\n---\nname: b',
    expected: ['The file has more than one YAML document. Keep one.'],
  },
  { name: 'a list', given: '- a', expected: ['1:1: The file must be a map of keys and values.'] },
  {
    name: 'a number that loses digits',
    given: 'scale: { maxReplicas: 9007199254740993 }',
    expected: [
      '1:23: Key "scale.maxReplicas" is a number with more digits than can be kept. Put it in quotes.',
      '1:23: Key "scale.maxReplicas" must be a whole number from 1 to 10000, got "9007199254740992".',
    ],
  },
];

for (const { name, given, environment, expected } of cases) {
  test(`the configuration reports ${name}`, async () => {
    const placed = expected.map(line => (/^\d/.test(line) ? `${file}:${line}` : `${file}: ${line}`));
    assert.deepEqual((await faultsOf(() => parse(given, environment))).toSorted(), placed.toSorted());
  });
}

test('a file that is too large is refused', async () => {
  assert.deepEqual(await faultsOf(() => parse(`name: a\n#${'x'.repeat(256 * 1024)}`)), [
    `${file}: The file is larger than 256 KB. Shorten it.`,
  ]);
});

test('aliases cannot make a small file endless', async () => {
  const level = (name: string, inner: string) =>
    `${name}: &${name} [${Array.from({ length: 9 }, () => inner).join(', ')}]`;
  const levels = ['b', 'c', 'd', 'e', 'f'].map((name, index) => level(name, `*${'abcde'[index]}`));
  const faults = await faultsOf(() => parse([level('a', 'x'), ...levels].join('\n')));
  assert.equal(faults.length, 1);
  const many = await faultsOf(() => parse(`a: &a x\nb: [${Array.from({ length: 51 }, () => '*a').join(', ')}]`));
  assert.match(many[0] ?? '', /not valid YAML/);
});

test('no text makes the parser fail with anything but a UserError', async () => {
  const word = fc.constantFrom(
    'name',
    'settings',
    'scale',
    ': ',
    '\n',
    '  ',
    '- ',
    '{',
    '}',
    '[',
    ']',
    ',',
    '&a ',
    '*a',
    '"',
    "'",
    '|\n',
    '>',
    '!!int ',
    '1',
    'true',
    '\t',
    '#',
    '%',
    '---\n',
    '<<',
    '__proto__',
    'environments',
  );
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(word, { maxLength: 30 }).map(words => words.join('')),
  );
  await fc.assert(
    fc.asyncProperty(text, async given => {
      await faultsOf(() => parse(given));
    }),
    { seed: 1, numRuns: 300 },
  );
});
