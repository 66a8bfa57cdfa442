import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { it } from 'node:test';
import { writeApp } from '../support/registry-app.ts';
import { addBaseImage } from '../support/registry-base.ts';
import { RegistryServer } from '../support/registry-server.ts';

const mebibyte = 1024 ** 2;

// Beyond what the same process needs for a tiny app, which is mostly Node itself and its reading of TypeScript.
const allowance = 60;

it('an app of 200 MB is streamed: it needs little more memory than a tiny one', async () => {
  await using server = await RegistryServer.start({ forgetful: true });
  addBaseImage(server, 'base/node', '4');
  await using tiny = await writeApp();
  await using large = await writeApp();
  await pipeline(Readable.from(pieces(200)), createWriteStream(join(large.path, 'data.bin')));
  const small = await peakOf(server.host, tiny.path);
  const big = await peakOf(server.host, large.path);
  const stored = Math.max(...[...server.blobs.values()].map(blob => blob.size));
  assert.ok(stored > 150 * mebibyte, `only ${stored} bytes were stored`);
  assert.ok(big - small < allowance, `${big} MiB for 200 MB, ${small} MiB for a tiny app`);
});

// Hard to compress and cheap to make.
async function* pieces(count: number): AsyncIterable<Buffer> {
  const { randomBytes } = await import('node:crypto');
  for (let index = 0; index < count; index += 1) yield randomBytes(mebibyte);
}

/** Peak memory in MiB of a process that builds the app. */
async function peakOf(host: string, app: string): Promise<number> {
  const program = join(import.meta.dirname, '../support/registry-build-main.ts');
  const child = spawn(process.execPath, [program, host, app], { stdio: ['ignore', 'pipe', 'inherit'] });
  return Number(await text(child.stdout));
}
