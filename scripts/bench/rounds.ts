import { cpus } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import type { Row } from './figure.ts';

/** One thing to measure; `run` gives one value. */
export interface Variant {
  readonly name: string;
  readonly run: () => Promise<number>;
}

/** Runs that are not counted, since they fill the caches of the machine. */
export const warmUps = 2;

/**
 * Measures the variants in turn, `count` times each. Every round starts with another variant and every second one
 * goes backwards, so that what the machine does meanwhile meets all alike.
 */
export async function interleaved(variants: readonly Variant[], count: number): Promise<readonly Row[]> {
  const values = new Map<string, number[]>(variants.map(({ name }) => [name, []]));
  await inRounds(count, async round => {
    for (const { name, run } of orderOf(variants, round + warmUps)) {
      await quiet();
      const value = await run();
      if (round >= 0) values.get(name)?.push(value);
    }
  });
  return variants.map(({ name }) => ({ name, values: values.get(name) ?? [] }));
}

/** Calls `run` with the numbers of the rounds, of which those below zero fill caches and are not counted. */
export async function inRounds(count: number, run: (round: number) => Promise<void>): Promise<void> {
  for (let round = -warmUps; round < count; round += 1) await run(round);
}

function orderOf(variants: readonly Variant[], round: number): readonly Variant[] {
  const start = Math.floor(round / 2) % variants.length;
  const turned = [...variants.slice(start), ...variants.slice(0, start)];
  return round % 2 === 0 ? turned : turned.toReversed();
}

/** Share of the processors that must be idle for a run to begin. */
const idleShare = 0.88;
const sample = 60;
const longestWait = 3000;

/** Waits until other processes leave the processors nearly idle; a machine that never rests is measured as it is. */
export async function quiet(): Promise<void> {
  const end = performance.now() + longestWait;
  while (performance.now() < end) {
    const before = usage();
    await pause(sample);
    const after = usage();
    if ((after.idle - before.idle) / (after.all - before.all) >= idleShare) return;
  }
}

function usage(): { readonly idle: number; readonly all: number } {
  const times = cpus().map(cpu => cpu.times);
  const all = times.flatMap(each => Object.values(each)).reduce((sum, time) => sum + time, 0);
  return { idle: times.reduce((sum, each) => sum + each.idle, 0), all };
}
