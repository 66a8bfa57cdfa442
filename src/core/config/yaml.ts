import {
  constructFromEvents,
  EVENT_ID,
  type Event,
  getScalarValue,
  parseEvents,
  SCALAR_STYLE,
  YAMLException,
} from 'js-yaml';
import { type Place, UserError } from '../../errors.ts';
import { type PlaceAt, placesIn } from '../readers/places.ts';

/** Keys and indexes from the document down to a value. */
export type YamlPath = readonly (string | number)[];

/** A parsed YAML document and where its parts stand. */
export interface YamlDocument {
  /** `{}` for an empty document. */
  readonly value: unknown;
  /** Place of the value at this path; the nearest place around it when the file has none for it. */
  placeOf(path: YamlPath): Place;
  /** Place of the key at this path. */
  placeOfKey(path: YamlPath): Place;
  /** Whether the file has a value at this path. */
  has(path: YamlPath): boolean;
  /** The plain scalar at this path as it is written: `1.10`, where the value is the number 1.1. */
  sourceOf(path: YamlPath): string | undefined;
}

const maxAliases = 50;

/**
 * The single document of a YAML text; duplicate keys, unknown tags and more than 50 aliases are faults.
 * Throws UserError with the place of the first fault; contents of the file are never in the message.
 */
export function parseYaml(text: string, file: string): YamlDocument {
  try {
    return documentOf(text, file);
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error;
    const place = { file, ...(error.mark ? { line: error.mark.line + 1, column: error.mark.column + 1 } : {}) };
    throw new UserError({ message: `The file is not valid YAML: ${error.reason}. Correct it there.`, place });
  }
}

function documentOf(text: string, file: string): YamlDocument {
  const blank = /^\uFEFF?(\s|#.*)*$/.test(text);
  const events = blank ? [] : parseEvents(text, { filename: file });
  const documents = blank ? [] : constructFromEvents(events, { source: text, filename: file, maxAliases });
  if (documents.length > 1)
    throw new UserError({ message: 'The file has more than one YAML document. Keep one.', place: { file } });
  const marks = new MarkReader(events, text).read();
  const placeAt = placesIn(file, text);
  return {
    value: documents[0] ?? {},
    placeOf: path => placeOfMark(path, marks, placeAt, mark => mark.value),
    placeOfKey: path => placeOfMark(path, marks, placeAt, mark => mark.key ?? mark.value),
    has: path => marks.has(keyOf(path)),
    sourceOf: path => marks.get(keyOf(path))?.source,
  };
}

interface Mark {
  /** Offset of the value. */
  readonly value: number;
  /** Offset of the key before it. */
  readonly key?: number;
  readonly source?: string;
}

function keyOf(path: YamlPath): string {
  return JSON.stringify(path.map(String));
}

function placeOfMark(
  path: YamlPath,
  marks: ReadonlyMap<string, Mark>,
  placeAt: PlaceAt,
  offsetOf: (mark: Mark) => number,
): Place {
  for (let length = path.length; length >= 0; length--) {
    const mark = marks.get(keyOf(path.slice(0, length)));
    if (mark) return placeAt(offsetOf(mark));
  }
  return placeAt(0);
}

/** Walks the events once and notes the offset of each value by its path; parts behind an alias have no mark of their own. */
class MarkReader {
  readonly #events: readonly Event[];
  readonly #text: string;
  readonly #marks = new Map<string, Mark>();
  #next = 0;

  constructor(events: readonly Event[], text: string) {
    this.#events = events;
    this.#text = text;
  }

  read(): ReadonlyMap<string, Mark> {
    if (this.#events[0]?.type === EVENT_ID.DOCUMENT) {
      this.#next = 1;
      this.#value([], undefined);
    }
    return this.#marks;
  }

  #value(path: YamlPath, key: number | undefined): void {
    const event = this.#events[this.#next];
    this.#next++;
    if (!event) return;
    const source = this.#sourceOf(event);
    const value = offsetOf(event) ?? key ?? 0;
    this.#marks.set(keyOf(path), {
      value,
      ...(key === undefined ? {} : { key }),
      ...(source === undefined ? {} : { source }),
    });
    if (event.type === EVENT_ID.SEQUENCE) this.#items(path);
    if (event.type === EVENT_ID.MAPPING) this.#entries(path);
  }

  #items(path: YamlPath): void {
    for (let index = 0; !this.#closes(); index++) this.#value([...path, index], undefined);
  }

  #entries(path: YamlPath): void {
    while (!this.#closes()) {
      const event = this.#events[this.#next];
      this.#next++;
      if (!event) return;
      const name = event.type === EVENT_ID.SCALAR ? getScalarValue(this.#text, event) : '';
      this.#value([...path, name], offsetOf(event));
    }
  }

  #closes(): boolean {
    const event = this.#events[this.#next];
    if (event && event.type !== EVENT_ID.POP) return false;
    this.#next++;
    return true;
  }

  #sourceOf(event: Event): string | undefined {
    return event.type === EVENT_ID.SCALAR && event.style === SCALAR_STYLE.PLAIN
      ? getScalarValue(this.#text, event)
      : undefined;
  }
}

function offsetOf(event: Event): number | undefined {
  const offset = offsetsOf(event).find(one => one >= 0);
  return offset;
}

function offsetsOf(event: Event): readonly number[] {
  if (event.type === EVENT_ID.SCALAR) return [event.valueStart];
  if (event.type === EVENT_ID.ALIAS) return [event.anchorStart];
  return event.type === EVENT_ID.SEQUENCE || event.type === EVENT_ID.MAPPING ? [event.start] : [];
}
