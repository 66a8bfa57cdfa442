import { readdirSync, readFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import type { SourceTree } from '../../src/core/project.ts';

/** A source tree from files given as texts by path. */
export function treeOf(files: Readonly<Record<string, string>>, folder = 'orders'): SourceTree {
  return { folder, paths: Object.keys(files).sort(), texts: new Map(Object.entries(files)) };
}

/** The source tree of a small folder on disk. */
export function treeOnDisk(folder: string): SourceTree {
  const paths = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => relative(folder, join(entry.parentPath, entry.name)));
  return treeOf(
    Object.fromEntries(paths.map(path => [path, readFileSync(join(folder, path), 'utf8')])),
    basename(folder),
  );
}
