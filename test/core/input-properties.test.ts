import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { connectionStringFault, partsOf } from '../../src/core/connection-strings.ts';
import { discoverProject } from '../../src/core/discovery.ts';
import { Secret } from '../../src/core/secret.ts';
import { findSetting, mergeSettings, plainLayer, resolveText } from '../../src/core/settings.ts';
import { faultsOf } from './faults.ts';
import { sourceTree } from './source-tree.ts';

const text = fc.string({ unit: 'binary', maxLength: 200 });

test('any name of a function is one that the host takes or a fault', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(text, fc.constantFrom('a', '__proto__', 'constructor', 'host', 'a'.repeat(128))),
      async name => {
        const code = `const { app } = require('@azure/functions');\napp.http(${JSON.stringify(name)}, { handler });`;
        let found: readonly string[] = [];
        const faults = await faultsOf(async () => {
          const tree = sourceTree({ 'package.json': '{"main":"a.js"}', 'a.js': code });
          found = (await discoverProject(tree)).functions.map(fn => fn.name);
        });
        const isValid = /^[a-z][a-z0-9_-]{0,127}$/i.test(name) && name.toLowerCase() !== 'host';
        assert.deepEqual(found, isValid ? [name] : []);
        assert.equal(faults.length === 0, isValid);
      },
    ),
  );
});

test('any value of a binding comes through discovery as it is written', async () => {
  await fc.assert(
    fc.asyncProperty(text, async queueName => {
      const code = `const { app } = require('@azure/functions');\napp.storageQueue('f', { queueName: ${JSON.stringify(queueName)}, handler });`;
      const { functions } = await discoverProject(sourceTree({ 'package.json': '{"main":"a.js"}', 'a.js': code }));
      assert.deepEqual(
        functions.map(({ bindings }) => bindings[0].queueName),
        [queueName],
      );
    }),
  );
});

test('every %NAME% of a text is replaced by its setting, or the text has names that are missing', () => {
  const name = fc.stringMatching(/^[A-Za-z_]\w{0,20}$/);
  const value = fc.string({ maxLength: 30 }).filter(one => !one.includes('%'));
  fc.assert(
    fc.property(
      fc.dictionary(name, value, { noNullPrototype: true }),
      fc.array(name, { maxLength: 4 }),
      (given, others) => {
        const settings = mergeSettings([plainLayer(given)]);
        const names = [...Object.keys(given), ...others];
        const result = resolveText(settings, names.map(one => `<%${one}%>`).join(''));
        const missing = [...new Set(names)].filter(one => findSetting(settings, one).kind === 'missing');
        if (missing.length > 0) return assert.deepEqual(result, { kind: 'missing', names: missing });
        const expected = names.map(one => {
          const state = findSetting(settings, one);
          return `<${state.kind === 'value' ? state.value : ''}>`;
        });
        return assert.deepEqual(result, { kind: 'text', text: expected.join(''), secret: [] });
      },
    ),
  );
});

test('any text with per cents is resolved or has missing names, and never grows without settings', () => {
  fc.assert(
    fc.property(text, given => {
      const result = resolveText(mergeSettings([]), given);
      if (result.kind === 'text') assert.equal(result.text, given);
      else assert.ok(result.kind === 'missing' && result.names.every(name => given.includes(`%${name}%`)));
    }),
  );
});

test('any text is a connection string of a service or has a fault that never quotes it', () => {
  const kinds = ['storage', 'service-bus', 'event-hubs', 'cosmos-db', 'sql', 'rabbitmq', 'redis'] as const;
  const secret = fc.stringMatching(/^[A-Za-z0-9+/]{20,40}$/);
  const key = fc.constantFrom('AccountName', 'AccountKey', 'Endpoint', 'SharedAccessKey', 'Server', 'HostName', 'x');
  const parts = fc.array(fc.tuple(key, fc.oneof(secret, fc.constantFrom('sb://a/', 'a', ''))), { maxLength: 6 });
  const connection = fc.oneof(
    text,
    parts.map(pairs => pairs.map(pair => pair.join('=')).join(';')),
  );
  fc.assert(
    fc.property(connection, fc.constantFrom(...kinds), (given, service) => {
      const fault = connectionStringFault(new Secret(given), service);
      for (const value of partsOf(given).values())
        if (value.length >= 20) assert.ok(!fault?.includes(value), `the fault quotes "${value}"`);
    }),
  );
});
