import type { SyntaxNode, SyntaxNodeRef } from '@lezer/common';
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
  /^\s*@\s*(\(|.*[[\]]|.*\bif\b)/,
  /\[\s*\*|\bin\s+\*|\bfor\b.*,\s*\*\w/,
];

/** Most errors that are told of one file: later ones are often echoes of the first. */
const limit = 10;

interface SyntaxError {
  readonly offset: number;
  readonly message: string;
}

/** Syntax errors of a module, the first of each statement and line, as far as the grammar is not to blame. */
export function syntaxFaults(module: Module): readonly Fault[] {
  if (!hasError(module)) return [];
  const errors = statementsOf(module.tree.topNode).flatMap(statement => firstError(statement, module) ?? []);
  const doubtful = errors.findIndex(({ offset }) => isDoubtful(offset, module));
  // What follows a statement that the grammar does not know is often read wrongly.
  const certain = doubtful === -1 ? errors : errors.slice(0, doubtful);
  const faults = certain.map(({ offset, message }) => ({ message, place: module.placeAt(offset) }));
  const firstOfLine = faults.filter(
    ({ place }, index) => faults.findIndex(one => one.place.line === place.line) === index,
  );
  return firstOfLine.slice(0, limit);
}

/** A look at types alone: nodes are made only for a file with an error. */
function hasError({ tree, text }: Module): boolean {
  let found = false;
  tree.iterate({
    enter: node => {
      found ||= node.type.isError || isUnclosedText(node, text);
      return !found;
    },
  });
  return found;
}

function isUnclosedText(node: SyntaxNodeRef, text: string): boolean {
  return (node.name === 'String' || node.name === 'FormatString') && splitLiteral(textOfNode(text, node)) === undefined;
}

function firstError(statement: SyntaxNode, module: Module): SyntaxError | undefined {
  let error: number | undefined;
  let bracket: number | undefined;
  statement.cursor().iterate(({ type, from, to, node }) => {
    const unclosed = isUnclosedText(node, module.text);
    // The grammar wants a value after every `yield`.
    if (type.isError && /^Yield/.test(node.parent?.name ?? '')) return;
    // What is missing is missing after the last thing that is there.
    if (type.isError || unclosed) error ??= from === to && !unclosed ? lastCharacterBefore(module.text, from) : from;
    if (isUnclosed(node)) bracket ??= from;
  });
  if (error === undefined) return undefined;
  if (bracket === undefined) return { offset: error, message: 'The file has a syntax error here. Correct it.' };
  return { offset: bracket, message: 'The bracket that opens here has no end, which is a syntax error. Close it.' };
}

const closing: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' };

function isUnclosed(node: SyntaxNode): boolean {
  const end = closing[node.firstChild?.name ?? ''];
  return end !== undefined && node.lastChild?.name !== end && node.name !== 'MatchBody';
}

function isDoubtful(offset: number, { text }: Module): boolean {
  const line = lineAt(text, offset);
  return beyondGrammar.some(pattern => pattern.test(line));
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
