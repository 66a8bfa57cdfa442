import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { atMost } from '../../core/concurrency.ts';
import { dependencyFolders } from '../../core/image-dependencies.ts';
import type { SourceTree } from '../../core/project.ts';
import { isSourceText, limitOfSourceText } from '../../core/source-files.ts';
import { UserError } from '../../errors.ts';
import { type Entry, type FileEntry, unreadable } from './listing.ts';

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
  const texts = files.filter(entry => entry.kind === 'file').filter(file => isSourceText(file.path, file.size));
  if (texts.reduce((sum, file) => sum + file.size, 0) > limitOfSourceText) {
    throw new UserError(
      `The app has more than ${limitOfSourceText / 1024 ** 2} MiB of source text. List what is not source in ".funcignore".`,
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

async function readText({ path, location }: FileEntry): Promise<string> {
  const text = await readFile(location, 'utf8').catch(error => {
    throw unreadable(path, error);
  });
  // A byte order mark is no part of the text.
  return text.startsWith('\uFEFF') ? text.slice(1) : text;
}
