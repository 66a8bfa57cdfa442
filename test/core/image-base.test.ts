import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { formatImageReference } from '../../src/core/image.ts';
import { allowsMajor, defaultBaseImage, pythonOfBase } from '../../src/core/image-base.ts';
import type { Runtime } from '../../src/core/project.ts';
import { sourceTree } from '../support/registry-app.ts';

const engine = (node: string) => ({ 'package.json': JSON.stringify({ engines: { node } }) });

describe('default base image', () => {
  const cases: readonly { name: string; runtime: Runtime; texts: Record<string, string>; expected: string }[] = [
    { name: 'the newest Node without a wish', runtime: 'node', texts: {}, expected: 'node:4-node24' },
    {
      name: 'the newest Node in a range of engines',
      runtime: 'node',
      texts: engine('>=18 <23'),
      expected: 'node:4-node22',
    },
    { name: 'the Node of .nvmrc', runtime: 'node', texts: { '.nvmrc': 'v20.11.1\n' }, expected: 'node:4-node20' },
    { name: 'the Node of a code name', runtime: 'node', texts: { '.nvmrc': 'lts/jod' }, expected: 'node:4-node22' },
    {
      name: 'engines before .nvmrc',
      runtime: 'node',
      texts: { ...engine('22.x'), '.nvmrc': '20' },
      expected: 'node:4-node22',
    },
    { name: 'Python 3.12 without a wish', runtime: 'python', texts: {}, expected: 'python:4-python3.12' },
    {
      name: 'the Python of .python-version',
      runtime: 'python',
      texts: { '.python-version': '3.11.7\n' },
      expected: 'python:4-python3.11',
    },
    {
      name: 'the Python of runtime.txt',
      runtime: 'python',
      texts: { 'runtime.txt': 'python-3.10.2' },
      expected: 'python:4-python3.10',
    },
  ];
  for (const { name, runtime, texts, expected } of cases) {
    it(`is ${name}`, () => {
      const image = defaultBaseImage(runtime, sourceTree(texts));
      assert.equal(formatImageReference(image), `mcr.microsoft.com/azure-functions/${expected}`);
    });
  }

  it('names the file that wants a version without an image', () => {
    const expected = {
      name: 'UserError',
      message:
        '.python-version: Python version "3.7" has no official Functions image. Choose one of 3.13, 3.12, 3.11, 3.10, or name an image in input "base-image".',
    };
    assert.throws(() => defaultBaseImage('python', sourceTree({ '.python-version': '3.7' })), expected);
    assert.throws(() => defaultBaseImage('node', sourceTree(engine('^16'))), {
      message: /^package\.json: Node\.js version "\^16"/,
    });
  });

  it('does not exist for a runtime that wants built output', () => {
    assert.throws(() => defaultBaseImage('java', sourceTree()), { message: /runtime "java".*"base-image"/ });
  });
});

describe('range of Node versions', () => {
  const cases = [
    ['>=20.5', [20, 22, 24]],
    ['>20', [22, 24]],
    ['>20.1.0', [20, 22, 24]],
    ['<=22', [20, 22]],
    ['<22', [20]],
    ['<22.5', [20, 22]],
    ['^22.1.0', [22]],
    ['~20', [20]],
    ['20.x || 24', [20, 24]],
    ['20 - 22', [20, 22]],
    ['*', [20, 22, 24]],
    ['>= 22', [22, 24]],
    ['banana', []],
  ] as const;
  for (const [range, expected] of cases) {
    it(`"${range}" allows ${expected.join(', ') || 'none'}`, () => {
      assert.deepEqual(
        [20, 22, 24].filter(major => allowsMajor(range, major)),
        expected,
      );
    });
  }
});

describe('Python of a base image', () => {
  const base = { host: 'h', repository: 'python', tag: '4-python3.11' };

  it('is what the configuration says', () =>
    assert.equal(pythonOfBase(base, ['A=b', 'PYTHON_VERSION=3.13.1']), '3.13'));
  it('is read from the tag otherwise', () => assert.equal(pythonOfBase(base, []), '3.11'));
  it('is unknown without either', () => assert.equal(pythonOfBase({ ...base, tag: '4' }, []), undefined));
});
