import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Secret } from '../../../src/core/secret.ts';
import { ExecPlugin } from '../../../src/edges/cluster/exec-plugin.ts';
import { Interrupted, UsageError } from '../../../src/errors.ts';

const running = new AbortController().signal;

function pluginOf(script: string, options: { readonly masked?: string[]; readonly deadline?: number } = {}) {
  const exec = { command: process.execPath, args: ['-e', script], env: [{ name: 'PASS', value: 'canary-password' }] };
  return new ExecPlugin(exec, (secret: Secret) => options.masked?.push(secret.reveal()), options.deadline);
}

test('gives the token that the command prints, masked', async () => {
  const masked: string[] = [];
  const plugin = pluginOf('console.log(JSON.stringify({ status: { token: "canary-token" } }))', { masked });
  assert.deepEqual(await plugin.credential(running), { token: 'canary-token' });
  assert.deepEqual(masked, ['canary-token']);
});

test('names a command that is not installed', async () => {
  const plugin = new ExecPlugin({ command: 'no-such-login' }, () => undefined);
  await assert.rejects(plugin.credential(running), {
    message:
      'The command "no-such-login" of the kubeconfig is not installed. Install it, or give a kubeconfig with a token or a client certificate.',
  });
});

test('shows the last line of a command that fails, without secrets', async () => {
  const plugin = pluginOf('console.error("first\\nno sign-in with " + process.env.PASS); process.exitCode = 3');
  await assert.rejects(
    plugin.credential(running),
    error => error instanceof UsageError && /failed \(3\): "no sign-in with \*\*\*"\. Run it/.test(error.message),
  );
});

test('says that a command printed no credential', async () => {
  await assert.rejects(pluginOf('console.log("{}")').credential(running), /printed no credential\. Run it by hand/);
});

test('ends a command that hangs', async () => {
  const plugin = pluginOf('setInterval(() => {}, 1000)', { deadline: 100 });
  await assert.rejects(plugin.credential(running), /did not end within 0\.1 s\. Choose a sign-in/);
});

test('ends the command when the run is interrupted', async () => {
  const interruption = new AbortController();
  const credential = pluginOf('setInterval(() => {}, 1000)').credential(interruption.signal);
  interruption.abort(new Interrupted('Interrupted.'));
  await assert.rejects(credential, Interrupted);
});
