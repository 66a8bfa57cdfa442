import type { SourceTree } from '../../src/core/project.ts';

/** An app folder with these files; `host.json` is added. */
export function sourceTree(files: Readonly<Record<string, string>>): SourceTree {
  const all = { 'host.json': '{"version": "2.0"}', ...files };
  return { folder: 'app', paths: Object.keys(all).sort(), texts: new Map(Object.entries(all)), dependencyFolders: [] };
}
