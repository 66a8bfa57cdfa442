import type { Fault } from '../../errors.ts';
import type { AppFunction, Binding, HostJson, ProgrammingModel, Runtime, SourceTree, Unresolved } from '../project.ts';

/** A function as a reader found it, before the rules that hold for every model. */
export type FoundFunction = Omit<AppFunction, 'bindings'> & { readonly bindings: readonly Binding[] };

/** What a reader found. */
export interface Reading {
  /** The model that was read when it is not the reader's own: the output of a build instead of its sources. */
  readonly model?: ProgrammingModel;
  readonly runtime: Runtime;
  readonly functions: readonly FoundFunction[];
  /** Values that belong to no single function. */
  readonly unresolved: readonly Unresolved[];
  readonly faults: readonly Fault[];
  /** For the message when there are no functions: `the files of "main" in package.json`. */
  readonly lookedAt: string;
}

/** What a reader found, with the model that it was found in. */
export interface ModelReading extends Reading {
  readonly model: ProgrammingModel;
}

/** How one programming model is recognised and read. */
export interface Reader {
  readonly model: ProgrammingModel;
  matches(tree: SourceTree): boolean;
  read(tree: SourceTree, host: HostJson): Promise<Reading>;
}
