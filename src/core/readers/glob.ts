/** Alternatives of a pattern with its `{a,b}` written out; at most 256, so that nested braces end. */
function withoutBraces(pattern: string): readonly string[] {
  let patterns = [pattern];
  for (let round = 0; round < 16; round++) {
    const next = patterns.flatMap(one => {
      const match = /\{([^{}]*)\}/.exec(one);
      if (!match) return [one];
      const [before, after] = [one.slice(0, match.index), one.slice(match.index + match[0].length)];
      return (match[1] ?? '').split(',').map(choice => before + choice + after);
    });
    if (next.length === patterns.length || next.length > 256) return next.slice(0, 256);
    patterns = next;
  }
  return patterns;
}

const tokens: Readonly<Record<string, string>> = { '**/': '(?:[^/]+/)*', '**': '.*', '*': '[^/]*', '?': '[^/]' };

function expressionOf(pattern: string): RegExp {
  const source = pattern.replace(/\*\*\/|\*\*|\*|\?|\[[!^]?[^\]/]+\]|[\\^$.|+()[\]{}]/g, part => {
    if (part.startsWith('[') && part.length > 1)
      return `[${part.slice(1, -1).replace(/^[!^]/, '^').replaceAll('\\', '\\\\')}]`;
    return tokens[part] ?? `\\${part}`;
  });
  return new RegExp(`^${source}$`);
}

/** The paths that match a glob with `*`, `**`, `?`, `[…]` and `{a,b}`, in their given order. */
export function matchingPaths(pattern: string, paths: readonly string[]): readonly string[] {
  const expressions = withoutBraces(pattern.replace(/^(\.\/)+/, '')).map(expressionOf);
  return paths.filter(path => expressions.some(expression => expression.test(path)));
}
