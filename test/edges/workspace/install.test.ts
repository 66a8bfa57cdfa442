import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { unpackTar } from 'modern-tar';
import type { DependencyPlan } from '../../../src/core/image-dependencies.ts';
import { AppFolder } from '../../../src/edges/workspace/app-folder.ts';
import { recordingLog, writeApp } from '../../support/registry-app.ts';
import { fakePrograms } from '../../support/registry-programs.ts';

const signal = new AbortController().signal;
const npm: DependencyPlan = { kind: 'npm', lockfile: 'package-lock.json', cpu: 'arm64' };
const pip: DependencyPlan = {
  kind: 'pip',
  pythonVersion: '3.11',
  wheelPlatforms: ['manylinux_2_28_x86_64', 'manylinux2014_x86_64'],
};
const nodeApp = {
  'package.json': '{}',
  'package-lock.json': '{}',
  '.npmrc': 'registry=x',
  'node_modules/old/index.js': 'old',
};
const secrets = {
  INPUT_REGISTRY: 'r',
  'INPUT_REGISTRY-PASSWORD': 'hidden',
  ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'hidden',
  AKS_FUNCTIONS_REGISTRY_PASSWORD: 'hidden',
};

async function install(
  plan: DependencyPlan,
  files: Readonly<Record<string, string>>,
  scripts: Readonly<Record<string, string>>,
) {
  await using app = await writeApp(files);
  await using temporary = await writeApp();
  await using programs = await fakePrograms(scripts, { ...secrets, RUNNER_TEMP: temporary.path });
  const log = recordingLog();
  const folder = new AppFolder({ directory: app.path, log, environment: programs.environment });
  const staging = await folder.stage(plan, signal).catch((error: unknown) => error);
  const names = staging instanceof Error ? [] : await namesIn(staging);
  const left = (await readdir(temporary.path)).filter(name => name !== 'host.json');
  return {
    names,
    error: staging,
    calls: await programs.calls(),
    environment: await programs.lastEnvironment(),
    staged: await programs.read('staged'),
    left,
    log,
    app: app.path,
  };
}

async function namesIn(value: unknown): Promise<readonly string[]> {
  assert.ok(
    typeof value === 'object' &&
      value !== null &&
      'tar' in value &&
      typeof value.tar === 'function' &&
      Symbol.asyncDispose in value,
  );
  const pieces: Buffer[] = [];
  for await (const piece of value.tar(signal)) pieces.push(Buffer.from(piece));
  const dispose = value[Symbol.asyncDispose];
  if (typeof dispose === 'function') await dispose.call(value);
  return (await unpackTar(Buffer.concat(pieces)))
    .map(({ header }) => header.name.replace('home/site/wwwroot/', ''))
    .filter(name => name !== '' && !name.endsWith('/'));
}

describe('npm', () => {
  const script =
    'ls -a >"$RECORD/staged"; mkdir -p node_modules/new/sub node_modules/.bin; echo x >node_modules/new/index.js; echo x >node_modules/.package-lock.json; ln -s ../new/index.js node_modules/.bin/new';

  it('installs beside the app from the lockfile, and only that goes into the image', async () => {
    const { names, calls, staged, left } = await install(npm, nodeApp, { npm: script });
    assert.deepEqual(names, [
      'host.json',
      'package-lock.json',
      'package.json',
      'node_modules/.bin/new',
      'node_modules/new/index.js',
    ]);
    assert.deepEqual(calls, [
      [
        'npm',
        'ci',
        '--omit=dev',
        '--ignore-scripts',
        '--loglevel=warn',
        '--no-audit',
        '--no-fund',
        '--os=linux',
        '--cpu=arm64',
        '--libc=glibc',
      ],
    ]);
    assert.deepEqual(staged.split('\n'), ['.', '..', '.npmrc', 'package-lock.json', 'package.json', '']);
    assert.deepEqual(left, []);
  });

  it('sees no input and no token of the job', async () => {
    const { environment } = await install(npm, nodeApp, { npm: script });
    assert.equal(
      environment.some(line => /hidden|^INPUT_/.test(line)),
      false,
    );
    assert.ok(environment.some(line => line.startsWith('RUNNER_TEMP=')));
  });

  it('that leaves files out but ends well is a failure', async () => {
    const output = 'npm warn tar TAR_ENTRY_ERROR ENOSPC: no space left on device, write';
    const { error } = await install(npm, nodeApp, { npm: `echo '${output}' >&2` });
    assert.match(String(error), /disk with the temporary folder/);
  });

  const failures = [
    {
      name: 'a lockfile that does not fit',
      output: 'npm error code EUSAGE',
      message: /does not fit "package\.json"\. Run "npm install"/,
    },
    {
      name: 'a full disk',
      output: 'npm error code ENOSPC',
      message: /disk with the temporary folder ".*" is full.*RUNNER_TEMP/,
    },
    {
      name: 'a refused sign-in',
      output: 'npm error code E401',
      message: /refused the sign-in\. Check the token in "\.npmrc"/,
    },
    { name: 'no network', output: 'npm error code ENOTFOUND', message: /cannot be reached/ },
    {
      name: 'anything else',
      output: 'npm error odd',
      message: /failed with code 1\. Correct what its last lines say\.\nnpm error odd/,
    },
  ];
  for (const { name, output, message } of failures) {
    it(`that fails by ${name} says what to do, and leaves nothing`, async () => {
      const { error, left, log } = await install(npm, nodeApp, { npm: `echo '${output}' >&2; exit 1` });
      assert.match(String(error), message);
      assert.deepEqual([log.lines, left], [[output], []]);
    });
  }
});

describe('pip', () => {
  const version = (found: string) => `case "$*" in *--version*) echo "pip 24.0 from /x (python ${found})"; exit;; esac`;
  const packages = `while [ "$1" != --target ]; do shift; done; mkdir -p "$2/a" "$2/bin" "$2/a/__pycache__" "$2/a-1.dist-info"; echo x >"$2/a/m.py"; echo x >"$2/bin/tool"; echo x >"$2/a/__pycache__/m.pyc"; printf '../../bin/tool,sha256=z,1\\na/m.py,,\\n' >"$2/a-1.dist-info/RECORD"`;
  const app = { 'requirements.txt': 'a==1' };

  it('installs wheels for the platform and Python of the image', async () => {
    const {
      names,
      calls,
      app: path,
      log,
    } = await install(pip, app, { 'python3.11': `${version('3.11')}\n${packages}` });
    assert.deepEqual(names, [
      'host.json',
      'requirements.txt',
      '.python_packages/lib/site-packages/a-1.dist-info/RECORD',
      '.python_packages/lib/site-packages/a/m.py',
    ]);
    const [, call = []] = calls;
    assert.deepEqual(call.slice(0, 8), [
      'python3.11',
      '-m',
      'pip',
      'install',
      '--no-input',
      '--no-compile',
      '--disable-pip-version-check',
      '--only-binary=:all:',
    ]);
    assert.deepEqual(call.slice(8, 16), [
      '--implementation',
      'cp',
      '--python-version',
      '3.11',
      '--platform',
      'manylinux_2_28_x86_64',
      '--platform',
      'manylinux2014_x86_64',
    ]);
    assert.deepEqual(call.slice(-2), ['--requirement', `${path}/requirements.txt`]);
    assert.deepEqual(log.lines, []);
  });

  it('of another Python is used with a notice', async () => {
    const { error, log } = await install(pip, app, {
      'python3.11': 'exit 127',
      python3: `${version('3.9')}\n${packages}`,
    });
    assert.ok(!(error instanceof Error));
    assert.match(log.lines.join(), /Installed for Python 3\.11 with pip of Python 3\.9/);
  });

  it('names a package without a wheel', async () => {
    const { error } = await install(pip, app, {
      'python3.11': `${version('3.11')}\necho 'ERROR: No matching distribution found for a==1'; exit 1`,
    });
    assert.match(String(error), /package "a==1" has no wheel for this Python and platform.*builder "docker" or "acr"/);
  });
});
