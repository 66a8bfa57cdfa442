import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { appendFile, chmod, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { unpackTar } from 'modern-tar';
import { AppFolder } from '../../../src/edges/workspace/app-folder.ts';
import { headerBlocks } from '../../../src/edges/workspace/tar.ts';
import { recordingLog, writeApp } from '../../support/registry-app.ts';

const signal = new AbortController().signal;
const long = `${'deep/'.repeat(30)}file with ünïcode.txt`;

async function tarOfApp(path: string): Promise<Buffer> {
  const folder = new AppFolder({ directory: path, log: recordingLog(), environment: {} });
  await using staged = await folder.stage({ kind: 'none' }, signal);
  const pieces: Buffer[] = [];
  for await (const piece of staged.tar(signal)) pieces.push(Buffer.from(piece));
  return Buffer.concat(pieces);
}

describe('tar of an app', () => {
  it('holds files, folders and links without owner and time', async () => {
    await using app = await writeApp({ 'b.sh': '#!/bin/sh', 'a/x.js': 'x' });
    await chmod(join(app.path, 'b.sh'), 0o700);
    await symlink('b.sh', join(app.path, 'link'));
    const entries = (await unpackTar(await tarOfApp(app.path))).map(({ header, data }) => [
      header.name,
      header.mode?.toString(8),
      header.type,
      header.mtime?.getTime(),
      header.uid,
      header.linkname || undefined,
      data && Buffer.from(data).toString(),
    ]);
    assert.deepEqual(entries, [
      ['home/site/wwwroot/', '755', 'directory', 0, 0, undefined, undefined],
      ['home/site/wwwroot/a/', '755', 'directory', 0, 0, undefined, undefined],
      ['home/site/wwwroot/a/x.js', '644', 'file', 0, 0, undefined, 'x'],
      ['home/site/wwwroot/b.sh', '755', 'file', 0, 0, undefined, '#!/bin/sh'],
      ['home/site/wwwroot/host.json', '644', 'file', 0, 0, undefined, '{"version":"2.0"}'],
      ['home/site/wwwroot/link', '777', 'symlink', 0, 0, 'b.sh', undefined],
    ]);
  });

  it('has the same bytes at every call, to the last', async () => {
    await using app = await writeApp({ 'a.bin': Buffer.alloc(200_000, 1), [long]: 'x' });
    await using other = await writeApp({ [long]: 'x', 'a.bin': Buffer.alloc(200_000, 1) });
    assert.deepEqual(await tarOfApp(app.path), await tarOfApp(other.path));
  });

  it('keeps its bytes between versions, so that no image is built again for nothing', async () => {
    await using app = await writeApp({ 'a.js': 'a', [long]: 'x' });
    const digest = createHash('sha256')
      .update(await tarOfApp(app.path))
      .digest('hex');
    assert.equal(digest, '5eb40e181f691f36faed1086b22ab9bf0860398d08f328860a1b23779727f9a7');
  });

  it('with hard names is read by another tar', async () => {
    const names = [
      long,
      'ümlaut.txt',
      `${'n'.repeat(99)}`,
      `${'m'.repeat(100)}`,
      `${'d'.repeat(120)}/e`,
      'sp ace',
      '-dash',
      `${'ä'.repeat(60)}.txt`,
    ];
    await using app = await writeApp(Object.fromEntries(names.map(name => [name, name])));
    const listed = execFileSync('tar', ['--list', '--quoting-style=literal', '--file=-'], {
      input: await tarOfApp(app.path),
      encoding: 'utf8',
    });
    const files = listed.split('\n').filter(line => line !== '' && !line.endsWith('/'));
    assert.deepEqual(files.sort(), [...names, 'host.json'].map(name => `home/site/wwwroot/${name}`).sort());
  });

  it('tells sizes beyond eight gibibytes', async () => {
    const blocks = headerBlocks({ name: 'big', type: '0', mode: 0o644, size: 10 * 1024 ** 3, target: '' });
    assert.match(blocks.toString('latin1'), /20 size=10737418240\n/);
  });

  it('fails when a file grows while it is read', async () => {
    await using app = await writeApp({ 'a.bin': Buffer.alloc(200_000) });
    const folder = new AppFolder({ directory: app.path, log: recordingLog(), environment: {} });
    await using staged = await folder.stage({ kind: 'none' }, signal);
    await appendFile(join(app.path, 'a.bin'), 'more');
    const read = async () => {
      for await (const _ of staged.tar(signal));
    };
    await assert.rejects(read(), { name: 'UserError', message: /"a\.bin" changed while it was being read/ });
  });
});
