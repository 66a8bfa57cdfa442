import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { DockerBuild } from '../../../src/core/image-docker.ts';
import { Secret } from '../../../src/core/secret.ts';
import { Docker } from '../../../src/edges/docker/docker.ts';
import { recordingLog } from '../../support/registry-app.ts';
import { fakePrograms } from '../../support/registry-programs.ts';

const signal = new AbortController().signal;
const image = { host: 'h.io', repository: 'orders', tag: '1' };
const build: DockerBuild = {
  context: '.',
  platform: 'linux/amd64',
  arguments: [],
  secrets: [{ id: 'token', value: new Secret('hunter2') }],
  images: [image],
};
const credentials = async () => ({ username: 'ci', password: new Secret('pass') });

/** The engine of these programs, with Docker's own sign-in. */
function dockerOf(environment: NodeJS.ProcessEnv, log = recordingLog()): Docker {
  return new Docker({ log, environment, credentials: async () => undefined });
}

describe('docker', () => {
  it('answers when its engine does', async () => {
    await using programs = await fakePrograms({ docker: 'exit 0' });
    assert.equal(await dockerOf(programs.environment).answers(signal), true);
    assert.deepEqual(await programs.calls(), [['docker', 'version', '--format', '{{.Server.Version}}']]);
  });

  it('does not answer without engine or program', async () => {
    await using broken = await fakePrograms({ docker: 'exit 1' });
    assert.equal(await dockerOf(broken.environment).answers(signal), false);
    assert.equal(await dockerOf({ PATH: '/nowhere' }).answers(signal), false);
  });

  it('gets secrets of the build by its environment, never as arguments', async () => {
    await using programs = await fakePrograms({ docker: 'exit 0' }, { 'INPUT_BUILD-SECRETS': 'token=hunter2' });
    await new Docker({ log: recordingLog(), environment: programs.environment, credentials }).build(build, signal);
    assert.equal((await programs.calls()).flat().join(' ').includes('hunter2'), false);
    const environment = await programs.lastEnvironment();
    assert.deepEqual(
      environment.filter(line => line.includes('hunter2')),
      ['BUILD_SECRET_0=hunter2'],
    );
    assert.ok(environment.includes('DOCKER_BUILDKIT=1'));
  });

  it('pushes with a private configuration that is gone afterwards', async () => {
    const script =
      'stat -c %a "$DOCKER_CONFIG/config.json" >"$RECORD/mode"; cat "$DOCKER_CONFIG/config.json" >"$RECORD/config"; echo "$DOCKER_CONFIG" >"$RECORD/folder"';
    await using programs = await fakePrograms({ docker: script });
    await new Docker({ log: recordingLog(), environment: programs.environment, credentials }).push([image], signal);
    assert.deepEqual(await programs.calls(), [['docker', 'push', 'h.io/orders:1']]);
    assert.deepEqual(JSON.parse(await programs.read('config')), {
      auths: { 'h.io': { auth: Buffer.from('ci:pass').toString('base64') } },
      credHelpers: { 'h.io': '' },
    });
    assert.equal(await programs.read('mode'), '600\n');
    const { existsSync } = await import('node:fs');
    assert.equal(existsSync((await programs.read('folder')).trim()), false);
  });

  const failures = [
    { output: 'denied: requested access to the resource is denied', message: /refused the sign-in/ },
    {
      output: 'ERROR: BuildKit is enabled but the buildx component is missing or broken.',
      message: /Install the buildx plugin/,
    },
    { output: 'write /x: no space left on device', message: /is full/ },
    {
      output: 'Dockerfile:3 unknown instruction: RUM',
      message: /Correct what its last lines say\.\nDockerfile:3 unknown/,
    },
  ];
  for (const { output, message } of failures) {
    it(`that fails with "${output}" says what to do`, async () => {
      await using programs = await fakePrograms({ docker: `echo '${output}' >&2; exit 1` });
      const log = recordingLog();
      await assert.rejects(dockerOf(programs.environment, log).build(build, signal), {
        name: 'UserError',
        message,
      });
      assert.deepEqual(log.lines, [output]);
    });
  }
});
