import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ImageFiles, type LayerEntry } from '../../src/core/image-files.ts';

const root = '/home/site/wwwroot';
const file = (path: string): LayerEntry => ({ path: `home/site/wwwroot/${path}`, kind: 'file', size: 1 });

test('text is wanted of source files of the app alone', () => {
  const files = new ImageFiles('shop:1', root);
  const given = ['host.json', 'bin/app.dll', 'node_modules/a/a.js', 'local.settings.json', '../other.js'];
  assert.deepEqual(
    given.filter(path => files.add(file(path))),
    ['host.json'],
  );
});

test('source text is bounded', () => {
  const files = new ImageFiles('shop:1', root);
  const text = ' '.repeat(8 * 1024 ** 2);
  for (let index = 0; index < 8; index += 1) files.addText(file(`${index}.js`), text);
  assert.throws(() => files.addText(file('8.js'), text), {
    name: 'UserError',
    message: /^The app in image "shop:1" has more than 64 MiB of source text\. List/,
  });
});

test('the number of files is bounded', () => {
  const files = new ImageFiles('shop:1', root);
  for (let index = 0; index < 100_000; index += 1) files.add(file(`${index}.dll`));
  assert.throws(() => files.add(file('one-more.dll')), { name: 'UserError', message: /has more than 100000 files/ });
});
