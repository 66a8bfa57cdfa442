import type * as ast from '@babel/types';
import { emptyRecord } from '../static-value.ts';
import type { Evaluator, JsValue } from './evaluate.ts';
import type { Definition, Module } from './modules.ts';
import { namesIn } from './names.ts';
import { childrenOf, isFunction, nameOfKey } from './syntax.ts';

/** The body of a function that is called with these arguments, as a module inside of `outer`. */
export function scopeOfCall(
  node: ast.Node,
  given: readonly JsValue[],
  outer: Module,
  evaluator: Evaluator,
): Module | undefined {
  if (!isFunction(node)) return undefined;
  const names = new Map(node.body.type === 'BlockStatement' ? namesIn(outer.path, node.body.body) : []);
  for (const [index, parameter] of node.params.entries()) {
    if (parameter.type === 'RestElement') {
      const items = given.slice(index).map(value => evaluator.plainOf(value, parameter, outer));
      bind(parameter.argument, { kind: 'list', items }, names, outer, evaluator);
    } else bind(parameter, given[index] ?? { kind: 'absent' }, names, outer, evaluator);
  }
  return { ...outer, names, parent: outer };
}

/** The expression that a function gives back, when its body only declares names before; undefined for any other. */
export function returnedBy(node: ast.Node): ast.Node | undefined {
  if (!isFunction(node) || node.async || node.generator) return undefined;
  if (node.body.type !== 'BlockStatement') return node.body;
  const last = node.body.body.at(-1);
  const others = node.body.body.slice(0, -1);
  const declaresOnly = others.every(({ type }) => /^(Variable|Function|TSEnum)Declaration$/.test(type));
  return declaresOnly && last?.type === 'ReturnStatement' ? (last.argument ?? undefined) : undefined;
}

/** The body of a loop in which `pattern` stands for a value. */
export function scopeOfLoop(
  pattern: ast.Node,
  value: JsValue,
  body: ast.Node,
  { outer, evaluator }: { readonly outer: Module; readonly evaluator: Evaluator },
): Module {
  const names = new Map(body.type === 'BlockStatement' ? namesIn(outer.path, body.body) : []);
  bind(pattern, value, names, outer, evaluator);
  return { ...outer, names, parent: outer };
}

function bind(
  pattern: ast.Node,
  value: JsValue,
  names: Map<string, Definition>,
  outer: Module,
  evaluator: Evaluator,
): void {
  if (pattern.type === 'Identifier') names.set(pattern.name, { kind: 'value', value });
  if (pattern.type === 'AssignmentPattern') {
    // A default may speak of the parameters before it.
    const inside = { ...outer, names, parent: outer };
    bind(
      pattern.left,
      value.kind === 'absent' ? evaluator.value(pattern.right, inside) : value,
      names,
      outer,
      evaluator,
    );
  }
  if (pattern.type === 'ArrayPattern') {
    for (const [index, item] of pattern.elements.entries())
      if (item) bind(item, evaluator.member(value, index, pattern, outer), names, outer, evaluator);
  }
  if (pattern.type === 'ObjectPattern') bindObject(pattern, value, names, outer, evaluator);
}

function bindObject(
  pattern: ast.ObjectPattern,
  value: JsValue,
  names: Map<string, Definition>,
  outer: Module,
  evaluator: Evaluator,
): void {
  const taken = new Set<string>();
  for (const property of pattern.properties) {
    if (property.type === 'RestElement') {
      const rest: JsValue =
        value.kind === 'record'
          ? { ...value, entries: new Map([...value.entries].filter(([key]) => !taken.has(key))) }
          : value.kind === 'absent'
            ? emptyRecord
            : value;
      bind(property.argument, rest, names, outer, evaluator);
      continue;
    }
    const key = nameOfKey(property.key, property.computed);
    if (key === undefined) continue;
    taken.add(key);
    bind(property.value, evaluator.member(value, key, pattern, outer), names, outer, evaluator);
  }
}

/** Whether the node may end the function or loop around it before its end, or go on with its next round. */
export function mayLeave(node: ast.Node): boolean {
  const waiting: ast.Node[] = [node];
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    if (/^(Return|Break|Continue)Statement$/.test(next.type)) return true;
    if (!isFunction(next)) waiting.push(...childrenOf(next));
  }
  return false;
}
