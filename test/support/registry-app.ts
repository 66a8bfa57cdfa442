import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { SourceTree } from '../../src/core/project.ts';
import type { Log } from '../../src/flows/ports.ts';

/** A folder of files that disposing of it removes. */
export interface AppOnDisk extends AsyncDisposable {
  readonly path: string;
}

/** Writes an app with a `host.json` and the given files into a new temporary folder. */
export async function writeApp(files: Readonly<Record<string, string | Buffer>> = {}): Promise<AppOnDisk> {
  const path = await mkdtemp(join(tmpdir(), 'app-'));
  for (const [name, content] of Object.entries({ 'host.json': '{"version":"2.0"}', ...files })) {
    await mkdir(dirname(join(path, name)), { recursive: true });
    await writeFile(join(path, name), content);
  }
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

/** A log that keeps its lines. */
export function recordingLog(): Log & { readonly lines: string[] } {
  const lines: string[] = [];
  const add = (line: string) => {
    lines.push(line);
  };
  return { lines, info: add, notice: add, warning: add, debug: () => {}, group: (_, work) => work() };
}

/** A source tree of the given texts, with a `host.json`. */
export function sourceTree(
  texts: Readonly<Record<string, string>> = {},
  dependencyFolders: readonly string[] = [],
): SourceTree {
  const all = { 'host.json': '{"version":"2.0"}', ...texts };
  return { folder: 'shop', paths: Object.keys(all).sort(), texts: new Map(Object.entries(all)), dependencyFolders };
}
