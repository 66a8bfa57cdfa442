import { lstat, readdir, readFile, readlink } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { atMost } from '../../core/concurrency.ts';
import { type Fault, UserError } from '../../errors.ts';

/** Something in a folder; `path` is relative to it with `/` separators. */
export type Entry = FileEntry | FolderEntry | LinkEntry;

/** A regular file; `size` in bytes. */
export interface FileEntry {
  readonly kind: 'file';
  readonly path: string;
  /** Path on this machine. */
  readonly location: string;
  /** Bytes. */
  readonly size: number;
  readonly executable: boolean;
}

/** A folder, whose path ends in a slash. */
export interface FolderEntry {
  readonly kind: 'folder';
  readonly path: string;
}

/** A symbolic link that stays within the folder. */
export interface LinkEntry {
  readonly kind: 'link';
  readonly path: string;
  /** As written in the link, relative and within the folder. */
  readonly target: string;
}

/** `true` for a path to leave out; folders come with a slash at their end. */
export type Ignored = (path: string) => boolean;

/** How much of a folder is taken before it counts as a mistake. */
export interface Bounds {
  readonly files: number;
  /** Bytes of all files together. */
  readonly bytes: number;
}

/** Bounds for an app: far above any that a host would load. */
export const appBounds: Bounds = { files: 100_000, bytes: 10 * 1024 ** 3 };

const filesAtOnce = 32;

interface Walk {
  readonly root: string;
  readonly ignored: Ignored;
  readonly bounds: Bounds;
  readonly entries: Entry[];
  readonly faults: Fault[];
  bytes: number;
}

/**
 * Everything in the folder, sorted by path. Throws UserError for links that leave the folder, for sockets and the
 * like, for what cannot be read and when the bounds are exceeded.
 */
export async function listFolder(
  root: string,
  ignored: Ignored,
  bounds: Bounds = appBounds,
): Promise<readonly Entry[]> {
  const walk: Walk = { root, ignored, bounds, entries: [], faults: [], bytes: 0 };
  await visit(walk, '');
  if (walk.faults.length > 0) throw new UserError(walk.faults);
  return walk.entries.sort(byPath);
}

/** Order of entries: by code units of their paths, on every machine the same. */
function byPath(one: { readonly path: string }, other: { readonly path: string }): number {
  if (one.path === other.path) return 0;
  return one.path < other.path ? -1 : 1;
}

async function visit(walk: Walk, folder: string): Promise<void> {
  const location = join(walk.root, folder);
  const children = await readdir(location, { withFileTypes: true }).catch(error => {
    throw unreadable(folder || walk.root, error);
  });
  // A virtual environment holds the interpreter of this machine, which no other could use.
  if (folder !== '' && children.some(child => child.name === 'pyvenv.cfg')) return;
  if (folder !== '') add(walk, { kind: 'folder', path: folder });
  const subfolders: string[] = [];
  const others: string[] = [];
  for (const child of children) {
    const path = folder === '' ? child.name : `${folder}/${child.name}`;
    if (walk.ignored(child.isDirectory() ? `${path}/` : path)) continue;
    (child.isDirectory() ? subfolders : others).push(path);
  }
  // Before each of them is looked at: one folder may hold all the files that are too many.
  if (walk.entries.length + others.length > walk.bounds.files) throw tooManyFiles(walk.bounds);
  for (const entry of await atMost(filesAtOnce, others, path => examine(walk, path))) {
    if (entry) add(walk, entry);
  }
  for (const path of subfolders) await visit(walk, path);
}

async function examine(walk: Walk, path: string): Promise<Entry | undefined> {
  const location = join(walk.root, path);
  const status = await lstat(location).catch(error => {
    throw unreadable(path, error);
  });
  if (status.isSymbolicLink()) return examineLink(walk, path, await readlink(location));
  if (status.isFile()) {
    return { kind: 'file', path, location, size: status.size, executable: (status.mode & 0o111) !== 0 };
  }
  walk.faults.push({ message: `"${path}" is neither a file nor a folder. Remove it, or list it in ".funcignore".` });
  return undefined;
}

function examineLink(walk: Walk, path: string, target: string): Entry | undefined {
  const leaves = target.startsWith('/') || /^\.\.(?:\/|$)/.test(posix.join(posix.dirname(path), target));
  if (!leaves) return { kind: 'link', path, target };
  walk.faults.push({
    message: `"${path}" is a link to "${target}", outside the app folder. Copy what it leads to into the folder, or list the link in ".funcignore".`,
  });
  return undefined;
}

function add(walk: Walk, entry: Entry): void {
  walk.entries.push(entry);
  walk.bytes += entry.kind === 'file' ? entry.size : 0;
  const { files, bytes } = walk.bounds;
  if (walk.entries.length > files) throw tooManyFiles(walk.bounds);
  if (walk.bytes > bytes) throw tooMuch(`more than ${Math.round(bytes / 1024 ** 2)} MiB`);
}

function tooManyFiles({ files }: Bounds): UserError {
  return tooMuch(`more than ${files} files`);
}

function tooMuch(what: string): UserError {
  return new UserError(
    `The app folder has ${what}. Check input "app-directory", or list what is not part of the app in ".funcignore".`,
  );
}

/** The error for a path that cannot be read. */
export function unreadable(path: string, cause: unknown): UserError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new UserError(`"${path}" cannot be read (${reason}). Check that it exists and that this user may read it.`, {
    cause,
  });
}

// Sources of the tools and secrets of the developer, which an image must not have.
const neverInImage = /(?:^|\/)(?:\.git|__pycache__)\/$|^(?:local\.settings\.json|\.npmrc|\.funcignore|\.git)$/;

/** What an app leaves out of its image: its `.funcignore`, and what no image should have. */
export async function ignoredByApp(root: string): Promise<Ignored> {
  const text = await readFile(join(root, '.funcignore'), 'utf8').catch(() => undefined);
  if (text === undefined) return path => neverInImage.test(path);
  const { default: ignore } = await import('ignore');
  const rules = ignore().add(text);
  return path => neverInImage.test(path) || rules.ignores(path);
}
