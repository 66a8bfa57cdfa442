import type { SyntaxNode } from '@lezer/common';
import type { Fault } from '../../../errors.ts';
import { splitLiteral } from './literals.ts';
import type { Module } from './modules.ts';
import { statementsOf, textOfNode } from './syntax.ts';

/** Lines with syntax that Python has and the grammar does not read: an error there may be the grammar's. */
const beyondGrammar = [
  /^\s*(case|match)\b.*:/,
  /^\s*(async\s+)?(def|class)\s+\w+\s*\[/,
  /^\s*type\s+\w/,
  /^\s*(async\s+)?with\s*\(/,
  /\b[tT][rR]?["']|\b[rR][tT]["']/,
  /\(\s*yield\b/,
  /^\s*@\s*(\(|.*[[\]]|.*\bif\b)/,
  /\[\s*\*|\bin\s+\*/,
];

/** Most errors that are told of one file: later ones are often echoes of the first. */
const limit = 10;

/** Syntax errors of a module, the first of each statement and line, unless the grammar is to blame. */
export function syntaxFaults(module: Module): readonly Fault[] {
  const places = statementsOf(module.tree.topNode).flatMap(statement => {
    const error = firstError(statement, module);
    return error === undefined || isDoubtful(error, statement, module) ? [] : [module.placeAt(error)];
  });
  const first = places.filter((place, index) => places.findIndex(({ line }) => line === place.line) === index);
  return first.slice(0, limit).map(place => ({ message: 'The file has a syntax error here. Correct it.', place }));
}

function firstError(statement: SyntaxNode, module: Module): number | undefined {
  let found: number | undefined;
  const enter = ({
    type,
    from,
    to,
    name,
  }: {
    readonly type: { readonly isError: boolean };
    readonly from: number;
    readonly to: number;
    readonly name: string;
  }): boolean => {
    const unclosed =
      (name === 'String' || name === 'FormatString') &&
      splitLiteral(textOfNode(module.text, { from, to })) === undefined;
    // What is missing is missing after the last thing that is there.
    if (found === undefined && (type.isError || unclosed))
      found = from === to ? lastCharacterBefore(module.text, from) : from;
    return found === undefined;
  };
  module.tree.iterate({
    from: statement.from,
    to: statement.to,
    enter: node => (node.to < statement.from || node.from > statement.to ? false : enter(node)),
  });
  return found;
}

function isDoubtful(error: number, statement: SyntaxNode, { text }: Module): boolean {
  if (beyondGrammar.some(pattern => pattern.test(lineAt(text, error)))) return true;
  // What follows such a statement is read wrongly up to the end of its block.
  return /^\s*match\b/.test(lineAt(text, statement.from));
}

function lastCharacterBefore(text: string, offset: number): number {
  let at = offset - 1;
  while (at > 0 && /\s/.test(text[at] ?? '')) at--;
  return at;
}

function lineAt(text: string, offset: number): string {
  const start = text.lastIndexOf('\n', offset - 1) + 1;
  const end = text.indexOf('\n', offset);
  return text.slice(start, end === -1 ? undefined : end);
}
