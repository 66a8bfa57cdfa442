import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmod, mkdir, readdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { AppFolder } from '../../../src/edges/workspace/app-folder.ts';
import { type AppOnDisk, recordingLog, writeApp } from '../../support/registry-app.ts';

const folderOf = (app: AppOnDisk, files = 1000, bytes = 1_000_000) =>
  new AppFolder({ directory: app.path, log: recordingLog(), environment: {}, bounds: { files, bytes } });

describe('source of an app', () => {
  it('has sorted paths and the texts of source and configuration', async () => {
    await using app = await writeApp({
      'src/b.js': 'b',
      'a.py': '\uFEFFa',
      'picture.png': 'p',
      '.nvmrc': '22',
      'B.js': '',
    });
    const { paths, texts } = await folderOf(app).readSource();
    assert.deepEqual(paths, ['.nvmrc', 'B.js', 'a.py', 'host.json', 'picture.png', 'src/b.js']);
    assert.deepEqual(
      [...texts],
      [
        ['.nvmrc', '22'],
        ['B.js', ''],
        ['a.py', 'a'],
        ['host.json', '{"version":"2.0"}'],
        ['src/b.js', 'b'],
      ],
    );
  });

  it('leaves out what .funcignore says, and what no image should have', async () => {
    await using app = await writeApp({
      '.funcignore': '*.md\n!keep.md\ntest/\n',
      'a.md': '',
      'keep.md': '',
      'test/x.js': '',
      '.git/config': '',
      'local.settings.json': '{}',
      '.npmrc': 'token',
      'node_modules/x/index.js': '',
      'lib/node_modules/y.js': '',
      '__pycache__/a.pyc': '',
      'env/pyvenv.cfg': '',
      'env/bin/python': '',
      'sub/local.settings.json': '{}',
    });
    const { paths, dependencyFolders } = await folderOf(app).readSource();
    assert.deepEqual(paths, ['host.json', 'keep.md', 'sub/local.settings.json']);
    assert.deepEqual(dependencyFolders, ['node_modules']);
  });

  it('needs a host.json', async () => {
    await using app = await writeApp();
    await using folder = await writeApp({ 'inner/a.js': '' });
    await assert.rejects(folderOf({ ...app, path: join(folder.path, 'inner') }).readSource(), {
      name: 'UserError',
      message: /no "host\.json" in ".*inner"\. Set input "app-directory"/,
    });
  });

  it('needs the folder', async () => {
    const folder = new AppFolder({ directory: '/no/such/folder', log: recordingLog(), environment: {} });
    await assert.rejects(folder.readSource(), { name: 'UserError', message: /"\/no\/such\/folder" does not exist/ });
  });

  it('may have links within the folder only, and every other one is named', async () => {
    await using app = await writeApp({ 'a.js': 'a' });
    await symlink('a.js', join(app.path, 'good.js'));
    await symlink('/etc/passwd', join(app.path, 'absolute'));
    await mkdir(join(app.path, 'sub'));
    await symlink('../../other', join(app.path, 'sub/up'));
    await assert.rejects(folderOf(app).readSource(), {
      name: 'UserError',
      message: /^"absolute" is a link to "\/etc\/passwd", outside.*\n"sub\/up" is a link to "\.\.\/\.\.\/other"/,
    });
  });

  it('has the texts behind links under both paths', async () => {
    await using app = await writeApp({ 'src/a.js': 'a' });
    await symlink('src/a.js', join(app.path, 'link.js'));
    await symlink('link.js', join(app.path, 'second.js'));
    await symlink('nowhere.js', join(app.path, 'dead.js'));
    const { texts, links } = await folderOf(app).readSource();
    assert.deepEqual([texts.get('link.js'), texts.get('second.js'), texts.has('dead.js')], ['a', 'a', false]);
    assert.deepEqual(links?.get('second.js'), 'src/a.js');
  });

  it('names what is too large to be read', async () => {
    const megabytes = (count: number) => Buffer.alloc(count * 1_000_000, ' ');
    await using app = await writeApp({
      'a.js': megabytes(9),
      'b.json': megabytes(2),
      'c.bin': megabytes(9),
      'd.js': '',
    });
    const { texts, tooLarge } = await folderOf(app, 100, 50_000_000).readSource();
    assert.deepEqual([...(tooLarge ?? [])], ['a.js', 'b.json']);
    assert.deepEqual([...texts.keys()], ['d.js', 'host.json']);
  });

  it('must be files and folders', async () => {
    await using app = await writeApp();
    execFileSync('mkfifo', [join(app.path, 'pipe')]);
    await assert.rejects(folderOf(app).readSource(), { message: /"pipe" is neither a file nor a folder/ });
  });

  it('has bounds', async () => {
    await using app = await writeApp({ 'a.bin': Buffer.alloc(1000), 'b.bin': Buffer.alloc(1000) });
    await assert.rejects(folderOf(app, 2).readSource(), {
      name: 'UserError',
      message: /more than 2 files.*"\.funcignore"/,
    });
    await assert.rejects(folderOf(app, 100, 1500).readSource(), { message: /more than 0 MiB/ });
  });
});

describe('content of an app', () => {
  const signal = new AbortController().signal;
  const none = { kind: 'none' } as const;
  const files = { 'src/a.js': 'a', 'b.bin': Buffer.alloc(100_000, 7), 'node_modules/x/index.js': 'x' };

  it('has the same hash wherever and whenever it is written', async () => {
    await using one = await writeApp(files);
    await using other = await writeApp(files);
    assert.equal(await folderOf(one).hash(none, signal), await folderOf(other).hash(none, signal));
  });

  it('has another hash when a byte, a name, a mode or a vendored package differs', async () => {
    await using one = await writeApp(files);
    await using byte = await writeApp({ ...files, 'src/a.js': 'b' });
    await using name = await writeApp({ ...files, 'src/b.js': 'a' });
    await using mode = await writeApp(files);
    await chmod(join(mode.path, 'src/a.js'), 0o755);
    const hashes = await Promise.all([one, byte, name, mode].map(app => folderOf(app).hash(none, signal)));
    const vendored = await folderOf(one).hash({ kind: 'vendored', folder: 'node_modules' }, signal);
    assert.equal(new Set([...hashes, vendored]).size, 5);
  });

  it('is left as it was', async () => {
    await using app = await writeApp(files);
    const before = await readdir(app.path, { recursive: true });
    await using staged = await folderOf(app).stage(none, signal);
    for await (const _ of staged.tar(signal));
    assert.deepEqual(await readdir(app.path, { recursive: true }), before);
  });
});
