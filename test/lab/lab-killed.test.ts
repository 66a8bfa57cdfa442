import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';
import { exists } from './cache.ts';
import { outputOf } from './command.ts';
import { waitUntil } from './processes.ts';

const program = `
  import { startLab } from ${JSON.stringify(join(import.meta.dirname, 'lab.ts'))};
  const lab = await startLab({ profile: 'api' });
  console.log(lab.dir);
  setInterval(() => undefined, 1000);
`;

/** Starts a lab in a process of its own; gives the process and the lab's folder. */
async function labElsewhere() {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await once(child.stdout, 'data');
  return { child, dir: String(line).trim() };
}

async function isGone(dir: string): Promise<boolean> {
  return !(await exists(dir)) && !(await outputOf('ps', ['-eo', 'args'])).includes(dir);
}

for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
  test(`leaves nothing behind when its process gets ${signal}`, async () => {
    const { child, dir } = await labElsewhere();
    assert.equal(await isGone(dir), false);
    const ended = once(child, 'exit');
    child.kill(signal);
    assert.deepEqual(await ended, [null, signal]);
    await waitUntil('the lab is gone', () => isGone(dir));
  });
}
