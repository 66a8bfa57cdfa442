import type { RawInputs } from '../core/inputs/reader.ts';
import type { Surroundings } from '../inputs.ts';
import type { Output, Outputs } from '../outputs.ts';

/** What a command came to, the same for an action and the command line. */
export interface CommandResult {
  readonly outputs: Outputs;
  /** Markdown for the job summary. */
  readonly summary: string;
  /** Text for a terminal. */
  readonly text: string;
  /** False when a check failed, though everything was carried out. */
  readonly ok: boolean;
}

/** What a command of the command line alone runs with, beside its inputs. */
export interface CommandSetting {
  readonly surroundings: Surroundings;
  readonly output: Output;
  readonly signal: AbortSignal;
}

/** Wires inputs to edges, runs one flow and says what it came to. */
export type Command = (
  raw: RawInputs,
  surroundings: Surroundings,
  output: Output,
  signal: AbortSignal,
) => Promise<CommandResult>;
