import type { SourceTree } from './project.ts';

const mebibyte = 1024 ** 2;

// Bundled code may be large, while a large JSON file is data that discovery has no use for.
const limitByExtension = new Map<string, number>([
  ...['.js', '.cjs', '.mjs', '.ts', '.cts', '.mts', '.py', '.cs', '.java', '.ps1', '.psd1'].map(pair(8 * mebibyte)),
  ...['.json', '.yml', '.yaml', '.toml', '.xml', '.csproj', '.gradle'].map(pair(mebibyte)),
]);
const limitByName = new Map<string, number>([
  ['functions.metadata', 8 * mebibyte],
  ...['package-lock.json', 'npm-shrinkwrap.json'].map(pair(32 * mebibyte)),
  ...['requirements.txt', 'runtime.txt', '.nvmrc', '.node-version', '.python-version', 'Dockerfile'].map(
    pair(mebibyte),
  ),
]);

function pair(limit: number): (name: string) => [string, number] {
  return name => [name, limit];
}

/** Most text of all source files of an app together, in bytes. */
export const limitOfSourceText = 64 * mebibyte;

/** `true` for a file of the app whose text discovery may look at; `size` in bytes. */
export function isSourceText(path: string, size: number): boolean {
  return size <= (limitOf(path) ?? -1);
}

/** `true` for one that would be of interest and is too large. */
export function isTooLarge(path: string, size: number): boolean {
  return size > (limitOf(path) ?? Number.POSITIVE_INFINITY);
}

function limitOf(path: string): number | undefined {
  const name = path.slice(path.lastIndexOf('/') + 1);
  return limitByName.get(name) ?? limitByExtension.get(extensionOf(name));
}

/** With its dot and in small letters; empty for names such as `.npmrc`, which are all name. */
function extensionOf(name: string): string {
  const dot = name.lastIndexOf('.');
  return dot > 0 ? name.slice(dot).toLowerCase() : '';
}

/** The texts with those behind `links`, which lead from path to path; a link to a link is followed once. */
export function textsAndLinks(
  texts: ReadonlyMap<string, string>,
  links: ReadonlyMap<string, string>,
): Required<Pick<SourceTree, 'texts' | 'links'>> {
  const followed = [...links].map(([path, target]) => [path, links.get(target) ?? target] as const);
  const behind = followed.flatMap(([path, target]) => {
    const text = texts.get(target);
    return text === undefined ? [] : [[path, text] as const];
  });
  return { texts: new Map([...texts, ...behind]), links: new Map(followed) };
}
