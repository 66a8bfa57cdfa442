import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorOf } from '../../../src/edges/cluster/status-error.ts';

function messageFor(message: string): string {
  return errorOf('apply Secret "keys"', { status: 403, headers: {}, body: JSON.stringify({ message }) }).message;
}

test('names the cure where a right is missing', () => {
  assert.match(
    messageFor('secrets "keys" is forbidden: User "x" cannot patch resource "secrets"'),
    /\. Grant this verb/,
  );
});

test("repeats the server's words alone where a policy or a quota refuses", () => {
  const said = 'secrets "keys" is forbidden: exceeded quota: small.';
  assert.equal(messageFor(said), `Could not apply Secret "keys": ${said}`);
});
