import type * as ast from '@babel/types';
import type { Place } from '../../../errors.ts';

/** Place of a node. */
export function placeOfNode(file: string, node: ast.Node): Place {
  return node.loc ? { file, line: node.loc.start.line, column: node.loc.start.column + 1 } : { file };
}

function isNode(value: unknown): value is ast.Node {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
}

/** The nodes right below a node, in the order of the text; types and comments left out. */
export function childrenOf(node: ast.Node): readonly ast.Node[] {
  const children: ast.Node[] = [];
  const fields: object = node;
  // Every node of every file comes through here: lists of entries would cost ten times the parser's own time.
  for (const key in fields) {
    const value: unknown = Reflect.get(fields, key);
    if (typeof value !== 'object' || value === null || skipped.has(key)) continue;
    if (!Array.isArray(value)) {
      if (isNode(value)) children.push(value);
    } else for (const item of value) if (isNode(item)) children.push(item);
  }
  return children;
}

const skipped = new Set([
  'loc',
  'range',
  'leadingComments',
  'trailingComments',
  'innerComments',
  'extra',
  'typeAnnotation',
  'typeParameters',
  'typeArguments',
  'returnType',
]);

/** Expressions that mean the same as the one inside them. */
const wrappers = new Set([
  'AwaitExpression',
  'ParenthesizedExpression',
  'TSAsExpression',
  'TSInstantiationExpression',
  'TSNonNullExpression',
  'TSSatisfiesExpression',
  'TSTypeAssertion',
]);

/** The expression without parentheses, type assertions and `await`. */
export function unwrapped(node: ast.Node): ast.Node {
  let current = node;
  while (wrappers.has(current.type) && 'expression' in current && isNode(current.expression))
    current = current.expression;
  if (current.type === 'AwaitExpression') return unwrapped(current.argument);
  return current;
}

/** Name of a key of an object, an export or a member when it stands in the text. */
export function nameOfKey(node: ast.Node, computed = false): string | undefined {
  if (node.type === 'Identifier' && !computed) return node.name;
  if (node.type === 'StringLiteral') return node.value;
  return node.type === 'NumericLiteral' ? String(node.value) : undefined;
}

/** The module that a call of `require` or an `import()` names; undefined for anything else. */
export function requiredBy(node: ast.Node): ast.Node | undefined {
  if (node.type === 'ImportExpression') return node.source;
  if (node.type !== 'CallExpression') return undefined;
  const isRequire = node.callee.type === 'Identifier' && node.callee.name === 'require';
  return isRequire || node.callee.type === 'Import' ? node.arguments[0] : undefined;
}

/** The module that an import or export statement names; undefined for anything else. */
export function importedBy(node: ast.Node): ast.Node | undefined {
  if (node.type === 'TSExternalModuleReference') return node.expression;
  const names =
    node.type === 'ImportDeclaration' || node.type === 'ExportAllDeclaration' || node.type === 'ExportNamedDeclaration';
  return names ? (node.source ?? undefined) : undefined;
}

/** Whether the node is a function of any form. */
export function isFunction(
  node: ast.Node,
): node is
  | ast.FunctionDeclaration
  | ast.FunctionExpression
  | ast.ArrowFunctionExpression
  | ast.ObjectMethod
  | ast.ClassMethod {
  return /^(FunctionDeclaration|FunctionExpression|ArrowFunctionExpression|ObjectMethod|ClassMethod|ClassPrivateMethod)$/.test(
    node.type,
  );
}

/** Whether the node is a function that is called by its name or where it stands: no method. */
export function isFunctionNode(
  node: ast.Node,
): node is ast.FunctionDeclaration | ast.FunctionExpression | ast.ArrowFunctionExpression {
  return /^(FunctionDeclaration|FunctionExpression|ArrowFunctionExpression)$/.test(node.type);
}
