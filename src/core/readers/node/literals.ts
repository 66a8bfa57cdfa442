import type * as ast from '@babel/types';
import type { Place } from '../../../errors.ts';
import { joined, known, type StaticValue, textOf } from '../static-value.ts';
import { unknownAt } from './builtins.ts';
import type { Evaluator, JsValue } from './evaluate.ts';
import type { Module } from './modules.ts';
import { nameOfKey, placeOfNode } from './syntax.ts';

/** The longest list that spreads may build. */
const listLimit = 10_000;

/** The text of a template. */
export function templateOf(node: ast.TemplateLiteral, module: Module, evaluator: Evaluator): StaticValue {
  const parts = node.quasis.flatMap((quasi, index) => {
    const expression = node.expressions[index];
    const text = known(quasi.value.cooked ?? '');
    return expression ? [text, evaluator.plain(expression, module)] : [text];
  });
  return joined(parts, placeOfNode(module.path, node));
}

/** The record of an object literal. */
export function objectOf(node: ast.ObjectExpression, module: Module, evaluator: Evaluator): StaticValue {
  const entries = new Map<string, StaticValue>();
  const open: Place[] = [];
  for (const property of node.properties) {
    if (property.type === 'SpreadElement') {
      const spread = evaluator.plain(property.argument, module);
      if (spread.kind === 'record') for (const [key, value] of spread.entries) entries.set(key, value);
      if (spread.kind === 'record') open.push(...spread.open);
      else if (spread.kind !== 'absent') open.push(placeOfNode(module.path, property));
      continue;
    }
    const key =
      nameOfKey(property.key, property.computed) ??
      (property.computed ? textOf(evaluator.plain(property.key, module)) : undefined);
    if (key === undefined) open.push(placeOfNode(module.path, property));
    else
      entries.set(
        key,
        property.type === 'ObjectProperty'
          ? evaluator.plain(property.value, module)
          : evaluator.plainOf({ kind: 'callable', node: property, module }, property, module),
      );
  }
  return { kind: 'record', entries, open };
}

/** The list of an array literal. */
export function listOf(node: ast.ArrayExpression, module: Module, evaluator: Evaluator): StaticValue {
  const items = node.elements.flatMap((element): readonly StaticValue[] => {
    if (element === null) return [{ kind: 'absent' }];
    if (element.type !== 'SpreadElement') return [evaluator.plain(element, module)];
    const spread = evaluator.plain(element.argument, module);
    return spread.kind === 'list' ? spread.items : [unknownAt(element, module)];
  });
  return items.length > listLimit ? unknownAt(node, module) : { kind: 'list', items };
}

/** The static members of a class; others belong to objects that only running the code makes. */
export function classOf(
  { body, superClass }: ast.ClassDeclaration | ast.ClassExpression,
  module: Module,
  evaluator: Evaluator,
): StaticValue {
  const entries = body.body.flatMap((member): readonly (readonly [string, StaticValue])[] => {
    if ((member.type !== 'ClassProperty' && member.type !== 'ClassMethod') || !member.static) return [];
    const key = nameOfKey(member.key, member.computed);
    const value: JsValue | undefined =
      member.type === 'ClassMethod'
        ? { kind: 'callable', node: member, module }
        : member.value
          ? evaluator.value(member.value, module)
          : undefined;
    return key === undefined || value === undefined ? [] : [[key, evaluator.plainOf(value, member, module)]];
  });
  // A base class may have any other.
  return { kind: 'record', entries: new Map(entries), open: superClass ? [placeOfNode(module.path, superClass)] : [] };
}
