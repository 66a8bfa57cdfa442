/** A program with its arguments, and whether it runs only when the one before it succeeded. */
export interface SimpleCommand {
  readonly words: readonly string[];
  readonly onlyAfterSuccess: boolean;
}

const piece = /\s*(?:(&&|;|\n)|((?:'[^']*'|"(?:[^"\\$`]|\\["\\])*"|\\.|[^\s'"\\;&|<>()$`])+))/y;

/** The commands of a line, as a shell takes them apart. Knows words, quotes, `&&` and `;`, and throws for anything else. */
export function parseCommandLine(line: string): readonly SimpleCommand[] {
  const commands: { words: string[]; onlyAfterSuccess: boolean }[] = [{ words: [], onlyAfterSuccess: false }];
  const text = line.trim();
  piece.lastIndex = 0;
  while (piece.lastIndex < text.length) {
    const at = piece.lastIndex;
    const [, separator, word] = piece.exec(text) ?? [];
    if (separator) commands.push({ words: [], onlyAfterSuccess: separator === '&&' });
    else if (word) commands.at(-1)?.words.push(unquoted(word));
    else throw new Error(`the emulated shell does not know "${text.slice(at, at + 20).trim()}"`);
  }
  return commands.filter(({ words }) => words.length > 0);
}

function unquoted(word: string): string {
  return word.replaceAll(
    /'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)/g,
    (_, single?: string, double?: string, escaped?: string) =>
      single ?? double?.replaceAll(/\\(["\\])/g, '$1') ?? escaped ?? '',
  );
}
