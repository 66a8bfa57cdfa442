import type { Lab } from '../../test/lab/lab.ts';
import type { Figure } from './figure.ts';

/** What the groups share. */
export interface Bench {
  /** How often each thing is measured. */
  readonly rounds: number;
  /** Says what is being done, on stderr. */
  readonly say: (line: string) => void;
  /** A lab with a fake node, started at the first call and stopped at the end of the run. */
  readonly lab: () => Promise<Lab>;
}

/** Figures that belong together, or why this machine cannot show them. */
export type Measured =
  | { readonly kind: 'figures'; readonly figures: readonly Figure[] }
  | { readonly kind: 'skipped'; readonly reason: string };

/** One group, run by its name. */
export interface Group {
  readonly name: string;
  readonly measure: (bench: Bench) => Promise<Measured>;
}

/** The result of a group that was measured. */
export function figures(...all: readonly Figure[]): Measured {
  return { kind: 'figures', figures: all };
}
