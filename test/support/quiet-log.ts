import type { Log } from '../../src/flows/ports.ts';

/** A log that keeps its lines, each with its kind before it. */
export function keepingLog(): Log & { readonly lines: string[] } {
  const lines: string[] = [];
  const keep = (kind: string) => (line: string) => {
    lines.push(`${kind}: ${line}`);
  };
  return {
    lines,
    info: keep('info'),
    notice: keep('notice'),
    warning: keep('warning'),
    debug: keep('debug'),
    group: (_title, work) => work(),
  };
}
