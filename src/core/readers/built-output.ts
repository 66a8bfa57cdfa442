import { type Fault, UserError } from '../../errors.ts';
import type { SourceTree, Unresolved } from '../project.ts';
import { bindingsAt, field, triggerPlace } from './binding-json.ts';
import { parseJson } from './json.ts';
import type { FoundFunction, Reading } from './reading.ts';

/** Folders that builds write to, the one that is deployed first: published before built, release before debug. */
const ranks: readonly RegExp[] = [
  /^$/,
  /^(?:[^/]+\/)?(?:publish|out|output|dist)\/$/,
  /^bin\/(?:output|publish)\//,
  /^bin\/release\/.*publish\/$/i,
  /^bin\/debug\/.*publish\/$/i,
  /^bin\/release\//i,
  /^bin\//i,
];

function rankOf(folder: string): number {
  const rank = ranks.findIndex(pattern => pattern.test(folder));
  return rank === -1 ? ranks.length : rank;
}

/** The folder that is deployed among those of a build; each ends in a slash or is empty. `obj` is never one. */
export function bestOutput(folders: readonly string[]): string | undefined {
  const usable = folders.filter(folder => !/(?:^|\/)(?:obj|node_modules)\//i.test(folder));
  return usable.toSorted((one, other) => rankOf(one) - rankOf(other) || (one < other ? -1 : 1))[0];
}

/** Folders whose subfolders have a `function.json` that a build wrote. */
export function outputsOfFolders(tree: SourceTree, pattern: RegExp): readonly string[] {
  const folders = tree.paths.flatMap(path => /^(.+\/)[^/]+\/function\.json$/.exec(path)?.[1] ?? []);
  return [...new Set(folders)].filter(folder => pattern.test(folder));
}

/** What the `functions.metadata` of the best output declares; undefined when there is none. */
export function readMetadata(tree: SourceTree): Reading | undefined {
  const files = tree.paths.filter(path => /(?:^|\/)functions\.metadata$/.test(path));
  const folder = bestOutput(files.map(path => path.slice(0, -'functions.metadata'.length)));
  const text = folder === undefined ? undefined : tree.texts.get(`${folder}functions.metadata`);
  return text === undefined ? undefined : readMetadataText(text, `${folder}functions.metadata`);
}

function readMetadataText(text: string, file: string): Reading {
  const faults: Fault[] = [];
  const functions: FoundFunction[] = [];
  try {
    const document = parseJson(text, file);
    if (!Array.isArray(document.value))
      throw new UserError({ message: 'The file must be a list of functions. Build the app again.', place: { file } });
    for (const [index, value] of document.value.entries()) {
      const found = functionAt(value, index, document);
      if ('faults' in found) faults.push(...found.faults);
      else functions.push(found);
    }
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    faults.push(...error.faults);
  }
  return { model: 'functions.metadata', runtime: 'dotnet-isolated', functions, unresolved: [], faults, lookedAt: file };
}

function functionAt(
  value: unknown,
  index: number,
  document: ReturnType<typeof parseJson>,
): FoundFunction | { readonly faults: readonly Fault[] } {
  const name = field(value, 'name');
  if (typeof name !== 'string')
    return {
      faults: [{ message: 'The function has no "name". Build the app again.', place: document.placeOf(index) }],
    };
  try {
    const bindings = bindingsAt(document, field(value, 'bindings'), index, 'bindings');
    const place = triggerPlace(document, bindings, index, 'bindings');
    const unresolved: readonly Unresolved[] = [];
    return { name, place, bindings, disabled: false, unresolved };
  } catch (error) {
    if (error instanceof UserError) return { faults: error.faults };
    throw error;
  }
}
