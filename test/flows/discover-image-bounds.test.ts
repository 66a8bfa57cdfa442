import assert from 'node:assert/strict';
import { buffer } from 'node:stream/consumers';
import { it } from 'node:test';
import { createGzip, gzipSync } from 'node:zlib';
import { host, readShop } from '../support/image-reading.ts';
import { inApp, layerOf, MemoryRegistry, tarOf } from '../support/memory-registry.ts';

const digest = `sha256:${'a'.repeat(64)}`;

function registryOf(...layers: Parameters<MemoryRegistry['add']>[1]): MemoryRegistry {
  const registry = new MemoryRegistry();
  registry.add('1', layers);
  return registry;
}

async function* endless(piece: Uint8Array): AsyncIterable<Uint8Array> {
  for (;;) {
    // A turn of the event loop, as a network would give.
    await new Promise(resolve => setImmediate(resolve));
    yield piece;
  }
}

const damaged = (why: string) => ({
  name: 'UserError',
  message: new RegExp(
    `^Layer "sha256:[0-9a-f]{64}" of the image cannot be read \\(.*${why}.*\\)\\. Push the image again\\.$`,
  ),
});
const tooMuch = (what: string) => ({
  name: 'UserError',
  message: new RegExp(`^The image has ${what} to look for its functions, in layer "sha256:[0-9a-f]{64}"\\. Put`),
});

it('paths that climb out of their folder end where a node would put them', async () => {
  const climbing = {
    '../../home/site/wwwroot/a.js': '',
    'home/site/wwwroot/lib/../../../../../../home/site/wwwroot/b.js': '',
    'home/site/wwwroot/../../../etc/c.js': '',
    '/home/site//wwwroot/./d.js': '',
  };
  const { source } = await readShop(registryOf(await layerOf({ ...inApp(host), ...climbing })));
  assert.deepEqual(source.paths, ['a.js', 'b.js', 'd.js', 'host.json']);
});

it('a truncated layer is an error', async () => {
  const layer = await layerOf(inApp({ ...host, 'a.js': 'x'.repeat(1000) }));
  await assert.rejects(readShop(registryOf(layer.subarray(0, layer.length / 2))), damaged('unexpected end of file'));
  const tar = Buffer.from(await tarOf(inApp(host)));
  await assert.rejects(readShop(registryOf(tar.subarray(0, 700))), damaged('truncated'));
});

it('a layer that is no archive is an error', async () => {
  await assert.rejects(readShop(registryOf(gzipSync('x'.repeat(2000)))), damaged('Invalid tar'));
});

it('a layer with other bytes than its digest says is an error', async () => {
  const layer = await layerOf(inApp(host));
  const other = {
    digest,
    size: layer.length,
    open: async function* () {
      yield layer;
    },
  };
  await assert.rejects(readShop(registryOf(other)), damaged('its content has digest "sha256:'));
});

it('a layer that never ends is left as soon as it is longer than its manifest says', async () => {
  const registry = registryOf({ digest, size: 100_000, open: () => endless(Buffer.alloc(64 * 1024)) });
  await assert.rejects(readShop(registry), damaged('longer than its manifest says'));
  assert.deepEqual([registry.taken <= 3 * 64 * 1024, registry.closed], [true, 1]);
});

it('a download is bounded', async () => {
  const registry = registryOf({ digest, size: 1e12, open: () => endless(Buffer.alloc(64 * 1024)) });
  await assert.rejects(readShop(registry, { download: 1e6 }), tooMuch('too many bytes'));
  assert.equal(registry.closed, 1);
});

it('a small layer that becomes large is bounded', async () => {
  const bomb = gzipSync(await tarOf({ ...inApp(host), 'opt/zeros': '\0'.repeat(20_000_000) }));
  assert(bomb.length < 100_000);
  await assert.rejects(readShop(registryOf(bomb), { unpacked: 1e6 }), tooMuch('too many bytes after decompression'));
});

it('a layer of 400 MiB is never held', async () => {
  const piece = '\0'.repeat(1024 ** 2);
  const files = Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`opt/${index}`, piece]));
  const part = await tarOf(files);
  const members = Array.from({ length: 10 }, () => part.subarray(0, part.length - 1024));
  const registry = registryOf(await compressed([...members, await tarOf(inApp(host))]));
  const before = process.memoryUsage.rss();
  let peak = before;
  const sample = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss());
  }, 5);
  try {
    assert.deepEqual((await readShop(registry)).source.paths, ['host.json']);
  } finally {
    clearInterval(sample);
  }
  const mebibytes = (peak - before) / 1024 ** 2;
  assert(mebibytes < 100, `${mebibytes} MiB more`);
});

async function compressed(pieces: readonly Uint8Array[]): Promise<Buffer> {
  const gzip = createGzip({ level: 1 });
  const packed = buffer(gzip);
  for (const piece of pieces) await new Promise(resolve => gzip.write(piece, resolve));
  gzip.end();
  return packed;
}

it('a text file that is too large for source is a path alone, and said to be too large', async () => {
  const { source } = await readShop(
    registryOf(await layerOf(inApp({ ...host, 'data.json': ' '.repeat(1024 ** 2 + 1) }))),
  );
  assert.deepEqual([source.paths, source.texts.has('data.json')], [['data.json', 'host.json'], false]);
  assert.deepEqual([...(source.tooLarge ?? [])], ['data.json']);
});

it('the number of files is bounded', async () => {
  const many = Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`etc/${index}`, '']));
  await assert.rejects(readShop(registryOf(await layerOf(many)), { entries: 20 }), tooMuch('too many files'));
});

it('a registry that stops sending ends with the time', async () => {
  const open = (signal: AbortSignal) => stalled(signal);
  await assert.rejects(readShop(registryOf({ digest, size: 1e6, open }), { seconds: 0.2 }), {
    name: 'UserError',
    message: /^Reading the functions from image "shop\.azurecr\.io\/apps\/shop:1" took more than 0\.2 s\. Run again/,
  });
});

it('an interruption ends the download with its reason', async () => {
  const stop = new AbortController();
  const reason = new Error('stopped');
  const registry = registryOf({
    digest,
    size: 1e12,
    open: signal => {
      setImmediate(() => stop.abort(reason));
      return stalled(signal);
    },
  });
  await assert.rejects(readShop(registry, {}, stop.signal), reason);
  assert.equal(registry.closed, 1);
});

/** Sends a little and then nothing until the signal aborts, as a silent connection does. */
async function* stalled(signal: AbortSignal): AsyncIterable<Uint8Array> {
  yield Buffer.alloc(100);
  await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }));
}
