import type { Masks } from './masks.ts';

/** A message at a place of the source. */
export interface Annotation {
  readonly level: 'error' | 'warning' | 'notice';
  readonly message: string;
  readonly file?: string;
  readonly line?: number;
}

// Of each level the runner keeps this many per step, and of each message this many characters.
const annotationsKept = 10;
const messageKept = 4096;

/** The log of one step: secrets hidden, commands of the text carried out. */
export class StepLog {
  readonly lines: string[] = [];
  readonly annotations: Annotation[] = [];
  readonly #masks: Masks;
  readonly #onLine: (line: string) => void;
  #rest = '';

  constructor(masks: Masks, onLine: (line: string) => void = () => {}) {
    this.#masks = masks;
    this.#onLine = onLine;
  }

  /** Takes what a process wrote, which may end within a line. */
  write(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#take(line.replace(/\r$/, ''));
  }

  /** Takes what is left without a line end. */
  end(): void {
    if (this.#rest !== '') this.#take(this.#rest);
    this.#rest = '';
  }

  /** An error of the runner itself. */
  fail(message: string): void {
    this.#annotate('error', message, {});
    this.#add(`Error: ${message}`);
  }

  #take(line: string): void {
    const [, name = '', properties = '', value = ''] =
      /^\s*::([a-z-]+)(?: ([^:]*(?:%3A[^:]*)*))?::(.*)$/s.exec(line) ?? [];
    if (name === 'add-mask') {
      this.#masks.add(decoded(value));
      return;
    }
    if (name === 'error' || name === 'warning' || name === 'notice')
      this.#annotate(name, decoded(value), propertiesOf(properties));
    // Messages for debugging are shown only when the user asks for them.
    if (name === 'debug') return;
    this.#add(line);
  }

  #annotate(level: Annotation['level'], message: string, { file, line }: Readonly<Record<string, string>>): void {
    if (this.annotations.filter(one => one.level === level).length >= annotationsKept) return;
    this.annotations.push({
      level,
      message: this.#masks.hide(message).slice(0, messageKept),
      ...(file ? { file } : {}),
      ...(line ? { line: Number(line) } : {}),
    });
  }

  #add(line: string): void {
    const hidden = this.#masks.hide(line);
    this.lines.push(hidden);
    this.#onLine(hidden);
  }
}

function propertiesOf(text: string): Readonly<Record<string, string>> {
  const pairs = text.split(',').map(pair => pair.split('='));
  return Object.fromEntries(
    pairs.map(([name = '', value = '']) => [name.trim(), decoded(value.replaceAll('%3A', ':').replaceAll('%2C', ','))]),
  );
}

function decoded(text: string): string {
  return text.replaceAll('%0D', '\r').replaceAll('%0A', '\n').replaceAll('%25', '%');
}
