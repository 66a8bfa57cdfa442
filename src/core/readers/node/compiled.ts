import type * as ast from '@babel/types';
import { emptyRecord, known, type StaticValue } from '../static-value.ts';
import { isFunction, nameOfKey, requiredBy, unwrapped } from './syntax.ts';

/** A member of an enum: its name and its value, which is counted when it has none. */
export interface EnumMember {
  readonly name: string;
  readonly value: ast.Node | undefined;
}

/** What compilers make of an enum: `var E; (function (E) { E["A"] = "a"; })(E || (exports.E = E = {}));`. */
export function compiledEnum(
  node: ast.Node,
): { readonly name: string; readonly exported: boolean; readonly members: readonly EnumMember[] } | undefined {
  const call = unwrapped(node);
  if (call.type !== 'CallExpression') return undefined;
  const [callee, argument] = [unwrapped(call.callee), call.arguments[0]];
  if (callee.type !== 'FunctionExpression' && callee.type !== 'ArrowFunctionExpression') return undefined;
  if (
    callee.body.type !== 'BlockStatement' ||
    argument?.type !== 'LogicalExpression' ||
    argument.left.type !== 'Identifier'
  )
    return undefined;
  const members = callee.body.body.map(memberOf);
  if (members.length === 0 || members.some(member => member === undefined)) return undefined;
  const exported = argument.right.type === 'AssignmentExpression' && argument.right.left.type === 'MemberExpression';
  return { name: argument.left.name, exported, members: members.filter(member => member !== undefined) };
}

/** The members of an enum with their values; those without one count on from the one before. */
export function enumRecord(members: readonly EnumMember[], evaluate: (node: ast.Node) => StaticValue): StaticValue {
  let next = 0;
  const entries = members.map(({ name, value: given }) => {
    const value = given ? evaluate(given) : known(next);
    next = value.kind === 'known' && typeof value.value === 'number' ? value.value + 1 : next + 1;
    return [name, value] as const;
  });
  return { ...emptyRecord, entries: new Map(entries) };
}

/** `E["A"] = "a"`, or `E[E["A"] = 0] = "A"` for a number. */
function memberOf(statement: ast.Node): EnumMember | undefined {
  if (statement.type !== 'ExpressionStatement' || statement.expression.type !== 'AssignmentExpression')
    return undefined;
  const { left, right } = statement.expression;
  if (left.type !== 'MemberExpression') return undefined;
  const inner = left.property.type === 'AssignmentExpression' ? left.property : undefined;
  if (inner && inner.left.type !== 'MemberExpression') return undefined;
  const member = inner?.left.type === 'MemberExpression' ? inner.left : left;
  const name = nameOfKey(member.property, member.computed);
  return name === undefined ? undefined : { name, value: inner?.right ?? right };
}

/** The name and value of `Object.defineProperty(exports, "name", { get: function () { return value; } })`. */
export function definedExport(node: ast.Node): { readonly name: string; readonly value: ast.Node } | undefined {
  if (node.type !== 'CallExpression' || node.callee.type !== 'MemberExpression') return undefined;
  const [target, key, descriptor] = node.arguments;
  const named =
    nameOfKey(node.callee.property) === 'defineProperty' && target?.type === 'Identifier' && target.name === 'exports';
  if (!named || key?.type !== 'StringLiteral' || descriptor?.type !== 'ObjectExpression') return undefined;
  for (const property of descriptor.properties) {
    if (property.type === 'SpreadElement' || nameOfKey(property.key) !== 'get') continue;
    const getter: ast.Node = property.type === 'ObjectMethod' ? property : property.value;
    const value = isFunction(getter) ? returned(getter.body) : undefined;
    if (value) return { name: key.value, value };
  }
  return undefined;
}

function returned(body: ast.Node): ast.Node | undefined {
  const statement = body.type === 'BlockStatement' ? body.body[0] : undefined;
  return statement?.type === 'ReturnStatement' ? (statement.argument ?? undefined) : undefined;
}

/** Last name of what is called: `__importStar` for `tslib_1.__importStar(…)`. */
export function calledName(node: ast.CallExpression): string | undefined {
  const callee = unwrapped(node.callee);
  if (callee.type === 'SequenceExpression') return undefined;
  return callee.type === 'MemberExpression' ? nameOfKey(callee.property, callee.computed) : nameOfKey(callee);
}

/** The module whose exports `__exportStar(require("…"), exports)` passes on. */
export function starExport(node: ast.Node): string | undefined {
  if (node.type !== 'CallExpression' || calledName(node) !== '__exportStar') return undefined;
  const source = node.arguments[0] && requiredBy(node.arguments[0]);
  return source?.type === 'StringLiteral' ? source.value : undefined;
}

/** Functions that compilers put around `require` for imports of ES modules. */
export const importWrappers: ReadonlySet<string> = new Set(['__importDefault', '__importStar', '__toESM']);
