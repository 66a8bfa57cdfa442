import type { Tree } from '@lezer/common';
import { parser } from '@lezer/python';

/** The syntax tree of a Python file; what cannot be read is an error node in it. */
export function parsePython(text: string): Tree {
  return parser.parse(text);
}
