import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Flags, parseFlags } from '../../src/core/flags.ts';
import { UsageError } from '../../src/errors.ts';

const rules = {
  inputs: ['app-directory', 'name', 'settings', 'wait', 'min-replicas', 'tags'],
  own: { format: { value: true }, 'include-secrets': { value: false } },
} as const;

const accepted: readonly {
  readonly name: string;
  readonly given: readonly string[];
  readonly expected: Readonly<Record<string, string>>;
}[] = [
  { name: 'a folder', given: ['shop'], expected: { 'app-directory': 'shop' } },
  { name: 'a value after a space', given: ['--name', 'orders'], expected: { name: 'orders' } },
  { name: 'a value after an equals sign', given: ['--name=orders'], expected: { name: 'orders' } },
  { name: 'a switch', given: ['--wait', 'shop'], expected: { wait: 'true', 'app-directory': 'shop' } },
  { name: 'a switch with a value', given: ['--wait=false'], expected: { wait: 'false' } },
  { name: 'a switch that is turned off', given: ['--no-wait'], expected: { wait: 'false' } },
  { name: 'settings one by one', given: ['--setting', 'A=1', '--setting=B=2=3'], expected: { settings: 'A=1\nB=2=3' } },
];

for (const { name, given, expected } of accepted) {
  test(`reads ${name}`, () => assert.deepEqual(Object.fromEntries(parseFlags(given, rules).inputs), expected));
}

const refused = [
  {
    name: 'an unknown flag and names the nearest',
    given: ['--nam', 'x'],
    part: 'Flag "--nam" is unknown here. Did you mean "--name"?',
  },
  { name: 'a flag given twice', given: ['--name=a', '--name=b'], part: 'Flag "--name" is given twice.' },
  { name: 'a flag without its value', given: ['--min-replicas'], part: 'Flag "--min-replicas" needs a value.' },
  { name: 'two folders', given: ['one', 'two'], part: 'Argument "two" is one too many.' },
] as const;

for (const { name, given, part } of refused) {
  test(`refuses ${name}`, () =>
    assert.throws(
      () => parseFlags(given, rules),
      error => error instanceof UsageError && error.message.startsWith(part),
    ));
}

test('refuses a secret as a flag and names its environment variable', () => {
  const secret = { inputs: ['registry-password'], own: {} } as const;
  assert.throws(
    () => parseFlags(['--registry-password=geheim'], secret),
    error =>
      error instanceof UsageError &&
      error.message.includes('AKS_FUNCTIONS_REGISTRY_PASSWORD') &&
      !error.message.includes('geheim'),
  );
});

test('reports all faults at once', () => {
  assert.throws(
    () => parseFlags(['--x=1', '--y=2'], rules),
    error => error instanceof UsageError && error.faults.length === 2,
  );
});

test('keeps the flags of the command apart from the inputs', () => {
  const flags: Flags = parseFlags(['--format', 'json', '--include-secrets'], rules);
  assert.deepEqual([flags.own.get('format'), flags.own.has('include-secrets'), flags.inputs.size], ['json', true, 0]);
});

test('asks for help whatever else is wrong', () => {
  assert.equal(parseFlags(['--help', '--nonsense'], rules).help, true);
});
