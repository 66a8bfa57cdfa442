import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { type Bundle, buildBundle, closureOf } from '../../scripts/bundle.ts';
import { differenceOf } from '../../scripts/generated-files.ts';
import { root } from './sources.ts';

const program = `
import { HttpClient } from '@actions/http-client';
const loaded = () => Object.keys(require.cache).some(path => path.endsWith('undici.cjs'));
const before = loaded();
const agent = new HttpClient().getAgentDispatcher('https://registry.example.com/');
console.log(JSON.stringify({ before, after: loaded(), isAgent: typeof agent.dispatch }));
`;

let folder = '';
let bundle: Bundle = { files: [], modules: [] };

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'aks-functions-bundle-'));
  await mkdir(join(folder, 'src/entries'), { recursive: true });
  await writeFile(join(folder, 'src/entries/behind-proxy.ts'), program);
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'), 'dir');
  bundle = await buildBundle({ root: folder, directory: join(folder, 'dist') });
});
after(() => rm(folder, { recursive: true, force: true }));

test('a client of the runner loads undici when it needs an agent for a proxy, and not before', async () => {
  const env = { https_proxy: 'http://127.0.0.1:9', PATH: process.env.PATH };
  const { stdout } = await promisify(execFile)(process.execPath, [join(folder, 'dist/behind-proxy.cjs')], { env });
  assert.deepEqual(JSON.parse(stdout), { before: false, after: true, isAgent: 'function' });
});

test('the closure of an entry leaves out what is loaded later', () => {
  assert.deepEqual(
    closureOf(bundle, 'behind-proxy.cjs').map(file => file.name),
    ['behind-proxy.cjs'],
  );
});

test('a difference shows the changed lines only', () => {
  assert.equal(differenceOf('a\nb\nc\nd', 'a\nB\nC\nd'), '@@ line 2\n- b\n- c\n+ B\n+ C');
  assert.equal(differenceOf('a\nb', 'a\nb\nc'), '@@ line 3\n+ c');
});
