import { randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { addBaseImage } from '../../test/support/registry-base.ts';
import { RegistryServer } from '../../test/support/registry-server.ts';
import { neverAbove } from './figure.ts';
import { figures, type Group } from './group.ts';
import { probedStep } from './probed-step.ts';
import { appName, queueApp, queueAppInputs } from './queue-app.ts';
import { interleaved, type Variant } from './rounds.ts';

/** Megabytes that the action may need, whatever the app. */
const limit = 150;
const largeSize = 200;

type Inputs = Readonly<Record<string, string>>;

/** Most memory that the action has at once: npm and other children are not in it. */
export const memory: Group = {
  name: 'memory',
  measure: async bench => {
    const inputs = await queueAppInputs(bench);
    const folder = await mkdtemp(join(tmpdir(), 'aks-functions-bench-'));
    // It keeps sizes only, so that the rounds do not fill the disk.
    await using registry = await RegistryServer.start({ forgetful: true });
    addBaseImage(registry, 'base/node', '4');
    try {
      const variants = [
        ...queueAppVariants(inputs, await copyOfApp(folder, 'small')),
        await largeAppVariant(registry, folder),
      ];
      const rows = await interleaved(variants, bench.rounds);
      const goals = rows.map(row => neverAbove(limit, 'MB', row));
      return figures({ title: 'Peak memory of the action', unit: 'MB', rows, ratios: false, goals });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};

function queueAppVariants(inputs: Inputs, copy: string): readonly Variant[] {
  const built = { ...inputs, 'app-directory': copy, namespace: 'bench-memory-built' };
  return [
    { name: 'queue app, unchanged', run: () => peakOf({ ...inputs, namespace: 'bench-memory' }) },
    { name: 'queue app, built, pushed and deployed', run: () => peakOfBuild(copy, built) },
  ];
}

async function largeAppVariant({ host }: RegistryServer, folder: string): Promise<Variant> {
  const app = await copyOfApp(folder, 'large');
  await pipeline(Readable.from(megabytes(largeSize)), createWriteStream(join(app, 'data.bin')));
  const inputs = {
    ...{ auth: 'none', mode: 'render', 'manifests-directory': folder, name: appName, 'app-directory': app },
    ...{ registry: `${host}/apps`, 'base-image': `${host}/base/node:4` },
    'secret-settings': `QueueConnString=${connection}`,
  };
  return { name: `app of ${largeSize} MB, built and pushed`, run: () => peakOfBuild(app, inputs) };
}

/** Of a storage account that nobody asks. */
const connection =
  'DefaultEndpointsProtocol=https;AccountName=bench;AccountKey=YmVuY2g=;EndpointSuffix=core.windows.net';

async function copyOfApp(folder: string, name: string): Promise<string> {
  const copy = join(folder, name);
  await cp(queueApp, copy, { recursive: true });
  return copy;
}

async function peakOf(inputs: Inputs): Promise<number> {
  return (await probedStep(inputs)).peak;
}

/** Peak after a change to the app that makes it another image; throws when it was not built. */
async function peakOfBuild(app: string, inputs: Inputs): Promise<number> {
  await writeFile(join(app, 'revision.txt'), randomBytes(16).toString('hex'));
  const { peak, result } = await probedStep(inputs);
  if (result.outputs.built !== 'true') throw new Error('nothing was built, though the app had changed');
  return peak;
}

// Hard to compress and cheap to make.
async function* megabytes(count: number): AsyncIterable<Buffer> {
  for (let index = 0; index < count; index += 1) yield randomBytes(1_000_000);
}
