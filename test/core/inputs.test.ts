import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDeployInputs, parseScaleTestInputs } from '../../src/core/inputs/inputs.ts';
import { parseDuration } from '../../src/core/inputs/reader.ts';
import { UsageError } from '../../src/errors.ts';

const enough = { kubeconfig: '/tmp/kubeconfig', registry: 'shop.azurecr.io' };

function faultsOf(given: Readonly<Record<string, string>>): readonly string[] {
  try {
    parseDeployInputs(new Map(Object.entries(given)));
    return [];
  } catch (error) {
    assert(error instanceof UsageError);
    return error.faults.map(fault => fault.message);
  }
}

const durations = [
  { given: '90s', expected: 90 },
  { given: '10m', expected: 600 },
  { given: '1h', expected: 3600 },
  { given: '3d', expected: 259_200 },
  { given: '45', expected: 45 },
  { given: '1.5h', expected: undefined },
  { given: '', expected: undefined },
  { given: '10 minutes', expected: undefined },
] as const;

for (const { given, expected } of durations) {
  test(`reads the duration "${given}" as ${expected ?? 'none'}`, () => assert.equal(parseDuration(given), expected));
}

const faulty = [
  {
    name: 'a name that no object can have',
    given: { name: 'My_App' },
    part: 'Input "name" must have 1 to 40 characters',
  },
  {
    name: 'a duration without a meaning',
    given: { timeout: 'soon' },
    part: 'Input "timeout" must be a duration such as "90s", "10m" or "1h", got "soon".',
  },
  {
    name: 'a number that is none',
    given: { 'max-replicas': 'many' },
    part: 'Input "max-replicas" must be a whole number from 1 to 1000, got "many".',
  },
  {
    name: 'a boolean of another language',
    given: { wait: 'yes' },
    part: 'Input "wait" must be "true" or "false", got "yes".',
  },
  {
    name: 'a choice that does not exist',
    given: { verify: 'all' },
    part: 'Input "verify" must be one of none, ready, loaded, got "all".',
  },
  {
    name: 'a password without a user',
    given: { 'registry-password': 'geheim' },
    part: 'Input "registry-username" is missing',
  },
  { name: 'an input of a later version', given: { preview: '12' }, part: 'Input "preview" is not available yet.' },
  {
    name: 'a mode of a later version',
    given: { mode: 'plan' },
    part: 'Input "mode" with the value "plan" is not available yet.',
  },
] as const;

for (const { name, given, part } of faulty) {
  test(`refuses ${name} and says what to do`, () => {
    const faults = faultsOf({ ...enough, ...given });
    assert.equal(faults.length, 1);
    assert(faults[0]?.startsWith(part), faults[0]);
  });
}

test('reports every faulty input at once', () => {
  const faults = faultsOf({ ...enough, name: 'A', timeout: 'x', 'min-replicas': '-1' });
  assert.equal(faults.length, 3);
});

test('says what is missing when nothing is given', () => {
  assert.deepEqual(
    faultsOf({}).map(fault => fault.split(' ').slice(0, 3).join(' ')),
    ['Inputs "cluster" and', 'Inputs "registry" and'],
  );
});

test('never repeats a secret in a fault', () => {
  assert(
    !faultsOf({ ...enough, 'registry-password': 'geheim', timeout: 'x' })
      .join()
      .includes('geheim'),
  );
});

test('leaves what the file may give open when the input is absent', () => {
  const inputs = parseDeployInputs(new Map(Object.entries({ ...enough, 'max-replicas': '' })));
  assert.deepEqual([inputs.maxReplicas, inputs.expose, inputs.name], [undefined, undefined, undefined]);
});

test('takes the message body with its white space', () => {
  const inputs = parseScaleTestInputs(
    new Map([
      ['kubeconfig', 'x'],
      ['message-body', '  {n} '],
    ]),
  );
  assert.equal(inputs.messageBody, '  {n} ');
});
