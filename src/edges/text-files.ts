import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { UserError } from '../errors.ts';
import type { TextFiles } from '../flows/prepare.ts';

/** Text files on this machine, by paths relative to `directory`. */
export function textFiles(directory: string): TextFiles & { write(path: string, text: string): Promise<void> } {
  return {
    read: async path => {
      try {
        return await readFile(resolve(directory, path), 'utf8');
      } catch (cause) {
        if (codeOf(cause) === 'ENOENT' || codeOf(cause) === 'ENOTDIR') return undefined;
        throw new UserError(
          `File "${path}" cannot be read (${codeOf(cause)}). Check its permissions and that it is a file.`,
          { cause },
        );
      }
    },
    write: async (path, text) => {
      try {
        await mkdir(dirname(resolve(directory, path)), { recursive: true });
        await writeFile(resolve(directory, path), text);
      } catch (cause) {
        throw new UserError(
          `File "${path}" cannot be written (${codeOf(cause)}). Choose a folder that may be written and has space.`,
          { cause },
        );
      }
    },
  };
}

function codeOf(cause: unknown): string {
  return cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown';
}
