import type { SyntaxNode } from '@lezer/common';

/** The nodes right below a node; comments left out. */
export function childrenOf(node: SyntaxNode): readonly SyntaxNode[] {
  const children: SyntaxNode[] = [];
  for (let child = node.firstChild; child; child = child.nextSibling)
    if (child.name !== 'Comment') children.push(child);
  return children;
}

/** The statements of a file or a body, those on one line one by one. */
export function statementsOf(node: SyntaxNode): readonly SyntaxNode[] {
  return childrenOf(node).flatMap(child => (child.name === 'StatementGroup' ? childrenOf(child) : [child]));
}

/** Source text of a node. */
export function textOfNode(text: string, node: { readonly from: number; readonly to: number }): string {
  return text.slice(node.from, node.to);
}

/** An argument of a call. */
export interface Argument {
  /** Undefined for one by position. */
  readonly name: string | undefined;
  readonly node: SyntaxNode;
  /** `*` or `**` before it. */
  readonly spread: boolean;
}

/** The arguments in an argument list, in order. */
export function argumentsOf(text: string, list: SyntaxNode): readonly Argument[] {
  const groups: SyntaxNode[][] = [[]];
  for (const child of childrenOf(list).slice(1)) {
    if (child.name === ',') groups.push([]);
    else if (child.name !== ')') groups.at(-1)?.push(child);
  }
  return groups.flatMap(([first, second, third]): readonly Argument[] => {
    if (first === undefined) return [];
    if (second?.name === 'AssignOp' && third) return [{ name: textOfNode(text, first), node: third, spread: false }];
    if (/^\*{1,2}$/.test(first.name) && second) return [{ name: undefined, node: second, spread: true }];
    return [{ name: undefined, node: first, spread: false }];
  });
}
