/** A file command that the runner refuses, which fails the step. */
export class FileCommandError extends Error {
  override readonly name = 'FileCommandError';
}

/** Entries of GITHUB_OUTPUT, GITHUB_STATE and GITHUB_ENV, in the runner's two forms: `name=value` and a heredoc. */
export function parseFileCommand(text: string): ReadonlyMap<string, string> {
  const entries = new Map<string, string>();
  const lines = text.split(/\r?\n/);
  for (let index = 0; index < lines.length; index += 1) {
    const line = lines[index] ?? '';
    if (line === '') continue;
    const equals = line.indexOf('=');
    const heredoc = line.indexOf('<<');
    if (equals >= 0 && (heredoc < 0 || equals < heredoc)) {
      entries.set(nameOf(line.slice(0, equals), line), line.slice(equals + 1));
    } else if (heredoc >= 0) {
      const delimiter = line.slice(heredoc + 2);
      if (delimiter === '') throw new FileCommandError(`Invalid format '${line}'. Delimiter must not be empty`);
      const end = lines.indexOf(delimiter, index + 1);
      if (end < 0) throw new FileCommandError(`Invalid value. Matching delimiter not found '${delimiter}'`);
      entries.set(nameOf(line.slice(0, heredoc), line), lines.slice(index + 1, end).join('\n'));
      index = end;
    } else {
      throw new FileCommandError(`Invalid format '${line}'`);
    }
  }
  return entries;
}

function nameOf(name: string, line: string): string {
  if (name !== '') return name;
  throw new FileCommandError(`Invalid format '${line}'. Name must not be empty`);
}

/** Variables that a step may not set for later ones. */
export function isBlockedVariable(name: string): boolean {
  return name.toUpperCase() === 'NODE_OPTIONS' || /^(?:GITHUB|RUNNER)_/i.test(name);
}
