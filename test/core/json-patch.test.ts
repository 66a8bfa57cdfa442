import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { jsonPatch, mergePatch, PatchFault, type PatchOperation } from '../../src/core/json-patch.ts';

/** The examples of RFC 7396, appendix A. */
const merges: readonly (readonly [string, string, string])[] = [
  ['{"a":"b"}', '{"a":"c"}', '{"a":"c"}'],
  ['{"a":"b"}', '{"b":"c"}', '{"a":"b","b":"c"}'],
  ['{"a":"b"}', '{"a":null}', '{}'],
  ['{"a":"b","b":"c"}', '{"a":null}', '{"b":"c"}'],
  ['{"a":["b"]}', '{"a":"c"}', '{"a":"c"}'],
  ['{"a":"c"}', '{"a":["b"]}', '{"a":["b"]}'],
  ['{"a":{"b":"c"}}', '{"a":{"b":"d","c":null}}', '{"a":{"b":"d"}}'],
  ['{"a":[{"b":"c"}]}', '{"a":[1]}', '{"a":[1]}'],
  ['["a","b"]', '["c","d"]', '["c","d"]'],
  ['{"a":"b"}', '["c"]', '["c"]'],
  ['{"a":"foo"}', 'null', 'null'],
  ['{"a":"foo"}', '"bar"', '"bar"'],
  ['{"e":null}', '{"a":1}', '{"e":null,"a":1}'],
  ['[1,2]', '{"a":"b","c":null}', '{"a":"b"}'],
  ['{}', '{"a":{"bb":{"ccc":null}}}', '{"a":{"bb":{}}}'],
];

for (const [given, patch, expected] of merges) {
  test(`merge patch ${patch} of ${given} gives ${expected}`, () => {
    assert.deepEqual(mergePatch(JSON.parse(given), JSON.parse(patch)), JSON.parse(expected));
  });
}

/** Examples of RFC 6902, appendix A, and of its rules about pointers and lists. */
const patches: readonly { given: unknown; patch: readonly PatchOperation[]; expected: unknown }[] = [
  { given: { foo: 'bar' }, patch: [{ op: 'add', path: '/baz', value: 'q' }], expected: { foo: 'bar', baz: 'q' } },
  {
    given: { foo: ['a', 'c'] },
    patch: [{ op: 'add', path: '/foo/1', value: 'b' }],
    expected: { foo: ['a', 'b', 'c'] },
  },
  { given: { baz: 'q', foo: 'bar' }, patch: [{ op: 'remove', path: '/baz' }], expected: { foo: 'bar' } },
  { given: { foo: ['a', 'b', 'c'] }, patch: [{ op: 'remove', path: '/foo/1' }], expected: { foo: ['a', 'c'] } },
  { given: { baz: 'q' }, patch: [{ op: 'replace', path: '/baz', value: null }], expected: { baz: null } },
  {
    given: { a: { x: 1, w: 'f' }, q: { c: 'g' } },
    patch: [{ op: 'move', from: '/a/w', path: '/q/t' }],
    expected: { a: { x: 1 }, q: { c: 'g', t: 'f' } },
  },
  {
    given: { foo: ['a', 'b', 'c', 'd'] },
    patch: [{ op: 'move', from: '/foo/1', path: '/foo/3' }],
    expected: { foo: ['a', 'c', 'd', 'b'] },
  },
  { given: { foo: ['a', 2] }, patch: [{ op: 'test', path: '/foo', value: ['a', 2] }], expected: { foo: ['a', 2] } },
  {
    given: { foo: 'bar' },
    patch: [
      { op: 'add', path: '/child', value: { g: {} } },
      { op: 'copy', from: '/child', path: '/other', xyz: 1 },
    ],
    expected: { foo: 'bar', child: { g: {} }, other: { g: {} } },
  },
  {
    given: { '/': 9, '~1': 10 },
    patch: [
      { op: 'test', path: '/~01', value: 10 },
      { op: 'replace', path: '/~1', value: 8 },
    ],
    expected: { '/': 8, '~1': 10 },
  },
  {
    given: { foo: ['bar'] },
    patch: [{ op: 'add', path: '/foo/-', value: ['abc'] }],
    expected: { foo: ['bar', ['abc']] },
  },
  { given: { foo: 1 }, patch: [{ op: 'add', path: '/', value: 2 }], expected: { foo: 1, '': 2 } },
  { given: { foo: 1 }, patch: [{ op: 'replace', path: '', value: [] }], expected: [] },
  { given: { foo: 1 }, patch: [{ op: 'move', from: '/foo', path: '/foo' }], expected: { foo: 1 } },
  {
    given: {},
    patch: [{ op: 'add', path: '/__proto__', value: { polluted: true } }],
    expected: JSON.parse('{"__proto__":{"polluted":true}}'),
  },
];

for (const { given, patch, expected } of patches) {
  test(`JSON patch ${JSON.stringify(patch)} of ${JSON.stringify(given)}`, () => {
    const before = JSON.stringify(given);
    assert.deepEqual(jsonPatch(given, patch), expected);
    assert.equal(JSON.stringify(given), before);
    assert.equal('polluted' in {}, false);
  });
}

const refused: readonly { given: unknown; patch: PatchOperation; expected: RegExp }[] = [
  {
    given: { foo: 'bar' },
    patch: { op: 'add', path: '/baz/bat', value: 1 },
    expected: /names "\/baz", which the object does not have/,
  },
  { given: { foo: ['a'] }, patch: { op: 'add', path: '/foo/2', value: 1 }, expected: /the list there has 1 items/ },
  { given: { foo: ['a'] }, patch: { op: 'add', path: '/foo/01', value: 1 }, expected: /the list there/ },
  { given: { foo: ['a'] }, patch: { op: 'remove', path: '/foo/-' }, expected: /the list there/ },
  { given: { foo: 1 }, patch: { op: 'remove', path: '/bar' }, expected: /does not have/ },
  { given: { foo: 1 }, patch: { op: 'replace', path: '/toString', value: 1 }, expected: /does not have/ },
  { given: { foo: 1 }, patch: { op: 'test', path: '/foo', value: '1' }, expected: /finds another value at "\/foo"/ },
  { given: { foo: { a: 1 } }, patch: { op: 'move', from: '/foo', path: '/foo/b' }, expected: /into itself/ },
  { given: { foo: 1 }, patch: { op: 'add', path: '/bar' }, expected: /has no "value"/ },
  { given: { foo: 1 }, patch: { op: 'add', path: 'bar', value: 1 }, expected: /JSON pointer/ },
  { given: { foo: 1 }, patch: { op: 'copy', path: '/bar' }, expected: /needs "from"/ },
  { given: { foo: 1 }, patch: { op: 'constructor', path: '/foo' }, expected: /has the operation "constructor"/ },
  { given: { foo: 1 }, patch: { op: 'remove', path: '' }, expected: /removes the whole object/ },
];

for (const { given, patch, expected } of refused) {
  test(`JSON patch ${JSON.stringify(patch)} of ${JSON.stringify(given)} is refused`, () => {
    assert.throws(
      () => jsonPatch(given, [patch]),
      error => error instanceof PatchFault && expected.test(error.message),
    );
  });
}

test('any patch gives a value or a PatchFault', () => {
  const path = fc
    .array(fc.constantFrom('a', 'b', '0', '1', '-', '~1', '~', '__proto__', ''))
    .map(parts => parts.map(part => `/${part}`).join(''));
  const op = fc.constantFrom('add', 'remove', 'replace', 'move', 'copy', 'test', 'x');
  const operation = fc.record({ op, path, from: path, value: fc.jsonValue() }, { requiredKeys: ['op', 'path'] });
  fc.assert(
    fc.property(fc.jsonValue(), fc.array(operation, { maxLength: 5 }), (given, operations) => {
      try {
        jsonPatch(given, operations);
      } catch (error) {
        assert.ok(error instanceof PatchFault);
      }
    }),
    { seed: 1, numRuns: 500 },
  );
});
