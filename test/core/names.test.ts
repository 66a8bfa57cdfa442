import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { faultOfAppName, hostIdOf, objectNameOf } from '../../src/core/names.ts';

const names = [
  { name: 'a letter', given: 'a', accepted: true },
  { name: 'letters, digits and hyphens', given: 'orders-2', accepted: true },
  { name: '40 characters', given: 'a'.repeat(40), accepted: true },
  { name: '41 characters', given: 'a'.repeat(41), accepted: false },
  { name: 'an upper-case letter', given: 'Orders', accepted: false },
  { name: 'a digit at its start', given: '2orders', accepted: false },
  { name: 'a hyphen at its end', given: 'orders-', accepted: false },
  { name: 'a dot', given: 'orders.api', accepted: false },
  { name: 'nothing', given: '', accepted: false },
] as const;

for (const { name, given, accepted } of names) {
  test(`${accepted ? 'accepts' : 'refuses'} an app name of ${name}`, () => {
    assert.equal(faultOfAppName(given) === undefined, accepted);
  });
}

test('names the object of the event workload like the app and the others after their workload', () => {
  assert.equal(objectNameOf('orders', 'events'), 'orders');
  assert.equal(objectNameOf('orders', 'http'), 'orders-http');
});

test('gives every app and namespace a host id that the host accepts', () => {
  const appName = fc.stringMatching(/^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$/);
  fc.assert(
    fc.property(appName, appName, (app, namespace) => /^[a-z0-9-]{1,32}$/.test(hostIdOf(app, namespace))),
    { seed: 1 },
  );
});

test('gives the same app in two namespaces different host ids', () => {
  assert.notEqual(hostIdOf('orders', 'one'), hostIdOf('orders', 'two'));
});
