import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { asImageError, imageDifferences } from '../../src/core/image-functions.ts';
import type { AppFunction, Project } from '../../src/core/project.ts';
import { UsageError, UserError } from '../../src/errors.ts';
import { functionWith, projectOf } from '../support/project.ts';

const queue = (name: string, more: Readonly<Record<string, unknown>> = {}) =>
  functionWith(name, { type: 'queueTrigger', queueName: name, connection: 'Orders', ...more });
const cure =
  'Deploy the image that was built from this source, or check out the source that image "shop:1" was built from.';

interface Case {
  readonly name: string;
  readonly source: readonly AppFunction[];
  readonly image: readonly AppFunction[];
  /** Messages without their cure. */
  readonly expected: readonly string[];
}

const cases: readonly Case[] = [
  { name: 'equal functions', source: [queue('a'), queue('b')], image: [queue('b'), queue('a')], expected: [] },
  { name: 'names in another case', source: [queue('a')], image: [queue('A')], expected: [] },
  {
    name: 'functions that one side lacks',
    source: [queue('a'), queue('b')],
    image: [queue('a'), queue('c')],
    expected: [
      'Function "b" is in the source, but not in image "shop:1".',
      'Function "c" is in image "shop:1" (c/function.json), but not in the source.',
    ],
  },
  {
    name: 'another trigger',
    source: [queue('a')],
    image: [functionWith('a', { type: 'httpTrigger' })],
    expected: ['Function "a" has the trigger "queueTrigger" in the source, but "httpTrigger" in image "shop:1".'],
  },
  {
    name: 'another value of the trigger',
    source: [queue('a')],
    image: [queue('a', { queueName: 'other' })],
    expected: ['Function "a" has queueName "a" in the source, but "other" in image "shop:1".'],
  },
  {
    name: 'what a build writes down in its own way',
    source: [functionWith('a', { type: 'httpTrigger', authLevel: 'anonymous', methods: ['get'], dataType: 'string' })],
    image: [functionWith('a', { type: 'HttpTrigger', authLevel: 'Anonymous', methods: ['GET'], properties: {} })],
    expected: [],
  },
  {
    name: 'further bindings',
    source: [queue('a')],
    image: [withOutput(queue('a'))],
    expected: [
      'Function "a" has the bindings "queueTrigger" in the source, but "http, queueTrigger" in image "shop:1".',
    ],
  },
];

function withOutput(fn: AppFunction): AppFunction {
  return { ...fn, bindings: [...fn.bindings, { type: 'http', direction: 'out', name: 'res' }] };
}

describe('source and image', () => {
  for (const { name, source, image, expected } of cases) {
    it(`are compared by ${name}`, () => {
      const faults = imageDifferences(projectOf(source), projectOf(image), 'shop:1');
      assert.deepEqual(
        faults.map(({ message }) => message),
        expected.map(message => `${message} ${cure}`),
      );
    });
  }

  it('of two models are not compared by their further bindings', () => {
    const source: Project = { ...projectOf([queue('a')]), model: 'csharp' };
    const image: Project = { ...projectOf([withOutput(queue('a'))]), model: 'functions.metadata' };
    assert.deepEqual(imageDifferences(source, image, 'shop:1'), []);
  });

  it('do not differ in what one of them leaves open', () => {
    const place = { file: 'src/a.js' };
    const open = (what: string) => [{ what, place, advice: '' }];
    const source = { ...projectOf([queue('a'), queue('b')]), unresolved: open('functions') };
    const image = projectOf([
      { ...queue('a', { queueName: 'x' }), unresolved: open('bindings[0].queueName') },
      queue('c'),
    ]);
    assert.deepEqual(
      imageDifferences(source, image, 'shop:1').map(({ message }) => message.split('.')[0]),
      ['Function "b" is in the source, but not in image "shop:1"'],
    );
  });
});

describe('an error of an app in an image', () => {
  it('names the file in the image, and keeps a place in this checkout', () => {
    const error = new UsageError([
      { message: 'One.', place: { file: 'a/function.json', line: 3 } },
      { message: 'Two.', place: { file: 'aks-functions.yml', line: 1 } },
      { message: 'Three.' },
    ]);
    const mapped = asImageError(error, 'shop:1', new Set(['a/function.json']));
    assert(mapped instanceof UsageError);
    assert.deepEqual(mapped.faults, [
      { message: 'a/function.json:3 in image "shop:1": One.' },
      { message: 'Two.', place: { file: 'aks-functions.yml', line: 1 } },
      { message: 'Three.' },
    ]);
    assert(!(asImageError(new UserError('x'), 'shop:1', new Set()) instanceof UsageError));
  });

  it('that is none of the user stays as it is', () => {
    const error = new TypeError('x');
    assert.equal(asImageError(error, 'shop:1', new Set()), error);
  });
});
