import { glob, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Root folder of the repository. */
export const root = join(import.meta.dirname, '../..');

/** One import of a source file. */
export interface Import {
  /** As written, or for a file of ours its path from the root of the repository. */
  readonly target: string;
  /** Erased before the code runs. */
  readonly typeOnly: boolean;
}

/** One source file; `path` is relative to the root of the repository. */
export interface Source {
  readonly path: string;
  readonly text: string;
  readonly imports: readonly Import[];
}

/** The TypeScript files under a folder of the repository, in order of their paths. */
export async function readSources(folder: string): Promise<readonly Source[]> {
  const paths: string[] = [];
  for await (const path of glob(`${folder}/**/*.ts`, { cwd: root, exclude: ['**/node_modules/**'] })) paths.push(path);
  return Promise.all(paths.toSorted().map(readSource));
}

async function readSource(path: string): Promise<Source> {
  const text = await readFile(join(root, path), 'utf8');
  return {
    path,
    text,
    imports: [...importsIn(text)].map(found => ({ ...found, target: resolved(path, found.target) })),
  };
}

function* importsIn(text: string): Generator<Import> {
  for (const [, typeOnly, target = ''] of text.matchAll(
    /^(?:import|export)\s+(type\s)?(?:[^'";]*?\sfrom\s+)?'([^']+)'/gm,
  )) {
    yield { target, typeOnly: typeOnly !== undefined };
  }
  for (const [, typeOf, target = ''] of text.matchAll(/(typeof\s+)?\bimport\('([^']+)'\)/g)) {
    yield { target, typeOnly: typeOf !== undefined };
  }
}

function resolved(path: string, target: string): string {
  return target.startsWith('.') ? join(dirname(path), target).replaceAll('\\', '/') : target;
}
