import { readFile } from 'node:fs/promises';
import { basename, posix } from 'node:path';
import { atMost } from '../../core/concurrency.ts';
import { dependencyFolders } from '../../core/image-dependencies.ts';
import type { SourceTree } from '../../core/project.ts';
import { isSourceText, isTooLarge, limitOfSourceText, textsAndLinks } from '../../core/source-files.ts';
import { UserError } from '../../errors.ts';
import { type Entry, type FileEntry, type LinkEntry, unreadable } from './listing.ts';

const filesAtOnce = 16;

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
  const regular = files.filter(entry => entry.kind === 'file');
  const texts = await textsOf(regular.filter(file => isSourceText(file.path, file.size)));
  const links = files.flatMap(entry => (entry.kind === 'link' ? [[entry.path, targetOf(entry)] as const] : []));
  return {
    folder: basename(folder),
    paths,
    ...textsAndLinks(texts, new Map(links)),
    tooLarge: new Set(regular.filter(file => isTooLarge(file.path, file.size)).map(({ path }) => path)),
    dependencyFolders: Object.values(dependencyFolders).filter(name => installed.includes(name)),
  };
}

async function textsOf(files: readonly FileEntry[]): Promise<ReadonlyMap<string, string>> {
  if (files.reduce((sum, file) => sum + file.size, 0) > limitOfSourceText) {
    throw new UserError(
      `The app has more than ${limitOfSourceText / 1024 ** 2} MiB of source text. List what is not source in ".funcignore".`,
    );
  }
  const contents = await atMost(filesAtOnce, files, readText);
  return new Map(files.map((file, index) => [file.path, contents[index] ?? '']));
}

function targetOf({ path, target }: LinkEntry): string {
  return posix.join(posix.dirname(path), target);
}

async function readText({ path, location }: FileEntry): Promise<string> {
  const text = await readFile(location, 'utf8').catch(error => {
    throw unreadable(path, error);
  });
  // A byte order mark is no part of the text.
  return text.startsWith('\uFEFF') ? text.slice(1) : text;
}
