import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { lockOf } from './lock.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'aks-functions-lock-'));
});
afterEach(() => rm(dir, { recursive: true }));

test('lets one in at a time', async () => {
  const path = join(dir, 'lock');
  const order: string[] = [];
  const enter = async (name: string) => {
    await using _lock = await lockOf(path, () => order.push(`${name} waits`));
    order.push(`${name} in`);
    await new Promise(setImmediate);
    order.push(`${name} out`);
  };
  await Promise.all(['a', 'b'].map(enter));
  const passages = order.filter(step => !step.endsWith('waits')).map(step => step.split(' ')[1]);
  assert.deepEqual(passages, ['in', 'out', 'in', 'out']);
  assert.deepEqual(await readdir(dir), []);
});

test('takes over from a process that is gone', async () => {
  const child = spawn(process.execPath, ['--version'], { stdio: 'ignore' });
  await once(child, 'exit');
  const path = join(dir, 'lock');
  await writeFile(path, `${child.pid} 1`);
  await using _lock = await lockOf(path, () => assert.fail('waited for nobody'));
});

test('takes over when the id of the owner belongs to another process now', {
  skip: process.platform !== 'linux',
}, async () => {
  const path = join(dir, 'lock');
  await writeFile(path, `${process.pid} 1`);
  await using _lock = await lockOf(path, () => assert.fail('waited for a stranger'));
});
