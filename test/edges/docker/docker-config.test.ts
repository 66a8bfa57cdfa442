import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { Secret } from '../../../src/core/secret.ts';
import { DockerLogins, writeDockerConfig } from '../../../src/edges/docker/docker-config.ts';
import { fakePrograms } from '../../support/registry-programs.ts';

const signal = new AbortController().signal;
const folders: string[] = [];
after(() => Promise.all(folders.map(folder => rm(folder, { recursive: true }))));

async function folderWith(config?: unknown): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'docker-config-'));
  folders.push(folder);
  if (config !== undefined) await writeFile(join(folder, 'config.json'), JSON.stringify(config));
  return folder;
}

const base64 = (text: string) => Buffer.from(text).toString('base64');

/** What is found for a host, and what was masked. */
async function found(host: string, config: unknown, environment: NodeJS.ProcessEnv = {}) {
  const masked: string[] = [];
  const logins = new DockerLogins({ ...environment, DOCKER_CONFIG: await folderWith(config) }, secret =>
    masked.push(secret.reveal()),
  );
  const login = await logins.find(host, signal);
  return { login: login && [login.username, login.password.reveal()], masked };
}

describe('the sign-in that Docker holds', () => {
  const auths = {
    'ghcr.io': { auth: base64('octo:pa:ss') },
    'https://index.docker.io/v1/': { auth: base64('hub:pw') },
  };

  it('is that of the host, its password masked', async () => {
    assert.deepEqual(await found('ghcr.io', { auths }), { login: ['octo', 'pa:ss'], masked: ['pa:ss'] });
    assert.deepEqual((await found('docker.io', { auths })).login, ['hub', 'pw']);
  });

  it('is none for a host that it does not know, or without a configuration', async () => {
    assert.deepEqual(await found('quay.io', { auths }), { login: undefined, masked: [] });
    assert.equal((await found('ghcr.io', undefined)).login, undefined);
    assert.equal((await found('ghcr.io', { auths: { 'ghcr.io': {} } })).login, undefined);
  });

  it('may be a token', async () => {
    const config = { auths: { 'r.io': { auth: base64('0000:'), identitytoken: 'tok' } } };
    assert.deepEqual((await found('r.io', config)).login, ['0000', 'tok']);
  });

  it('may come from a credential helper, which is asked for the host on its standard input', async () => {
    const script = 'cat >"$RECORD/asked"; echo \'{"Username":"u","Secret":"helped"}\'';
    await using programs = await fakePrograms({ 'docker-credential-shop': script });
    const config = { auths, credHelpers: { 'r.io': 'shop' } };
    assert.deepEqual(await found('r.io', config, programs.environment), { login: ['u', 'helped'], masked: ['helped'] });
    assert.equal(await programs.read('asked'), 'r.io');
  });

  it('is none where the helper has none', async () => {
    await using programs = await fakePrograms({ 'docker-credential-shop': 'echo credentials not found; exit 1' });
    assert.equal((await found('r.io', { credsStore: 'shop' }, programs.environment)).login, undefined);
  });

  it('cannot be read from a configuration that is none', async () => {
    await assert.rejects(found('r.io', { auths: 'none' }), {
      name: 'UserError',
      message: /cannot be understood\. Correct it/,
    });
    await assert.rejects(found('r.io', { credsStore: 'missing' }, { PATH: '/nowhere' }), /Install it, or set inputs/);
  });
});

it('a configuration for one run keeps plug-ins and other sign-ins, and passes the credential store by for its host', async () => {
  const from = await folderWith({ auths: { 'ghcr.io': { auth: 'x' } }, credsStore: 'desktop', currentContext: 'c' });
  await mkdir(join(from, 'cli-plugins'));
  const to = await folderWith();
  await writeDockerConfig({ from, to, host: 'r.io', credentials: { username: 'u', password: new Secret('p') } });
  assert.deepEqual(JSON.parse(await readFile(join(to, 'config.json'), 'utf8')), {
    auths: { 'ghcr.io': { auth: 'x' }, 'r.io': { auth: base64('u:p') } },
    credsStore: 'desktop',
    currentContext: 'c',
    credHelpers: { 'r.io': '' },
  });
  assert.equal(await readlink(join(to, 'cli-plugins')), join(from, 'cli-plugins'));
});
