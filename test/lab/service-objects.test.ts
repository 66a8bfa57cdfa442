import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { backendsOf, externalAddresses, listenersOf, parseService, parseSlice } from './service-objects.ts';

const port = { name: 'web', port: 80 };

function serviceNamed(name: string, spec: object): [string, ReturnType<typeof parseService>] {
  return [`shop/${name}`, parseService({ metadata: { namespace: 'shop', name }, spec, status: {} })];
}

function sliceOf(
  service: string,
  endpoints: readonly object[],
  ports: readonly object[] = [{ name: 'web', port: 8080 }],
) {
  const labels = { 'kubernetes.io/service-name': service };
  return parseSlice({ metadata: { namespace: 'shop', name: `${service}-1`, labels }, ports, endpoints });
}

describe('external addresses', () => {
  const balanced = (name: string) => serviceNamed(name, { type: 'LoadBalancer' });

  test('go to the Services that ask for one, the lowest free first', () => {
    const services = new Map([balanced('a'), serviceNamed('inner', {}), balanced('b')]);
    const expected = new Map([
      ['shop/b', '9.9.9.1'],
      ['shop/a', '9.9.9.2'],
    ]);
    assert.deepEqual(externalAddresses(services, new Map([['shop/b', '9.9.9.1']]), '9.9.9'), expected);
  });

  test('come back when their Service is gone', () => {
    const given = new Map([['shop/gone', '9.9.9.1']]);
    assert.deepEqual(externalAddresses(new Map([balanced('a')]), given, '9.9.9'), new Map([['shop/a', '9.9.9.1']]));
  });
});

describe('listeners', () => {
  const listener = { service: 'shop/a', port: 80, portName: 'web' };
  const cases = [
    { name: 'are at the cluster address', spec: { clusterIP: '10.0.0.7', ports: [port] }, expected: ['10.0.0.7'] },
    {
      name: 'are at the external address too',
      spec: { clusterIP: '10.0.0.7', ports: [port] },
      external: '9.9.9.1',
      expected: ['10.0.0.7', '9.9.9.1'],
    },
    { name: 'are nowhere for a headless Service', spec: { clusterIP: 'None', ports: [port] }, expected: [] },
    {
      name: 'are nowhere for UDP',
      spec: { clusterIP: '10.0.0.7', ports: [{ ...port, protocol: 'UDP' }] },
      expected: [],
    },
  ];
  for (const { name, spec, external, expected } of cases) {
    test(name, () => {
      const given = new Map(external ? [['shop/a', external]] : []);
      const listeners = listenersOf(new Map([serviceNamed('a', spec)]), given);
      assert.deepEqual(
        listeners,
        expected.map(address => ({ ...listener, address })),
      );
    });
  }
});

describe('backends', () => {
  const listener = { service: 'shop/a', address: '10.0.0.7', port: 80, portName: 'web' };

  test('are the ready pods of the Service', () => {
    const endpoints = [
      { addresses: ['1.1.1.1'], conditions: { ready: true } },
      { addresses: ['1.1.1.2'], conditions: { ready: false } },
    ];
    const slices = new Map([
      ['one', sliceOf('a', endpoints)],
      ['two', sliceOf('b', [{ addresses: ['1.1.1.3'] }])],
    ]);
    assert.deepEqual(backendsOf(slices, listener), [{ host: '1.1.1.1', port: 8080 }]);
  });

  test('are found by the name of the port', () => {
    const slice = sliceOf('a', [{ addresses: ['1.1.1.1'] }], [{ name: 'admin', port: 9 }]);
    assert.deepEqual(backendsOf(new Map([['one', slice]]), listener), []);
  });
});
