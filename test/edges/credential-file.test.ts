import assert from 'node:assert/strict';
import { lstat, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Secret } from '../../src/core/secret.ts';
import { removeCredentialFile, writeCredentialFile } from '../../src/edges/credential-file.ts';
import { isTaken } from '../../src/edges/readable.ts';
import { UserError } from '../../src/errors.ts';

const credential = new Secret('canary');
let folder = '';

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'credential-'));
});
after(() => rm(folder, { recursive: true, force: true }));

test('writes for the owner alone, into a folder that it makes for the owner alone', async () => {
  const path = join(folder, 'made', 'config');
  const made: string[] = [];
  await writeCredentialFile(path, credential, () => made.push(path));
  assert.equal(await readFile(path, 'utf8'), 'canary');
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  assert.equal((await stat(join(folder, 'made'))).mode & 0o777, 0o700);
  assert.deepEqual(made, [path]);
});

test('writes neither over a file nor through a link, and claims neither', async () => {
  const [foreign, link, target] = [join(folder, 'foreign'), join(folder, 'link'), join(folder, 'target')];
  await writeFile(foreign, 'mine');
  await symlink(target, link);
  for (const path of [foreign, link]) {
    assert(isTaken(path));
    const claim = () => assert.fail('claimed');
    await assert.rejects(
      writeCredentialFile(path, credential, claim),
      error => error instanceof UserError && error.message.includes(`names "${path}", which is there already`),
    );
  }
  assert.equal(await readFile(foreign, 'utf8'), 'mine');
  assert(!isTaken(target));
});

test('says what keeps it from writing and from removing', async () => {
  const below = join(folder, 'file', 'config');
  await writeFile(join(folder, 'file'), '');
  await assert.rejects(
    writeCredentialFile(below, credential, () => {}),
    { name: 'UserError', message: /cannot be written \((EEXIST|ENOTDIR)\)/ },
  );
  await assert.rejects(removeCredentialFile(folder), { name: 'UserError', message: /cannot be removed .+credential/ });
});

test('removes what it wrote, and is content when that is gone', async () => {
  const path = join(folder, 'gone');
  await writeCredentialFile(path, credential, () => {});
  assert.equal(await removeCredentialFile(path), true);
  await assert.rejects(lstat(path), { code: 'ENOENT' });
  assert.equal(await removeCredentialFile(path), false);
});
