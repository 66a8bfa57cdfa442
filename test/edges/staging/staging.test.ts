import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { openStaging, removeLeftovers } from '../../../src/edges/staging.ts';

async function temporary(context: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'staging-'));
  context.after(() => rm(path, { recursive: true, force: true }));
  return path;
}

/** Another run that opens a folder in `parent`, writes into it and says its path. */
async function otherRun(context: TestContext, parent: string) {
  const module = join(import.meta.dirname, '../../../src/edges/staging.ts');
  const script = `const { openStaging } = await import(${JSON.stringify(module)});
    const { path } = await openStaging({ RUNNER_TEMP: ${JSON.stringify(parent)} });
    process.stdout.write(path); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const kill = async () => {
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  };
  context.after(() => (child.exitCode ?? child.signalCode) === null && kill());
  const [path] = await once(child.stdout, 'data');
  await writeFile(join(String(path), 'config.json'), '{}');
  return { path: String(path), kill };
}

test('removes the folder of a run that was killed, and only then', async context => {
  const parent = await temporary(context);
  const { path, kill } = await otherRun(context, parent);
  assert.deepEqual(await removeLeftovers({ RUNNER_TEMP: parent }), []);
  assert.ok(existsSync(path));
  await kill();
  assert.deepEqual(await removeLeftovers({ RUNNER_TEMP: parent }), [path]);
  assert.ok(!existsSync(path));
});

test('leaves its own folder and what others have put beside it', async context => {
  const parent = await temporary(context);
  await using own = await openStaging({ RUNNER_TEMP: parent });
  const others = ['aks-functions-lab-abc123', 'aks-functions-1-4194304-abcdef', 'aks-functions-123456', 'work'];
  for (const name of others) await mkdir(join(parent, name));
  assert.deepEqual(await removeLeftovers({ RUNNER_TEMP: parent }), []);
  for (const path of [own.path, ...others.map(name => join(parent, name))]) assert.ok(existsSync(path), path);
});

test('is content with a temporary folder that is not there', async context => {
  assert.deepEqual(await removeLeftovers({ RUNNER_TEMP: join(await temporary(context), 'none') }), []);
});
