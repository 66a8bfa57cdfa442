import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ImageRequest } from '../../src/core/image-plan.ts';
import { buildImage, decideImage, type ImagePorts } from '../../src/flows/build-image.ts';
import type { ImageEngine } from '../../src/flows/ports.ts';
import { recordingLog, sourceTree } from '../support/registry-app.ts';

const signal = new AbortController().signal;
const digest = `sha256:${'a'.repeat(64)}`;
const request: ImageRequest = {
  appName: 'orders',
  runtime: 'node',
  source: sourceTree({ Dockerfile: 'FROM scratch' }),
  appDirectory: '/app',
  builder: 'auto',
  platform: 'linux/amd64',
  tags: ['one', 'two'],
  registry: 'shop.azurecr.io',
};
const unused = () => Promise.reject(new Error('unused'));

function fakes(failing?: 'build' | 'push') {
  const calls: string[] = [];
  const record = async (call: string) => {
    calls.push(call);
    if (call === failing) throw new Error(call);
  };
  const engine: ImageEngine = {
    answers: async () => {
      calls.push('answers');
      return true;
    },
    build: () => record('build'),
    push: () => record('push'),
  };
  const registry = {
    begin: () => {},
    findDigest: async (repository: string, name: string) => {
      calls.push(`find ${repository}:${name}`);
      return digest;
    },
    fetchManifest: unused,
    fetchBlob: unused,
    streamBlob: async function* () {},
    hasBlob: unused,
    mountBlob: unused,
    uploadBlob: unused,
    putManifest: unused,
    listTags: unused,
    deleteManifest: unused,
  };
  const ports: ImagePorts = {
    engine,
    registryAt: () => registry,
    content: { hash: unused, stage: unused },
    log: recordingLog(),
  };
  return { calls, ports };
}

describe('an image by an engine', () => {
  it('is built, pushed and taken by the digest that the registry has', async () => {
    const { calls, ports } = fakes();
    const plan = await decideImage(request, ports.engine, signal);
    const built = await buildImage(plan, ports, signal);
    assert.deepEqual(calls, ['answers', 'find orders:one', 'build', 'push', 'find orders:one']);
    assert.deepEqual(built, {
      image: { host: 'shop.azurecr.io', repository: 'orders', digest },
      built: true,
      tags: ['one', 'two'],
    });
  });

  it('is not pushed when the build fails', async () => {
    const { calls, ports } = fakes('build');
    const plan = await decideImage(request, ports.engine, signal);
    await assert.rejects(buildImage(plan, ports, signal), { message: 'build' });
    assert.deepEqual(calls, ['answers', 'find orders:one', 'build']);
  });

  it('is asked for only where it may be needed', async () => {
    const { calls, ports } = fakes();
    await decideImage({ ...request, builder: 'layers' }, ports.engine, signal);
    assert.deepEqual(calls, []);
  });
});
