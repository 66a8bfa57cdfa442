import type * as ast from '@babel/types';
import { childrenOf, nameOfKey } from './syntax.ts';

/** What the search for registrations needs of a program, found in one walk over all of its nodes. */
export interface Outline {
  /** Names that are assigned or whose members are assigned after their declaration. */
  readonly changed: ReadonlySet<string>;
  /** Children of a node that are calls or loads of modules or have some below them, the last first. */
  inner(node: ast.Node): readonly ast.Node[];
}

/** Calls and what may load a module. */
const sought: ReadonlySet<string> = new Set([
  'CallExpression',
  'ImportExpression',
  'ImportDeclaration',
  'ExportAllDeclaration',
  'ExportNamedDeclaration',
  'TSExternalModuleReference',
]);

/** A node on the way down; `inner` is there once something was found below it. */
interface Step {
  readonly node: ast.Node;
  readonly above: Step | undefined;
  inner?: ast.Node[];
}

/** The outline of a program; without recursion, since bundles nest without limit. */
export function outlineOf(program: ast.Program): Outline {
  const changed = new Set<string>();
  const inner = new Map<ast.Node, readonly ast.Node[]>();
  const waiting: Step[] = [{ node: program, above: undefined }];
  for (let step = waiting.pop(); step; step = waiting.pop()) {
    const { node } = step;
    const name = changedBy(node);
    if (name !== undefined) changed.add(name);
    if (sought.has(node.type)) keep(step, inner);
    for (const child of childrenOf(node)) waiting.push({ node: child, above: step });
  }
  return { changed, inner: node => inner.get(node) ?? nothing };
}

const nothing: readonly ast.Node[] = [];

/** The outline of what is no program. */
export const emptyOutline: Outline = { changed: new Set(), inner: () => nothing };

/** Notes the node with all that are around it, up to the first that has been noted. */
function keep(found: Step, inner: Map<ast.Node, readonly ast.Node[]>): void {
  for (let step = found; step.above; step = step.above) {
    const { above } = step;
    if (above.inner) {
      // One that was noted before is the last: what is below a node is walked before its neighbours.
      if (above.inner.at(-1) !== step.node) above.inner.push(step.node);
      return;
    }
    above.inner = [step.node];
    inner.set(above.node, above.inner);
  }
}

/** The variable that a node changes, or a member of which. */
function changedBy(node: ast.Node): string | undefined {
  if (node.type === 'AssignmentExpression') return rootName(node.left);
  if (node.type === 'UpdateExpression') return rootName(node.argument);
  if (node.type === 'UnaryExpression' && node.operator === 'delete') return rootName(node.argument);
  if (node.type === 'CallExpression' && isObjectAssign(node) && node.arguments[0]) return rootName(node.arguments[0]);
  return undefined;
}

function isObjectAssign({ callee }: ast.CallExpression): boolean {
  return (
    callee.type === 'MemberExpression' &&
    callee.object.type === 'Identifier' &&
    callee.object.name === 'Object' &&
    nameOfKey(callee.property, callee.computed) === 'assign'
  );
}

function rootName(node: ast.Node): string | undefined {
  let current = node;
  while (current.type === 'MemberExpression') current = current.object;
  return current.type === 'Identifier' ? current.name : undefined;
}
