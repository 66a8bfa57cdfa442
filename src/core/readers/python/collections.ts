import type { SyntaxNode } from '@lezer/common';
import { emptyRecord, type StaticValue, textOf } from '../static-value.ts';
import type { Evaluator } from './evaluate.ts';
import type { Module } from './modules.ts';
import { childrenOf, statementsOf, textOfNode } from './syntax.ts';

/** The constants of a class by name, those of classes in it included. */
export function classOf(node: SyntaxNode, module: Module, evaluator: Evaluator): StaticValue {
  const body = node.getChild('Body');
  const entries = (body ? statementsOf(body) : []).flatMap(statement => {
    const inner = statement.name === 'ClassDefinition' ? statement.getChild('VariableName') : undefined;
    if (inner) return [[textOfNode(module.text, inner), classOf(statement, module, evaluator)] as const];
    const [target, ...rest] = childrenOf(statement).filter(({ name }) => name !== 'TypeDef');
    const value = rest[1];
    if (statement.name !== 'AssignStatement' || target?.name !== 'VariableName' || rest.length !== 2 || !value)
      return [];
    return [[textOfNode(module.text, target), evaluator.plain(value, module)] as const];
  });
  return { ...emptyRecord, entries: new Map(entries) };
}

/** The items of a list, a tuple or a set. */
export function listOf(node: SyntaxNode, module: Module, evaluator: Evaluator): StaticValue {
  const items = childrenOf(node)
    .slice(1, -1)
    .filter(({ name }) => name !== ',');
  return { kind: 'list', items: items.map(item => evaluator.plain(item, module)) };
}

/** The record of a dictionary. */
export function dictionaryOf(node: SyntaxNode, module: Module, evaluator: Evaluator): StaticValue {
  const parts = childrenOf(node);
  const entries = new Map<string, StaticValue>();
  const open = parts.filter(({ name }) => name === '**').map(part => module.placeAt(part.from));
  for (const [index, part] of parts.entries()) {
    const [before, after] = [parts[index - 1], parts[index + 1]];
    const key = part.name === ':' && before ? textOf(evaluator.plain(before, module)) : undefined;
    if (part.name === ':' && key === undefined) open.push(module.placeAt(part.from));
    if (key !== undefined && after) entries.set(key, evaluator.plain(after, module));
  }
  return { kind: 'record', entries, open };
}
