import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as v from 'valibot';
import { runStep, type StepResult } from '../../test/support/action.ts';

/** What a step came to, and what its process says of itself. */
export interface ProbedStep {
  readonly result: StepResult;
  /** Most memory that it had at once, in megabytes of 1,000,000 bytes. */
  readonly peak: number;
  /** Processes that it started. */
  readonly children: number;
}

const probed = v.object({ peak: v.number(), children: v.number() });
const probe = join(import.meta.dirname, 'probe.cjs');

/** Runs the root action as the runner does; throws when it fails. The probe costs time, so that is not to be measured with it. */
export async function probedStep(inputs: Readonly<Record<string, string>>): Promise<ProbedStep> {
  const folder = await mkdtemp(join(tmpdir(), 'aks-functions-bench-'));
  try {
    const file = join(folder, 'probe.json');
    const env = { NODE_OPTIONS: `--require ${JSON.stringify(probe)}`, BENCH_PROBE: file };
    const result = succeeded(await runStep('root', { with: inputs, env }));
    const { peak, children } = v.parse(probed, JSON.parse(await readFile(file, 'utf8')));
    return { result, peak: (peak * 1024) / 1e6, children };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Seconds from spawn to exit of the root action; throws when it fails. */
export async function secondsOfStep(inputs: Readonly<Record<string, string>>): Promise<number> {
  return succeeded(await runStep('root', { with: inputs })).seconds;
}

function succeeded(result: StepResult): StepResult {
  if (result.code === 0) return result;
  throw new Error(`the action ended with ${result.code}:\n${result.log.slice(-2000)}`);
}
