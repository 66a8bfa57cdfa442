import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

const runner = join(import.meta.dirname, '../../scripts/run.mjs');

describe('the runner of tasks', () => {
  let repository: string;

  before(async () => {
    repository = await mkdtemp(join(tmpdir(), 'aks-functions-run-'));
    for (const folder of ['scripts', 'node_modules']) await mkdir(join(repository, folder));
    await copyFile(runner, join(repository, 'scripts', 'run.mjs'));
    const lock = '{}';
    await writeFile(join(repository, 'package-lock.json'), lock);
    await writeFile(
      join(repository, 'node_modules', '.installed-lock'),
      createHash('sha256').update(lock).digest('hex'),
    );
  });
  after(() => rm(repository, { recursive: true }));

  async function start(task: string, script: string) {
    await writeFile(join(repository, 'scripts', 'build.ts'), script);
    const child = spawn(process.execPath, [join(repository, 'scripts', 'run.mjs'), task, 'one', 'two'], {
      stdio: 'pipe',
    });
    const said: string[] = [];
    child.stderr.setEncoding('utf8').on('data', (piece: string) => said.push(piece));
    return { child, said };
  }

  test('passes arguments to the task, and its exit code on', async () => {
    const { child } = await start('build', 'process.exit(process.argv.slice(2).join() === "one,two" ? 3 : 4);');
    assert.deepEqual(await once(child, 'close'), [3, null]);
  });

  test('passes signals on, and ends by the signal that ended the task', async () => {
    const { child } = await start('build', 'console.log("up"); setInterval(() => undefined, 1000);');
    await once(child.stdout, 'data');
    child.kill('SIGTERM');
    assert.deepEqual(await once(child, 'close'), [null, 'SIGTERM']);
  });

  test('names the tasks there are when asked for another', async () => {
    const { child, said } = await start('deploy', '');
    assert.deepEqual(await once(child, 'close'), [1, null]);
    assert.match(said.join(''), /^Task "deploy" is not known\. Use one of: demo, lab, test, bench, build\b/);
  });
});
