import type { Evaluator } from './evaluate.ts';
import type { Module } from './modules.ts';

/**
 * Tells whether the text between two offsets has a name that leads to a container. Most of a file are bodies of
 * functions that have none, which nobody needs to walk.
 */
export function mentionsOf(module: Module, evaluator: Evaluator): (from: number, to: number) => boolean {
  // Names that come by `import *` are not listed.
  if (module.stars.length > 0) return () => true;
  const names = [...module.names.keys()].filter(name => {
    const kind = evaluator.name(name, module)?.kind;
    return kind === 'container' || kind === 'module';
  });
  const found = names.length === 0 ? [] : [...module.text.matchAll(wordsIn(names))];
  const offsets = found.map(({ index }) => index);
  return (from, to) => {
    const next = firstFrom(offsets, from);
    return next !== undefined && next < to;
  };
}

function wordsIn(names: readonly string[]): RegExp {
  return new RegExp(`(?<![\\p{L}\\p{N}_])(?:${names.join('|')})(?![\\p{L}\\p{N}_])`, 'gu');
}

/** The first of sorted offsets that is not before another. */
function firstFrom(offsets: readonly number[], from: number): number | undefined {
  let low = 0;
  let high = offsets.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((offsets[middle] ?? 0) < from) low = middle + 1;
    else high = middle;
  }
  return offsets[low];
}
