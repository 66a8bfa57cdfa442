import assert from 'node:assert/strict';
import test from 'node:test';
import type { App } from '../../src/core/app.ts';
import { scalingObjectsOf } from '../../src/core/manifests/scaling.ts';
import { scalerFaultText } from '../../src/core/scaler-hints.ts';
import { bus, cosmos, hub, kafka, messaging, queue, resolveScaled, storage } from './scaled-app.ts';

function triggersOf(app: App): readonly unknown[] {
  const objects = app.workloads.flatMap(workload => scalingObjectsOf(app, workload));
  return objects
    .filter(object => object.kind === 'ScaledObject')
    .flatMap(object => new Map(Object.entries(object.spec ?? {})).get('triggers') ?? []);
}

test('several functions of a workload have one ScaledObject, and the same source one trigger', () => {
  const settings = { C: messaging, D: storage };
  const app = resolveScaled({ triggers: [bus, bus, { ...queue, connection: 'D' }], settings });
  assert.equal(app.workloads.length, 1);
  assert.equal(triggersOf(app).length, 2);
});

test('Durable functions on MSSQL share one trigger', () => {
  const host = {
    extensions: { durableTask: { storageProvider: { type: 'MicrosoftSQL', connectionStringName: 'C' } } },
  };
  const app = resolveScaled({
    triggers: [{ type: 'orchestrationTrigger' }, { type: 'activityTrigger' }],
    host,
    settings: { C: 'Server=a;User ID=b;Password=c' },
  });
  assert.equal(triggersOf(app).length, 1);
});

test('what KEDA cannot see does not hold up what it can', () => {
  const app = resolveScaled({
    triggers: [bus, cosmos],
    keda: '2.19.0',
    settings: { C: messaging },
    config: { functions: { f1: { trigger: 'none' } } },
  });
  assert.deepEqual(
    app.workloads.map(one => [one.name, one.scaling.kind]),
    [
      ['always', 'fixed'],
      ['events', 'events'],
    ],
  );
});

test('an unknown KEDA is treated as the oldest, and that is said', () => {
  const app = resolveScaled({
    triggers: [{ ...cosmos, leaseContainerPrefix: 'p' }],
    keda: '',
    settings: { C: 'AccountEndpoint=https://a;AccountKey=b' },
  });
  assert.equal(app.workloads[0]?.name, 'always');
  assert.match(app.notices[0]?.message ?? '', /the version of KEDA is not known/);
  assert.equal(app.notices[0]?.provisional, true);
});

test('an event hub of an unknown KEDA gets the form that every KEDA takes', () => {
  const [trigger] = triggersOf(resolveScaled({ triggers: [hub], keda: '', settings: { C: messaging } }));
  assert.ok(!JSON.stringify(trigger).includes('eventHubName'));
});

test('a warm-up runs beside other functions and has no workload of its own', () => {
  const app = resolveScaled({
    triggers: [{ type: 'warmupTrigger' }, { type: 'httpTrigger' }, queue],
    settings: { C: storage },
  });
  assert.deepEqual(
    app.workloads.map(one => [one.name, one.functions.map(fn => fn.name)]),
    [
      ['events', ['f2']],
      ['http', ['f0', 'f1']],
    ],
  );
});

test('a setting in an object that is not read is taken from the pod, and further parameters too', () => {
  const sources = [{ kind: 'Secret', name: 'own' }] as const;
  const app = resolveScaled({
    triggers: [{ ...kafka, protocol: 'saslSsl', authenticationMode: 'plain', username: '%U%', password: '%P%' }],
    sources,
  });
  const [authentication] = app.workloads.flatMap(workload => scalingObjectsOf(app, workload));
  assert.deepEqual(authentication?.spec, {
    env: [
      { parameter: 'username', name: 'U' },
      { parameter: 'password', name: 'P' },
    ],
  });
});

test('a new value in an object that keeps its name gives the sign-in a new name', () => {
  const named = (hash: string) => {
    const app = resolveScaled({
      triggers: [queue],
      sources: [{ kind: 'Secret', name: 'own', keys: new Map([['C', hash]]) }],
    });
    return app.workloads.flatMap(workload => scalingObjectsOf(app, workload))[0]?.metadata.name;
  };
  assert.notEqual(named('1'), named('2'));
  assert.equal(named('1'), named('1'));
});

test('a setting stands for a key of host.json', () => {
  const settings = { C: messaging, AzureFunctionsJobHost__extensions__serviceBus__maxConcurrentCalls: '3' };
  assert.match(JSON.stringify(triggersOf(resolveScaled({ triggers: [bus], settings }))), /"messageCount":"3"/);
});

test('a refused scaler names the roles of its own service', () => {
  const [workload] = resolveScaled({ triggers: [bus], settings: { C: messaging } }).workloads;
  assert.ok(workload);
  assert.match(scalerFaultText(workload, 'status code 401'), /"Azure Service Bus Data Owner".* "Manage"/);
});
