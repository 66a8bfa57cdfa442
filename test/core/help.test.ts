import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commandRows } from '../../src/core/commands-table.ts';
import { commandHelp, firstSentence, overviewHelp } from '../../src/core/help.ts';

const available = Object.entries(commandRows).filter(([, row]) => !row.later);

test('the overview names every command', () => {
  const help = overviewHelp();
  assert.deepEqual(
    Object.keys(commandRows).filter(name => !help.includes(`\n  ${name} `)),
    [],
  );
});

for (const [name, { inputs, own }] of available) {
  test(`the help of ${name} names every flag it takes, in lines of at most 100 characters`, () => {
    const help = commandHelp(name);
    const missing = [...inputs, ...Object.keys(own)].filter(flag => !new RegExp(`^  --${flag}\\b`, 'm').test(help));
    assert.deepEqual(missing, []);
    assert.deepEqual(
      help.split('\n').filter(line => line.length > 100),
      [],
    );
  });
}

test('the help says which flag gives one line of a list', () => {
  assert.match(commandHelp('deploy'), /--setting=LINE gives one line and may be repeated/);
});

test('a name that is no command has no help', () => {
  assert.throws(() => commandHelp('constructor'), RangeError);
});

test('the first sentence ends where the next one begins, not at a dot inside a word', () => {
  assert.equal(
    firstSentence('Path of "aks-functions.yml" in the app. Optional.'),
    'Path of "aks-functions.yml" in the app.',
  );
  assert.equal(firstSentence('No full stop'), 'No full stop');
});
