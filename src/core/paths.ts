/** The path with `/` between its parts and without `.`, `..` and empty parts; what leads above its start stays at the start. */
export function cleanPath(path: string): string {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '.' && part !== '') parts.push(part);
  }
  return parts.join('/');
}

/** Folders above a path, the nearest first, with the empty path for the top: `a/b`, `a` and `` for `a/b/c`. */
export function foldersAbove(path: string): readonly string[] {
  if (path === '') return [];
  const parts = path.split('/');
  return parts.map((_, index) => parts.slice(0, parts.length - 1 - index).join('/'));
}
