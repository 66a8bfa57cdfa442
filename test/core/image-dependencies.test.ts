import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { dependencyPlan } from '../../src/core/image-dependencies.ts';
import type { Runtime, SourceTree } from '../../src/core/project.ts';
import { sourceTree } from '../support/registry-app.ts';

const planFor = (runtime: Runtime, source: SourceTree) =>
  dependencyPlan(runtime, { source, platform: 'linux/amd64', pythonVersion: '3.12' });
const manifest = JSON.stringify({ dependencies: { left: '1' } });
const lock = (packages: Record<string, unknown>) => JSON.stringify({ lockfileVersion: 3, packages });

describe('dependencies of a Node app', () => {
  const npm = { kind: 'npm', lockfile: 'package-lock.json', cpu: 'x64' };
  const vendored = { kind: 'vendored', folder: 'node_modules' };
  const cases = [
    {
      name: 'come from the lockfile',
      source: sourceTree({ 'package.json': manifest, 'package-lock.json': lock({}) }),
      expected: npm,
    },
    {
      name: 'come from the lockfile though they are installed',
      source: sourceTree({ 'package.json': manifest, 'package-lock.json': lock({}) }, ['node_modules']),
      expected: npm,
    },
    {
      name: 'are taken as installed without a lockfile',
      source: sourceTree({ 'package.json': manifest }, ['node_modules']),
      expected: vendored,
    },
    { name: 'are none without a package.json', source: sourceTree(), expected: { kind: 'none' } },
    {
      name: 'are none when all are for development',
      source: sourceTree({ 'package.json': '{"devDependencies":{"a":"1"}}' }, ['node_modules']),
      expected: { kind: 'none' },
    },
  ];
  for (const { name, source, expected } of cases) {
    it(name, () => assert.deepEqual(planFor('node', source), expected));
  }

  it('fail without lockfile and installed packages', () => {
    assert.throws(() => planFor('node', sourceTree({ 'package.json': manifest })), {
      message: /^package\.json: .*Run "npm install" and commit the lockfile/,
    });
  });

  it('fail with every package that runs an install script or is a link', () => {
    const packages = {
      '': {},
      'node_modules/sharp': { hasInstallScript: true },
      'node_modules/a/node_modules/@b/c': { hasInstallScript: true },
      'node_modules/tool': { hasInstallScript: true, dev: true },
      'node_modules/fsevents': { hasInstallScript: true, optional: true },
      'node_modules/mine': { link: true },
    };
    const source = sourceTree({ 'package.json': manifest, 'package-lock.json': lock(packages) });
    assert.throws(
      () => planFor('node', source),
      error => {
        assert.match(
          String(error),
          /"sharp" runs an install script.*builder "docker" or "acr".*\n.*"@b\/c".*\n.*"mine" is a link/,
        );
        return !/tool|fsevents/.test(String(error));
      },
    );
  });

  it('fail with a lockfile that does not tell install scripts', () => {
    const source = sourceTree({ 'package.json': manifest, 'package-lock.json': '{"lockfileVersion":1}' });
    assert.throws(() => planFor('node', source), { message: /npm 7 or newer/ });
  });

  it('fail with a package.json that is no JSON', () => {
    assert.throws(() => planFor('node', sourceTree({ 'package.json': '{' })), {
      message: /^package\.json: "package\.json" is not a JSON object/,
    });
  });
});

describe('dependencies of a Python app', () => {
  it('come as wheels for the platform', () => {
    const plan = planFor('python', sourceTree({ 'requirements.txt': '# none\nazure-functions==1.26.0\n' }));
    assert.equal(plan.kind, 'pip');
    assert.ok(
      plan.kind === 'pip' && plan.pythonVersion === '3.12' && plan.wheelPlatforms.includes('manylinux2014_x86_64'),
    );
  });

  it('are none when the file has comments only', () =>
    assert.deepEqual(planFor('python', sourceTree({ 'requirements.txt': '# a\n\n' })), { kind: 'none' }));

  it('are taken as installed', () => {
    const source = sourceTree({ 'requirements.txt': 'a' }, ['.python_packages']);
    assert.deepEqual(planFor('python', source), { kind: 'vendored', folder: '.python_packages' });
  });

  it('fail with every line that is built from its source', () => {
    const text =
      'fine==1\n-e .\ngit+https://example.com/a.git\n./local\nb @ file:///b\nhttps://example.com/c.tar.gz\nd @ git+ssh://e\n';
    assert.throws(
      () => planFor('python', sourceTree({ 'requirements.txt': text })),
      error => {
        const lines = String(error)
          .split('\n')
          .map(line => /requirements\.txt:(\d)/.exec(line)?.[1]);
        return assert.deepEqual(lines, ['2', '3', '4', '5', '6', '7']) === undefined;
      },
    );
  });
});

it('another runtime has no dependencies to install', () =>
  assert.deepEqual(planFor('dotnet-isolated', sourceTree()), { kind: 'none' }));
