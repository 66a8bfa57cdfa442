import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chooseQueueFunction, encodeMessage, queueOf } from '../../src/core/queue-function.ts';
import { Secret } from '../../src/core/secret.ts';
import { mergeSettings, noSettings, plainLayer, secretLayer } from '../../src/core/settings.ts';
import { functionWith, projectOf } from '../support/project.ts';

const pack = functionWith('pack', { type: 'queueTrigger', queueName: '%QUEUE%', connection: 'Store' });
const ship = functionWith('ship', { type: 'queueTrigger', queueName: 'out', connection: 'Store' });
const greet = functionWith('greet', { type: 'httpTrigger' });
const connection = 'AccountName=shop;AccountKey=c2VjcmV0';
const settings = mergeSettings([
  plainLayer({ QUEUE: 'Orders' }),
  secretLayer(new Map([['Store', new Secret(connection)]])),
]);

test('takes the only queue function when none is named', () => {
  assert.equal(chooseQueueFunction(projectOf([greet, pack]), undefined).name, 'pack');
});

const refusals = [
  {
    name: 'several functions and no name',
    functions: [pack, ship],
    given: undefined,
    expected: /Input "function" is missing, and the app has several queue functions\. Choose one of "pack", "ship"\./,
  },
  {
    name: 'a misspelt name',
    functions: [pack, ship],
    given: 'pakc',
    expected: /names the function "pakc", which the code does not have\. Did you mean "pack"\?/,
  },
  {
    name: 'a function of another kind',
    functions: [pack, greet],
    given: 'greet',
    expected: /Function "greet" of "function" has the trigger "httpTrigger"\. Choose one of "pack"\./,
  },
  {
    name: 'no queue function at all',
    functions: [greet],
    given: undefined,
    expected: /has no function with a storage queue trigger/,
  },
] as const;

for (const { name, functions, given, expected } of refusals) {
  test(`refuses ${name}`, () => assert.throws(() => chooseQueueFunction(projectOf(functions), given), expected));
}

test('resolves queue and connection by the settings', () => {
  const found = queueOf(pack, projectOf([pack]), settings);
  assert.equal(found.queue, 'orders');
  assert.equal(found.connection.reveal(), connection);
});

test('says at the function which setting is missing', () => {
  assert.throws(
    () => queueOf(pack, projectOf([pack]), noSettings),
    /pack\/function\.json: Key "queueName" uses the setting "QUEUE", which is not provided/,
  );
});

test('asks for a connection string where the app has an identity', () => {
  const identity = mergeSettings([plainLayer({ QUEUE: 'orders', Store__accountName: 'shop' })]);
  assert.throws(
    () => queueOf(pack, projectOf([pack]), identity),
    /Connection "Store" of function "pack" is an identity.*Give "Store" as a connection string/,
  );
});

test('encodes a message as host.json says, Base64 by default', () => {
  assert.equal(encodeMessage('a', {}), 'YQ==');
  assert.equal(encodeMessage('a', { extensions: { queues: { messageEncoding: 'none' } } }), 'a');
  assert.throws(
    () => encodeMessage('x'.repeat(50_000), {}),
    /The message is 66668 bytes long as it is sent\. A queue takes at most 65536/,
  );
});
