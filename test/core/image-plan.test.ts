import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { buildArguments, buildEnvironment, type DockerBuild, parseBuildSecrets } from '../../src/core/image-docker.ts';
import { asksForEngine, type ImageRequest, imagePlan } from '../../src/core/image-plan.ts';
import { Secret } from '../../src/core/secret.ts';
import { sourceTree } from '../support/registry-app.ts';

const request: ImageRequest = {
  appName: 'orders',
  runtime: 'node',
  source: sourceTree(),
  appDirectory: '/app',
  builder: 'auto',
  platform: 'linux/amd64',
  tags: ['abc'],
  registry: 'shop.azurecr.io/team',
};
const withDockerfile: ImageRequest = { ...request, source: sourceTree({ Dockerfile: 'FROM scratch' }) };
const target = { host: 'shop.azurecr.io', repository: 'team/orders', tags: ['abc'] };

describe('builder', () => {
  const cases: readonly { name: string; given: ImageRequest; engine: boolean; expected: string }[] = [
    { name: 'layers for an app without Dockerfile', given: request, engine: true, expected: 'layers' },
    { name: 'docker for a Dockerfile when an engine answers', given: withDockerfile, engine: true, expected: 'docker' },
    {
      name: 'layers when asked for, Dockerfile or not',
      given: { ...withDockerfile, builder: 'layers' },
      engine: true,
      expected: 'layers',
    },
    { name: 'docker when asked for', given: { ...request, builder: 'docker' }, engine: true, expected: 'docker' },
    {
      name: 'docker for the input "dockerfile"',
      given: { ...request, dockerfile: 'a/Dockerfile' },
      engine: true,
      expected: 'docker',
    },
    {
      name: 'none for a given image',
      given: { ...withDockerfile, image: 'ghcr.io/a/b:1' },
      engine: false,
      expected: 'given',
    },
  ];
  for (const { name, given, engine, expected } of cases) {
    it(`is ${name}`, () => assert.equal(imagePlan(given, engine).kind, expected));
  }

  const refused: readonly { name: string; given: ImageRequest; message: RegExp }[] = [
    { name: 'acr', given: { ...request, builder: 'acr' }, message: /Builder "acr" is not available yet/ },
    {
      name: 'a Dockerfile without an engine',
      given: withDockerfile,
      message: /No Docker engine answers.*"acr" is not available yet/,
    },
    { name: 'docker without an engine', given: { ...request, builder: 'docker' }, message: /needs a Docker engine/ },
    {
      name: 'an image without a registry',
      given: { ...request, registry: undefined },
      message: /"registry" is missing/,
    },
    {
      name: 'faulty tags, all of them',
      given: { ...request, tags: ['a b', 'ok', '-c'] },
      message: /got "a b".*\n.*got "-c"/,
    },
    {
      name: 'faulty build arguments',
      given: { ...withDockerfile, builder: 'docker', buildArgs: ['A=1', 'B'] },
      message: /"build-args".*(got "B"|engine)/,
    },
  ];
  for (const { name, given, message } of refused) {
    it(`refuses ${name}`, () =>
      assert.throws(() => imagePlan(given, name.startsWith('faulty')), { name: 'UserError', message }));
  }

  it('depends on an engine only where a Dockerfile may be built', () => {
    const asked = [
      request,
      withDockerfile,
      { ...request, builder: 'docker' as const },
      { ...withDockerfile, image: 'a' },
    ].map(asksForEngine);
    assert.deepEqual(asked, [false, true, true, false]);
  });
});

describe('plan', () => {
  it('of layers has target, base and dependencies', () => {
    assert.deepEqual(imagePlan(request, false), {
      kind: 'layers',
      target,
      base: { host: 'mcr.microsoft.com', repository: 'azure-functions/node', tag: '4-node24' },
      platform: 'linux/amd64',
      runtime: 'node',
      dependencies: { kind: 'none' },
    });
  });

  it('takes the Python version of a named base image for the wheels', () => {
    const source = sourceTree({ 'requirements.txt': 'a' });
    const plan = imagePlan({ ...request, runtime: 'python', source, baseImage: 'h.io/python:4-python3.10' }, false);
    assert.ok(plan.kind === 'layers' && plan.dependencies.kind === 'pip');
    assert.equal(plan.dependencies.pythonVersion, '3.10');
  });
});

describe('arguments of docker build', () => {
  const image = { host: 'h.io', repository: 'a', tag: '1' };
  const least: DockerBuild = { context: '/app', platform: 'linux/amd64', arguments: [], secrets: [], images: [image] };
  const cases: readonly { name: string; given: DockerBuild; expected: readonly string[] }[] = [
    {
      name: 'least',
      given: least,
      expected: ['build', '--platform', 'linux/amd64', '--tag', 'h.io/a:1', '--', '/app'],
    },
    {
      name: 'everything',
      given: {
        ...least,
        dockerfile: 'd/Dockerfile',
        target: 'app',
        arguments: ['A=1 2', 'B='],
        images: [image, { ...image, tag: '2' }],
      },
      expected: [
        'build',
        '--file',
        'd/Dockerfile',
        '--target',
        'app',
        '--platform',
        'linux/amd64',
        '--build-arg',
        'A=1 2',
        '--build-arg',
        'B=',
        '--tag',
        'h.io/a:1',
        '--tag',
        'h.io/a:2',
        '--',
        '/app',
      ],
    },
    {
      name: 'secrets by name only',
      given: { ...least, secrets: [{ id: 'npm-token', value: new Secret('hunter2') }] },
      expected: [
        'build',
        '--platform',
        'linux/amd64',
        '--secret',
        'id=npm-token,env=BUILD_SECRET_0',
        '--tag',
        'h.io/a:1',
        '--',
        '/app',
      ],
    },
  ];
  for (const { name, given, expected } of cases) {
    it(`are ${name}`, () => assert.deepEqual(buildArguments(given), expected));
  }

  it('leave the values of secrets to the environment', () => {
    const secrets = parseBuildSecrets(new Secret('npm-token=a=b\n\nother=c'));
    const environment = buildEnvironment({ ...least, secrets });
    assert.deepEqual(
      [...environment].map(([name, value]) => [name, value.reveal()]),
      [
        ['BUILD_SECRET_0', 'a=b'],
        ['BUILD_SECRET_1', 'c'],
      ],
    );
  });

  it('never show a faulty line of build-secrets, which may be the secret', () => {
    assert.throws(
      () => parseBuildSecrets(new Secret('a=b\nhunter2')),
      error => /line 2/.test(String(error)) && !/hunter2/.test(String(error)),
    );
  });
});
