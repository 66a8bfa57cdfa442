import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import * as v from 'valibot';
import { baseImages } from '../lab/base-image.ts';
import { hasDebianPackages } from '../lab/debian.ts';

const descriptor = v.object({ digest: v.string() });
const index = v.object({ manifests: v.tuple([descriptor]) });
const manifest = v.object({ config: descriptor, layers: v.array(descriptor) });
const image = v.object({ config: v.object({ Env: v.array(v.string()), Cmd: v.array(v.string()) }) });

async function blob<T extends v.GenericSchema>(folder: string, digest: string, schema: T): Promise<v.InferOutput<T>> {
  return v.parse(schema, JSON.parse(await readFile(join(folder, 'blobs', digest.replace(':', '/')), 'utf8')));
}

async function read(folder: string) {
  const { manifests } = v.parse(index, JSON.parse(await readFile(join(folder, 'index.json'), 'utf8')));
  const { config, layers } = await blob(folder, manifests[0].digest, manifest);
  return { layers: layers.map(layer => layer.digest), ...(await blob(folder, config.digest, image)) };
}

test('the base images share their layers and start the host as a child of their script', async t => {
  if (!(await hasDebianPackages())) return t.skip('no Debian packages here');
  const folders = await baseImages(console.error);
  const [node, python] = [await read(folders.node), await read(folders.python)];
  assert.deepEqual(node.config.Cmd, ['/opt/startup/start_nonappservice.sh']);
  assert.ok(node.config.Env.includes('FUNCTIONS_WORKER_RUNTIME=node'));
  assert.ok(python.config.Env.includes('FUNCTIONS_WORKER_RUNTIME=python'));
  assert.equal(python.layers.length, node.layers.length + 1);
  assert.deepEqual(
    node.layers.filter(layer => !python.layers.includes(layer)),
    [],
  );
});
