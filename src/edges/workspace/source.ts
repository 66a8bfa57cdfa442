import { readFile } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import { atMost } from '../../core/concurrency.ts';
import { dependencyFolders } from '../../core/image-dependencies.ts';
import type { SourceTree } from '../../core/project.ts';
import { UserError } from '../../errors.ts';
import { type Entry, type FileEntry, unreadable } from './listing.ts';

const mebibyte = 1024 ** 2;

// Bundled code may be large, while a large JSON file is data that discovery has no use for.
const limitByExtension = new Map<string, number>([
  ...['.js', '.cjs', '.mjs', '.ts', '.cts', '.mts', '.py', '.cs', '.java', '.ps1', '.psd1'].map(pair(8 * mebibyte)),
  ...['.json', '.yml', '.yaml', '.toml', '.txt', '.xml', '.csproj', '.gradle'].map(pair(mebibyte)),
]);
const limitByName = new Map<string, number>([
  ['functions.metadata', 8 * mebibyte],
  ...['package-lock.json', 'npm-shrinkwrap.json'].map(pair(32 * mebibyte)),
  ...['.nvmrc', '.node-version', '.python-version', 'Dockerfile'].map(pair(mebibyte)),
]);
const limitOfAll = 64 * mebibyte;
const filesAtOnce = 16;

function pair(limit: number): (name: string) => [string, number] {
  return name => [name, limit];
}

/** The source tree of a listed app folder; throws UserError when there is no `host.json` or too much text. */
export async function sourceTreeOf(
  folder: string,
  entries: readonly Entry[],
  installed: readonly string[],
): Promise<SourceTree> {
  const files = entries.filter(entry => entry.kind !== 'folder' && !/(?:^|\/)node_modules\//.test(entry.path));
  const paths = files.map(entry => entry.path);
  if (!paths.includes('host.json')) {
    throw new UserError(
      `There is no "host.json" in "${folder}". Set input "app-directory" to the folder of the function app.`,
    );
  }
  const texts = files.filter(entry => entry.kind === 'file').filter(isText);
  if (texts.reduce((sum, file) => sum + file.size, 0) > limitOfAll) {
    throw new UserError(
      `The app has more than ${limitOfAll / mebibyte} MiB of source text. List what is not source in ".funcignore".`,
    );
  }
  const contents = await atMost(filesAtOnce, texts, readText);
  return {
    folder: basename(folder),
    paths,
    texts: new Map(texts.map((file, index) => [file.path, contents[index] ?? ''])),
    dependencyFolders: Object.values(dependencyFolders).filter(name => installed.includes(name)),
  };
}

function isText({ path, size }: FileEntry): boolean {
  const limit = limitByName.get(basename(path)) ?? limitByExtension.get(extname(path).toLowerCase());
  return limit !== undefined && size <= limit;
}

async function readText({ path, location }: FileEntry): Promise<string> {
  const text = await readFile(location, 'utf8').catch(error => {
    throw unreadable(path, error);
  });
  // A byte order mark is no part of the text.
  return text.startsWith('\uFEFF') ? text.slice(1) : text;
}
