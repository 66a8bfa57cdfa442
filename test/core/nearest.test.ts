import assert from 'node:assert/strict';
import test from 'node:test';
import { didYouMean, nearest } from '../../src/core/nearest.ts';

const candidates = ['min-replicas', 'max-replicas', 'polling-interval', 'cooldown-period', 'name', 'namespace'];

const cases = [
  { name: 'finds a word with one wrong letter', given: 'max-replices', expected: 'max-replicas' },
  { name: 'finds a word in another notation', given: 'maxReplicas', expected: 'max-replicas' },
  { name: 'finds a word with two letters swapped', given: 'nmae', expected: 'name' },
  { name: 'finds nothing for a word of its own', given: 'registry', expected: undefined },
  { name: 'finds nothing for a very long word', given: 'name'.repeat(20), expected: undefined },
];

for (const { name, given, expected } of cases) {
  test(`nearest ${name}`, () => assert.equal(nearest(given, candidates), expected));
}

test('didYouMean is a sentence or nothing', () => {
  assert.equal(didYouMean('nam', ['name']), ' Did you mean "name"?');
  assert.equal(didYouMean('xyz', ['name']), '');
});
