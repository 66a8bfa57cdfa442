import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
  assert.deepEqual(new Set(masked), new Set([given, 'canary-token']));
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

test('reads the files that a kubeconfig names beside it, and masks the key', async context => {
  const folder = await mkdtemp(join(tmpdir(), 'kubeconfig-'));
  context.after(() => rm(folder, { recursive: true }));
  const path = join(folder, 'config');
  await writeFile(path, kubeconfigOf({ cluster: ', certificate-authority: ca.crt', user: 'client-key: own.key' }));
  const missing = open(path);
  await assert.rejects(
    missing,
    error => error instanceof UsageError && error.message.includes(`names the file "${join(folder, 'ca.crt')}"`),
  );
  await writeFile(join(folder, 'ca.crt'), 'canary-authority');
  await writeFile(join(folder, 'own.key'), 'canary-key');
  const masked: string[] = [];
  await open(path, masked).catch(() => undefined);
  assert.deepEqual(masked, ['canary-key']);
});

test('hands on the current context alone, with the credential itself', async () => {
  const status = { token: 'canary-of-the-command' };
  const args = JSON.stringify(['-e', `console.log(${JSON.stringify(JSON.stringify({ status }))})`]);
  const command = `exec: { apiVersion: v1, command: ${JSON.stringify(process.execPath)}, args: ${args} }`;
  const kubeconfig = kubeconfigOf({ cluster: ', tls-server-name: api.test', user: command }).replace(
    'users: [',
    'users: [{ name: other, user: { token: canary-of-another } }, ',
  );
  const handed: string[] = [];
  const { dispatcher } = await openConnection({
    kubeconfig,
    signal: new AbortController().signal,
    mask: () => {},
    handOn: async text => void handed.push(text.reveal()),
  });
  await dispatcher.close();
  assert.deepEqual(JSON.parse(handed.join()), {
    ...{ apiVersion: 'v1', kind: 'Config', preferences: {}, 'current-context': 'lab' },
    clusters: [
      {
        name: 'lab',
        cluster: { server: 'https://127.0.0.1:1', 'tls-server-name': 'api.test', 'insecure-skip-tls-verify': false },
      },
    ],
    contexts: [{ name: 'lab', context: { name: 'lab', cluster: 'lab', user: 'lab' } }],
    users: [{ name: 'lab', user: { token: 'canary-of-the-command' } }],
  });
});
