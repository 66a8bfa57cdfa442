import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Secret } from '../../../src/core/secret.ts';
import { openConnection } from '../../../src/edges/cluster/connection.ts';
import { UsageError } from '../../../src/errors.ts';

function kubeconfigOf({ cluster = '', user = 'token: canary-token' } = {}): string {
  return `apiVersion: v1
kind: Config
current-context: lab
contexts: [{ name: lab, context: { cluster: lab, user: lab } }]
clusters: [{ name: lab, cluster: { server: "https://127.0.0.1:1"${cluster} } }]
users: [{ name: lab, user: { ${user} } }]
`;
}

async function open(kubeconfig: string, masked: string[] = []) {
  const { signal } = new AbortController();
  const connection = await openConnection({
    kubeconfig,
    signal,
    mask: (secret: Secret) => masked.push(secret.reveal()),
  });
  await connection.dispatcher.close();
  return { server: connection.server, headers: await connection.headers(signal) };
}

test('takes a kubeconfig in base64, masked', async () => {
  const given = Buffer.from(kubeconfigOf()).toString('base64');
  const masked: string[] = [];
  assert.deepEqual(await open(given, masked), {
    server: 'https://127.0.0.1:1',
    headers: { Authorization: 'Bearer canary-token' },
  });
  assert.deepEqual(masked, [given, 'canary-token']);
});

test('cuts a value that is neither a file nor a kubeconfig, and masks it', async () => {
  const given = 'c2VjcmV0'.repeat(20);
  const masked: string[] = [];
  await assert.rejects(open(given, masked), error => {
    assert.ok(error instanceof UsageError);
    assert.match(error.message, /neither the text .+ got "(c2VjcmV0){4}c2VjcmV…"/);
    return true;
  });
  assert.deepEqual(masked, [given]);
});
