import type { Fault } from '../../errors.ts';
import { UsageError } from '../../errors.ts';
import { Secret } from '../secret.ts';
import { type InputName, type InputRow, inputRows } from './table.ts';

/** Texts of the inputs as given, by name; an empty text counts as absent. */
export type RawInputs = ReadonlyMap<string, string>;

const secondsPerUnit: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** Seconds of a duration such as `90s`, `10m`, `1h`, `3d` or a bare number of seconds; undefined for anything else. */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d{1,7})([smhd]?)$/.exec(text.trim());
  return match ? Number(match[1]) * (secondsPerUnit[match[2] || 's'] ?? 1) : undefined;
}

/** The truth value of a text that YAML 1.2's core schema takes for a boolean; undefined for anything else. */
export function parseBoolean(text: string): boolean | undefined {
  if (/^(true|True|TRUE)$/.test(text)) return true;
  return /^(false|False|FALSE)$/.test(text) ? false : undefined;
}

/** Reads typed values out of raw inputs and collects every fault; `finish` throws them together. */
export class InputReader {
  readonly #raw: RawInputs;
  readonly #faults: Fault[] = [];

  constructor(raw: RawInputs) {
    this.#raw = raw;
    for (const [name, row] of Object.entries<InputRow>(inputRows)) {
      if (row.later && this.#given(name) !== undefined) this.fault(`Input "${name}" is not available yet. Remove it.`);
    }
  }

  /** Adds a fault that a rule between inputs found; line breaks of a quoted value are shown as such. */
  fault(message: string): void {
    this.#faults.push({ message: message.replace(/\r?\n|\r/g, '\\n') });
  }

  /** Whether the input has a text of its own, not its default. */
  isGiven(name: InputName): boolean {
    return this.#given(name) !== undefined;
  }

  /** The text, trimmed at its ends; undefined when absent and without a default. */
  text(name: InputName): string | undefined {
    return this.#given(name)?.trim() || defaultOf(name);
  }

  /** The text with its white space, for values in which that matters. */
  verbatim(name: InputName): string | undefined {
    return this.#given(name) ?? defaultOf(name);
  }

  required(name: InputName, cure: string): string {
    const value = this.text(name);
    if (value === undefined) this.fault(`Input "${name}" is missing. ${cure}`);
    return value ?? '';
  }

  secret(name: InputName): Secret | undefined {
    const value = this.#given(name);
    return value === undefined ? undefined : new Secret(value);
  }

  choice<const Choice extends string>(name: InputName, choices: readonly Choice[]): Choice | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    const chosen = choices.find(choice => choice === value);
    if (chosen === undefined) this.fault(`Input "${name}" must be one of ${choices.join(', ')}, got "${value}".`);
    return chosen;
  }

  boolean(name: InputName): boolean {
    const value = this.text(name) ?? 'false';
    const truth = parseBoolean(value);
    if (truth === undefined) this.fault(`Input "${name}" must be "true" or "false", got "${value}".`);
    return truth ?? false;
  }

  /** Seconds. */
  duration(name: InputName): number | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    const seconds = parseDuration(value);
    if (!seconds) this.fault(`Input "${name}" must be a duration such as "90s", "10m" or "1h", got "${value}".`);
    return seconds;
  }

  /** A whole number of at least `minimum`; undefined when not given, whatever the default. */
  count(name: InputName, minimum: number, maximum = 1_000_000): number | undefined {
    const value = this.#given(name)?.trim();
    if (value === undefined) return undefined;
    const number = /^\d+$/.test(value) ? Number(value) : Number.NaN;
    if (number >= minimum && number <= maximum) return number;
    this.fault(`Input "${name}" must be a whole number from ${minimum} to ${maximum}, got "${value}".`);
    return undefined;
  }

  /** Non-empty lines, trimmed; also from a text with Windows line ends. */
  lines(name: InputName): readonly string[] {
    return (this.#given(name) ?? '')
      .split(/\r?\n/)
      .map(line => line.trim())
      .filter(line => line !== '');
  }

  /** Throws one UsageError when anything was wrong. */
  finish(): void {
    if (this.#faults.length > 0) throw new UsageError(this.#faults);
  }

  #given(name: string): string | undefined {
    const value = this.#raw.get(name);
    return value === undefined || value.trim() === '' ? undefined : value;
  }
}

function defaultOf(name: InputName): string | undefined {
  const row: InputRow = inputRows[name];
  return row.key === undefined ? row.default : undefined;
}
