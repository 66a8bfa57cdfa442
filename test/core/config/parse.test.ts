import assert from 'node:assert/strict';
import test from 'node:test';
import { toJsonSchema } from '@valibot/to-json-schema';
import { Ajv } from 'ajv';
import { parseConfig } from '../../../src/core/config/parse.ts';
import { fileSchema } from '../../../src/core/config/schema.ts';
import { parseQuantity } from '../../../src/core/config/values.ts';

const file = 'aks-functions.yml';
const parse = (text: string, environment?: string) => parseConfig(text, { file, environment });

const example = `version: 1
name: js-queue
settings:        { TZ: UTC }
settingsFrom:    [{ secret: js-queue-conn }, { configMap: js-queue-env }]
identity:        { clientId: 00000000-0000-0000-0000-000000000000 }
scale:           { minReplicas: 0, maxReplicas: 15, pollingInterval: 5, cooldownPeriod: 15s }
workloads:
  http:          { scale: { minReplicas: 1, maxReplicas: 10 }, scaling: cpu }
  events:        { resources: { requests: { cpu: 100m, memory: 256Mi }, limits: { memory: 512Mi } } }
  heavy:         { functions: [transcode], scale: { maxReplicas: 3 }, pod: { nodeSelector: { pool: big } } }
functions:
  archive:       { threshold: 50, activation: 5 }
  watch:         { trigger: { type: mongodb, metadata: { query: 1 }, authenticationRef: watch-auth } }
  nightly:       { trigger: none, workload: always }
expose:          { type: gateway, host: orders.example.com, gateway: { name: public, namespace: infra } }
pod:             { port: 8080, probes: {}, security: baseline, terminationGracePeriodSeconds: 60, nodeSelector: {}, tolerations: [],
                   topologySpreadConstraints: [], volumes: [], imagePullSecrets: [{ name: acr-pull }], labels: {}, annotations: {} }
patches:         [{ target: { kind: Deployment, name: js-queue }, patch: { spec: {} } }]
checks:          [{ get: /api/python-http?name=handsonaks, status: 200, body: "Hello handsonaks!", latency: 2s }]
preview:         { namespace: own, ttl: 3d, settings: {}, timers: off }
environments:
  staging:       { scale: { maxReplicas: 3 }, checks: [], settings: { LOG: debug } }
`;

test('the whole file is read, with durations in seconds and times in milliseconds', () => {
  const config = parse(example);
  assert.deepEqual(config.scale, { minReplicas: 0, maxReplicas: 15, pollingInterval: 5, cooldownPeriod: 15 });
  assert.deepEqual(config.settingsFrom, [{ secret: 'js-queue-conn' }, { configMap: 'js-queue-env' }]);
  assert.deepEqual(config.functions?.watch, {
    trigger: { type: 'mongodb', metadata: { query: '1' }, authenticationRef: 'watch-auth' },
  });
  assert.equal(config.checks?.[0]?.latency, 2000);
  assert.equal('environments' in config, false);
});

test('an environment is merged over the rest: maps deep, lists replaced', () => {
  const config = parse(example, 'staging');
  assert.deepEqual(config.scale, { minReplicas: 0, maxReplicas: 3, pollingInterval: 5, cooldownPeriod: 15 });
  assert.deepEqual(config.settings, { TZ: 'UTC', LOG: 'debug' });
  assert.deepEqual(config.checks, []);
});

test('settings come through as they are written', () => {
  const config = parse('settings: { A: 1.10, B: yes, C: true, D: 0o17, E: 12345678901234567890, F: "", G: 1e3 }');
  assert.deepEqual(config.settings, {
    A: '1.10',
    B: 'yes',
    C: 'true',
    D: '0o17',
    E: '12345678901234567890',
    F: '',
    G: '1e3',
  });
});

test('an empty file is an empty configuration', () => {
  for (const text of ['', '# nothing\n', '\uFEFF', '{}']) assert.deepEqual(parse(text), {});
});

const quantities = [
  { given: '100m', expected: 0.1 },
  { given: '1.5', expected: 1.5 },
  { given: '256Mi', expected: 256 * 2 ** 20 },
  { given: '2e3', expected: 2000 },
  { given: '1E', expected: 1e18 },
  { given: '-1', expected: undefined },
  { given: '1 Gi', expected: undefined },
];

for (const { given, expected } of quantities) {
  test(`the quantity "${given}" is ${expected ?? 'refused'}`, () => {
    const value = parseQuantity(given);
    assert.ok(expected === undefined ? value === undefined : Math.abs((value ?? 0) - expected) < 1e-9 * expected);
  });
}

test('the schema gives a JSON Schema for editors that accepts the example and refuses an unknown key', () => {
  // As it is when read from the file that editors get.
  const schema: object = JSON.parse(
    JSON.stringify(toJsonSchema(fileSchema, { typeMode: 'input', errorMode: 'ignore' })),
  );
  const validate = new Ajv({ strict: false }).compile(schema);
  assert.equal(
    validate({ version: 1, scale: { pollingInterval: '5s' }, settingsFrom: [{ secret: 'a' }] }),
    true,
    JSON.stringify(validate.errors),
  );
  assert.equal(validate({ nmae: 'x' }), false);
});
