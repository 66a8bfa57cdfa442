import { type Fault, UserError } from '../../../errors.ts';
import type { SourceTree } from '../../project.ts';
import { matchingPaths } from '../glob.ts';
import { type JsonDocument, parseJson } from '../json.ts';

/** Files that the host loads first. */
export interface EntryPoints {
  readonly files: readonly string[];
  /** Sources that the files were built from, when there are any: a bundle may hide its registrations. */
  readonly sources: readonly string[];
  readonly faults: readonly Fault[];
}

/** What package.json tells about a Node app. */
export interface Manifest {
  readonly main: string | undefined;
  readonly document: JsonDocument;
}

/** The app's package.json; undefined when there is none. Throws UserError when it is not JSON. */
export function readManifest(tree: SourceTree): Manifest | undefined {
  const text = tree.texts.get('package.json');
  if (text === undefined) return undefined;
  const document = parseJson(text, 'package.json');
  const main = entryOf(document.value, 'main');
  return { main: typeof main === 'string' && main.trim() !== '' ? main.trim() : undefined, document };
}

function entryOf(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null
    ? new Map<string, unknown>(Object.entries(value)).get(key)
    : undefined;
}

/** Files that `main` means; for a build output that is missing, the sources it would be built from. */
export function entryPointsOf(tree: SourceTree, { main, document }: Manifest): EntryPoints {
  if (main === undefined) return { files: [], sources: [], faults: [] };
  const scripts = tree.paths.filter(path => !path.includes('node_modules/'));
  const direct = withExtension(main, scripts);
  const sources =
    sourcePatterns(main, tree)
      .map(pattern => matchingPaths(pattern, scripts))
      .find(files => files.length > 0) ?? [];
  if (direct.length > 0) return { files: direct, sources, faults: [] };
  if (sources.length > 0) return { files: sources, sources: [], faults: [] };
  const message = `"main" is "${main}", which matches no file of the app. Correct it, or build the app first.`;
  return { files: [], sources: [], faults: [{ message, place: document.placeOf('main') }] };
}

function withExtension(main: string, paths: readonly string[]): readonly string[] {
  for (const suffix of ['', '.js', '.mjs', '.cjs', '/index.js']) {
    const files = matchingPaths(main.replace(/\/$/, '') + suffix, paths);
    if (files.length > 0) return files;
  }
  return [];
}

/** Patterns for the TypeScript sources of a built pattern, likeliest first. */
function sourcePatterns(main: string, tree: SourceTree): readonly string[] {
  const pattern = main.replace(/^(\.\/)+/, '');
  const { outDir, rootDir } = compilerOptions(tree);
  const inside =
    outDir !== undefined && pattern.startsWith(`${outDir}/`)
      ? pattern.slice(outDir.length + 1)
      : pattern.split('/').slice(1).join('/');
  if (inside === '') return [];
  const roots = [rootDir, '', 'src'].filter(root => root !== undefined);
  const bases = [...new Set([...roots.map(root => (root === '' ? inside : `${root}/${inside}`)), pattern])];
  return bases.flatMap(base => toTypeScript(base));
}

function toTypeScript(pattern: string): readonly string[] {
  const matched = pattern.replace(/\.([mc]?)js(?=$|[,}])/g, '.$1ts');
  return matched === pattern ? [`${pattern}.ts`, `${pattern}/index.ts`] : [matched];
}

function compilerOptions(tree: SourceTree): {
  readonly outDir?: string | undefined;
  readonly rootDir?: string | undefined;
} {
  const text = tree.texts.get('tsconfig.json');
  if (text === undefined) return {};
  try {
    const options = entryOf(parseJson(text, 'tsconfig.json').value, 'compilerOptions');
    return { outDir: folderOf(entryOf(options, 'outDir')), rootDir: folderOf(entryOf(options, 'rootDir')) };
  } catch (error) {
    // The compiler reports it; here only a hint is lost.
    if (error instanceof UserError) return {};
    throw error;
  }
}

function folderOf(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  const folder = value.replace(/^(\.\/)+/, '').replace(/\/+$/, '');
  return folder === '.' ? '' : folder;
}
