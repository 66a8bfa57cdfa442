import assert from 'node:assert/strict';
import { test } from 'node:test';
import { maskTextsOf, redacted } from '../../src/core/masks.ts';

const connection =
  'DefaultEndpointsProtocol=https;AccountName=shop;AccountKey=c2VjcmV0LWtleS1vZi1zaG9w;EndpointSuffix=core.windows.net';
const base64 = (text: string) => Buffer.from(text).toString('base64');

test('masks a value and its base64 form', () => {
  assert.deepEqual(maskTextsOf('s3cret-value'), ['s3cret-value', base64('s3cret-value')]);
});

test('masks the key inside a connection string as well', () => {
  const texts = maskTextsOf(connection);
  for (const text of [connection, base64(connection), 'c2VjcmV0LWtleS1vZi1zaG9w']) assert(texts.includes(text));
  assert(!texts.includes('shop'));
});

test('masks the password inside an address', () => {
  assert(maskTextsOf('redis://user:pass-word@cache:6379').includes('pass-word'));
});

for (const word of ['node', 'True', 'production', '8080', 'abc', '']) {
  test(`leaves the public text "${word}" alone`, () => assert.deepEqual(maskTextsOf(word), []));
}

test('masks the lines of a document and not its braces', () => {
  assert.deepEqual(
    maskTextsOf('{\n  "token": "a-long-token"\n}').filter(text => text.length < 5),
    [],
  );
});

test('hides every occurrence, longer secrets first', () => {
  assert.equal(redacted('key=abcdef, abc', ['abc', 'abcdef']), 'key=***, ***');
});
