import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import {
  findSetting,
  hasSetting,
  mergeSettings,
  overlapFaults,
  plainLayer,
  resolveText,
  secretLayer,
} from '../../src/core/settings.ts';
import { parseLocalSettings, parseSettingLines, toSecrets } from '../../src/core/settings-text.ts';
import { faultsOf } from './faults.ts';

const plainInput = { input: 'settings', secret: false };
const secretInput = { input: 'secret-settings', secret: true };

const lineCases = [
  { name: 'keeps everything after the first "="', given: 'A=b=c==', expected: { A: 'b=c==' } },
  { name: 'takes Windows line ends', given: 'A=1\r\nB=2\r\n', expected: { A: '1', B: '2' } },
  { name: 'skips blank lines and comments', given: '\n  \n# A=1\nB=2', expected: { B: '2' } },
  { name: 'takes an empty value', given: 'A=', expected: { A: '' } },
  {
    name: 'takes the names that Kubernetes takes',
    given: '_a-b.C=1\nAzureWebJobs.f.Disabled=1',
    expected: { '_a-b.C': '1', 'AzureWebJobs.f.Disabled': '1' },
  },
  { name: 'keeps white space of a value', given: 'A= x ', expected: { A: ' x ' } },
];

for (const { name, given, expected } of lineCases) {
  test(`a list of settings ${name}`, () => {
    assert.deepEqual(Object.fromEntries(parseSettingLines(given, plainInput)), expected);
  });
}

test('faulty lines are reported together, by number and without values', async () => {
  const faults = await faultsOf(() => parseSettingLines('hush\n1A=hush\nA:B=hush\n=hush\nC=hush\nC=hush', secretInput));
  assert.deepEqual(faults, [
    'Line 1 of input "secret-settings" has no "=". Write NAME=value, one setting a line; a value cannot go over several lines.',
    'Line 2 of input "secret-settings" has a name that is no name for an environment variable. Use letters, digits, "_", "-" and ".", no digit first.',
    'Line 3 of input "secret-settings" has a name that contains ":", which no environment variable may. Write "__" instead.',
    'Line 4 of input "secret-settings" has a name that is empty. Write NAME=value.',
    'Line 6 of input "secret-settings" names "C" a second time. Keep one of them.',
  ]);
});

test('a wrong name is shown for settings that are not secret', async () => {
  const [fault] = await faultsOf(() => parseSettingLines('a b=1', plainInput));
  assert.match(fault ?? '', /Got "a b"\.$/);
});

test('any map of settings comes back from its lines', () => {
  const name = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_.-]{0,20}$/);
  const value = fc.string().map(text => text.replace(/[\r\n]/g, ''));
  fc.assert(
    fc.property(
      fc.dictionary(name, value, { noNullPrototype: true }),
      fc.constantFrom('\n', '\r\n'),
      (values, lineEnd) => {
        const given = new Map(Object.entries(values).filter(([key]) => key !== '__proto__'));
        const text = [...given].map(([key, one]) => `${key}=${one}`).join(lineEnd);
        assert.deepEqual(parseSettingLines(text, plainInput), given);
      },
    ),
    { seed: 1, numRuns: 200 },
  );
});

test('no text makes the lines fail with anything but a UserError, and a secret value is never shown', async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: 'binary' }), async text => {
      const faults = await faultsOf(() => parseSettingLines(`${text}\n!=TOPSECRET`, secretInput));
      assert.ok(faults.every(fault => !fault.includes('TOPSECRET')));
    }),
    { seed: 1, numRuns: 200 },
  );
});

test('local.settings.json gives secrets, apart from public names', () => {
  const text = `{ // written by the tools
    "IsEncrypted": false,
    "Values": { "FUNCTIONS_WORKER_RUNTIME": "node", "Conn": "x;y", "Count": 5, "On": true, },
    "ConnectionStrings": { "Db": { "ConnectionString": "s", "ProviderName": "p" } }
  }`;
  const { plain, secret } = parseLocalSettings(text, 'local.settings.json');
  assert.deepEqual(Object.fromEntries(plain), { FUNCTIONS_WORKER_RUNTIME: 'node' });
  const revealed = Object.fromEntries([...secret].map(([name, value]) => [name, value.reveal()]));
  assert.deepEqual(revealed, { Conn: 'x;y', Count: '5', On: 'true', ConnectionStrings__Db: 's' });
});

const localFaults = [
  {
    name: 'that is encrypted',
    given: '{"IsEncrypted": true, "Values": {}}',
    expected: ['l.json:1:17: The settings are encrypted. Run "func settings decrypt" where they were written.'],
  },
  {
    name: 'with the storage emulator and a bad name',
    given: '{"Values": {"AzureWebJobsStorage": "UseDevelopmentStorage=true", "a:b": "hush", "c": []}}',
    expected: [
      'l.json:1:36: Setting "AzureWebJobsStorage" is "UseDevelopmentStorage=true", which no pod can reach. Give the real one in "secret-settings", and take it out of the file.',
      'l.json:1:73: Setting "a:b" contains ":", which no environment variable may. Write "__" instead.',
      'l.json:1:86: Setting "c" is no text, number or boolean. Write its value in quotes.',
    ],
  },
  {
    name: 'that is no JSON',
    given: '{"Values": {"a": hush}}',
    expected: [
      'l.json:1:18: The file is not JSON. A JSON value is expected here: a number, true, false, null or a text in double quotes.',
    ],
  },
  { name: 'that is a list', given: '[]', expected: ['l.json: The file is no JSON object. Write {"Values": {…}}.'] },
];

for (const { name, given, expected } of localFaults) {
  test(`a local.settings.json ${name} is refused with its cure`, async () => {
    assert.deepEqual(await faultsOf(() => parseLocalSettings(given, 'l.json')), expected);
  });
}

test('a setting that is given elsewhere is not looked at in local.settings.json', () => {
  const text = '{"Values": {"AzureWebJobsStorage": "UseDevelopmentStorage=true"}}';
  assert.equal(parseLocalSettings(text, 'l.json', new Set(['AzureWebJobsStorage'])).secret.size, 0);
});

test('a later layer wins, whether it is secret or not', () => {
  const settings = mergeSettings([
    plainLayer({ A: '1', B: '1' }),
    secretLayer(toSecrets(new Map([['A', '2']]))),
    plainLayer({ C: '3' }),
  ]);
  assert.deepEqual(
    [...settings.plain],
    [
      ['B', '1'],
      ['C', '3'],
    ],
  );
  assert.equal(settings.secret.get('A')?.reveal(), '2');
});

test('a name that is setting and secret at once is a fault', () => {
  assert.equal(overlapFaults(new Map([['A', '1']]), new Map([['A', '2']])).length, 1);
});

const known = { kind: 'Secret', name: 's', keys: new Map([['InSecret', 'hash']]) } as const;
const unknown = { kind: 'ConfigMap', name: 'c' } as const;
const settings = mergeSettings(
  [
    plainLayer({ Queue: 'orders', Env: 'dev', Con__accountName: 'acc' }),
    secretLayer(toSecrets(new Map([['Hidden', 'x']]))),
  ],
  [known],
);
const open = { ...settings, sources: [known, unknown] };

const resolutions = [
  {
    name: 'replaces every name, whatever its case',
    given: '%queue%-%Env%',
    within: settings,
    expected: { kind: 'text', text: 'orders-dev', secret: [] },
  },
  {
    name: 'tells which settings were secret',
    given: 'a%Hidden%',
    within: settings,
    expected: { kind: 'text', text: 'ax', secret: ['Hidden'] },
  },
  {
    name: 'leaves single percent signs',
    given: '5% of 10%',
    within: settings,
    expected: { kind: 'text', text: '5% of 10%', secret: [] },
  },
  {
    name: 'names the missing settings',
    given: '%No%-%Nor%-%No%',
    within: settings,
    expected: { kind: 'missing', names: ['No', 'Nor'] },
  },
  {
    name: 'cannot read an existing object',
    given: '%InSecret%',
    within: settings,
    expected: { kind: 'hidden', names: ['InSecret'] },
  },
  {
    name: 'does not call missing what an unread object may have',
    given: '%No%',
    within: open,
    expected: { kind: 'hidden', names: ['No'] },
  },
];

for (const { name, given, within, expected } of resolutions) {
  test(`resolving a text ${name}`, () => assert.deepEqual(resolveText(within, given), expected));
}

test('a setting is found by exact name first, and ":" is "__"', () => {
  const both = mergeSettings([plainLayer({ name: 'a', NAME: 'b', A__B: 'c' })]);
  assert.equal(findSetting(both, 'NAME').kind === 'value' && hasSetting(both, 'Name'), true);
  assert.deepEqual(findSetting(both, 'a:b'), { kind: 'value', name: 'A__B', value: 'c', secret: false });
});
