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
import { queueApp, queueAppInputs } from './queue-app.ts';
import { interleaved, type Variant } from './rounds.ts';

/** Megabytes that the action may need, whatever the app. */
const limit = 150;
const largeSize = 200;

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
      const app = join(folder, 'app');
      const large = join(folder, 'large');
      for (const copy of [app, large]) await cp(queueApp, copy, { recursive: true });
      await pipeline(Readable.from(megabytes(largeSize)), createWriteStream(join(large, 'data.bin')));
      const push = { ...inputs, 'registry-username': '', 'registry-password': '', registry: `${registry.host}/apps` };
      const render = { mode: 'render', kubeconfig: '', 'manifests-directory': folder };
      const largeInputs = { ...push, ...render, 'base-image': `${registry.host}/base/node:4`, 'app-directory': large };
      const variants: readonly Variant[] = [
        { name: 'queue app, unchanged', run: peakOf({ ...inputs, namespace: 'bench-memory' }, false) },
        {
          name: 'queue app, built, pushed and deployed',
          run: changed(app, peakOf({ ...inputs, 'app-directory': app, namespace: 'bench-memory-built' }, true)),
        },
        { name: `app of ${largeSize} MB, built and pushed`, run: changed(large, peakOf(largeInputs, true)) },
      ];
      const rows = await interleaved(variants, bench.rounds);
      const goals = rows.map(row => neverAbove(limit, 'MB', row));
      return figures({ title: 'Peak memory of the action', unit: 'MB', rows, ratios: false, goals });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};

/** Peak of one run; throws when it built though it should not, or the other way about. */
function peakOf(inputs: Readonly<Record<string, string>>, built: boolean): () => Promise<number> {
  return async () => {
    const { peak, result } = await probedStep(inputs);
    // The first run of all has to build.
    if (built && result.outputs.built !== 'true') throw new Error('nothing was built');
    return peak;
  };
}

/** The run, after a change to the app that makes it another image. */
function changed(app: string, run: () => Promise<number>): () => Promise<number> {
  return async () => {
    await writeFile(join(app, 'revision.txt'), randomBytes(16).toString('hex'));
    return run();
  };
}

// Hard to compress and cheap to make.
async function* megabytes(count: number): AsyncIterable<Buffer> {
  for (let index = 0; index < count; index += 1) yield randomBytes(1_000_000);
}
