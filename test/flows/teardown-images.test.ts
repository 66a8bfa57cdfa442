import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { releaseType } from '../../src/core/release.ts';
import { type Teardown, teardownApp } from '../../src/flows/teardown.ts';
import { FakeCluster } from '../support/fake-cluster.ts';
import { type FakeImages, registryOf } from '../support/fake-manifests.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { keepingLog } from '../support/quiet-log.ts';

const digest = (letter: string) => `sha256:${letter.repeat(64)}`;
const contentTag = `aks-functions-${'1'.repeat(32)}`;
const commit = '0123456789'.repeat(4);

let cluster: FakeCluster;
let log: ReturnType<typeof keepingLog>;
beforeEach(() => {
  cluster = new FakeCluster();
  log = keepingLog();
});

function put(kind: string, name: string, namespace: string, app: string | undefined, fields: object = {}): void {
  const labels = app === undefined ? {} : { 'aks-functions.io/app': app, 'aks-functions.io/release': '1' };
  cluster.objects.set(`${kind}/${namespace}-${name}`, { kind, metadata: { name, namespace, labels }, ...fields });
}

/** A recorded release of "shop". */
function putRelease(namespace: string, image: string, tags: readonly string[] = []): void {
  const release = gzipSync(JSON.stringify({ number: 1, image: `shop.azurecr.io/${image}`, tags, objects: [] }));
  const fields = { type: releaseType, data: { release: release.toString('base64') } };
  put('Secret', 'shop.release.v1', namespace, 'shop', fields);
}

function putWorkload(kind: string, namespace: string, image: string, app?: string): void {
  const template = { spec: { containers: [{ name: 'x', image: `shop.azurecr.io/${image}` }] } };
  put(kind, 'user', namespace, app, { spec: { template } });
}

/** Stores images by letter with the tags of each, and takes the app down; gives what was deleted and what is left. */
async function run(
  stored: Readonly<Record<string, readonly string[]>>,
  { dryRun = false, ...images }: FakeImages & Pick<Partial<Teardown>, 'dryRun'> = {},
) {
  const manifests = new Map(
    Object.entries(stored).flatMap(([letter, tags]) =>
      [...tags, digest(letter)].map(name => [name, digest(letter)] as const),
    ),
  );
  const registry = registryOf(manifests, images);
  const request: Teardown = {
    ...{ name: 'shop', namespace: 'team', deleteNamespace: 'no', setUp: undefined, queues: undefined },
    ...{ images: { host: 'shop.azurecr.io', repository: 'shop', registry }, dryRun, timeout: 600 },
  };
  const { deleted } = await teardownApp(request, {
    cluster,
    log,
    mask: () => {},
    clock: new ManualClock(),
    signal: new AbortController().signal,
    learn: () => {},
  });
  const short = (name: string) => name.replace(/sha256:(.)\1{63}/, '$1').replace('Image/shop', '');
  return {
    deleted: deleted.filter(key => key.startsWith('Image/')).map(short),
    left: [...manifests.keys()].map(short),
    kept: log.lines.filter(line => line.startsWith('notice: Image')).map(line => short(line.slice('notice: '.length))),
  };
}

test('deletes images that were built here and those of recorded releases, with their tags', async () => {
  putRelease('team', `shop@${digest('c')}`, ['v3']);
  const { deleted, left, kept } = await run({ a: [contentTag], b: [commit], c: ['v3'] }, { foreign: [digest('c')] });
  assert.deepEqual(deleted.toSorted(), ['@a', '@b', '@c']);
  assert.deepEqual([left, kept], [[], []]);
});

test('keeps an image that somebody else pushed, and says so', async () => {
  const { deleted, left, kept } = await run({ a: ['base'], b: [commit] }, { foreign: [digest('a')] });
  assert.deepEqual([deleted, left], [['@b'], ['base', 'a']]);
  assert.deepEqual(kept, [
    'Image a stays: it was not built by aks-functions, and no recorded release of the app refers to it.',
  ]);
});

test('takes only its own tags from an image that has one of others', async () => {
  const { deleted, left, kept } = await run({ a: [contentTag, 'production'] });
  assert.deepEqual([deleted, left], [[`:${contentTag}`], ['production', 'a']]);
  assert.match(
    kept[0] ?? '',
    /^Image a stays: no release of the app is known to have given it the tag "production"\.$/,
  );
});

for (const [how, image] of [
  ['by digest', `shop@${digest('a')}`],
  ['by tag', `shop:${commit}`],
] as const)
  test(`keeps an image that a workload of another namespace uses ${how}, with its tags`, async () => {
    putWorkload('Deployment', 'live', image);
    const { deleted, left, kept } = await run({ a: [commit], b: [contentTag] });
    assert.deepEqual([deleted, left], [['@b'], [commit, 'a']]);
    assert.deepEqual(kept, ['Image a stays: Deployment "user" in the namespace "live" uses it.']);
  });

test("keeps an image of another app of its own namespace, but not for the app's own workload", async () => {
  putWorkload('CronJob', 'team', `shop@${digest('a')}`, 'other');
  putWorkload('Deployment', 'team', `shop@${digest('b')}`, 'shop');
  const { deleted, kept } = await run({ a: [commit], b: [contentTag] });
  assert.deepEqual(deleted, ['@b']);
  assert.match(kept.join(), /^Image a stays: CronJob "user"/);
});

test('keeps an image that the same app in another namespace could go back to', async () => {
  putRelease('live', `shop@${digest('a')}`);
  const { deleted, kept } = await run({ a: [commit], b: [contentTag] });
  assert.deepEqual(deleted, ['@b']);
  assert.match(
    kept.join(),
    /^Image a stays: Release 1 of Secret "shop\.release\.v1" in the namespace "live" uses it\.$/,
  );
});

test('counts no image of another repository', async () => {
  putWorkload('Deployment', 'live', `other@${digest('a')}`);
  assert.deepEqual((await run({ a: [commit] })).deleted, ['@a']);
});

test('deletes an index with what it lists, and keeps what a kept one lists', async () => {
  putRelease('team', `shop@${digest('1')}`);
  const indexes = { [digest('1')]: [digest('a')], [digest('2')]: [digest('b')] };
  const { deleted, left } = await run({ 1: [], a: [], 2: ['nightly'], b: [] }, { indexes, foreign: [digest('a')] });
  assert.deepEqual(deleted, ['@1', '@a']);
  assert.deepEqual(left, ['nightly', '2', 'b']);
});

test('says when it may look at its own namespace alone', async () => {
  const list = cluster.list.bind(cluster);
  cluster.list = async (kind, namespace, selection) => {
    if (namespace === '') cluster.failOnce(`list ${kind}`, 403);
    return list(kind, namespace, selection);
  };
  putWorkload('Deployment', 'team', `shop@${digest('a')}`, 'other');
  assert.deepEqual((await run({ a: [commit], b: [contentTag] })).deleted, ['@b']);
  assert.match(
    log.lines.join('\n'),
    /notice: The identity of the kubeconfig may not list Secret, Deployment, .+ of all namespaces\. Images that other/,
  );
});

test('only lists in a dry run', async () => {
  const { deleted, left } = await run({ a: [contentTag, 'v1'], b: [commit] }, { dryRun: true });
  assert.deepEqual(deleted, ['@b', `:${contentTag}`]);
  assert.equal(left.length, 5);
});

test('leaves a tag that was pushed while it deletes', async () => {
  const manifests = new Map([
    [commit, digest('a')],
    [digest('a'), digest('a')],
  ]);
  const registry = registryOf(manifests);
  const listTags: typeof registry.listTags = async (repository, signal) => {
    const tags = await registry.listTags(repository, signal);
    manifests.set('v3', digest('d'));
    return tags;
  };
  const images = { host: 'shop.azurecr.io', repository: 'shop', registry: { ...registry, listTags } };
  const none = { queues: undefined, setUp: undefined, deleteNamespace: 'no', dryRun: false, timeout: 600 } as const;
  await teardownApp(
    { name: 'shop', namespace: 'team', images, ...none },
    {
      ...{ cluster, log, mask: () => {}, clock: new ManualClock() },
      ...{ signal: new AbortController().signal, learn: () => {} },
    },
  );
  assert.deepEqual([...manifests.keys()], ['v3']);
});
