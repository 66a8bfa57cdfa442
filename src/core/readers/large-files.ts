import type { Fault } from '../../errors.ts';
import type { SourceTree, Unresolved } from '../project.ts';

/** What is not known of a file that is too large to be read; undefined for any other path. */
export function unreadFile({ tooLarge }: SourceTree, path: string): Unresolved | undefined {
  if (!tooLarge?.has(path)) return undefined;
  const advice =
    'The file is too large to be read. Declare its functions with "functions.<name>.bindings" in aks-functions.yml, in the shape of function.json.';
  return { what: 'functions', place: { file: path }, advice };
}

const declarations = /^(?:host\.json|package\.json|[^/]+\/function\.json)$|(?:^|\/)functions\.metadata$/;

/** Faults for files without which nothing can be told of the app. */
export function largeFileFaults({ tooLarge = new Set() }: SourceTree): readonly Fault[] {
  const message = 'The file is too large to be read. Check that it is the right one.';
  return [...tooLarge].filter(path => declarations.test(path)).map(file => ({ message, place: { file } }));
}
