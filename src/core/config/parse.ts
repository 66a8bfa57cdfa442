import { type Fault, type Place, UserError } from '../../errors.ts';
import { isRecord } from '../json.ts';
import { didYouMean } from '../nearest.ts';
import type { Config } from './config.ts';
import { mergeOver } from './merge.ts';
import { keepPlaces } from './places.ts';
import { contradictionsIn } from './rules.ts';
import { checkConfig, checkFile, type Issue } from './schema.ts';
import { parseYaml, type YamlDocument, type YamlPath } from './yaml.ts';

/** Largest file, in bytes of UTF-8. */
const sizeLimit = 256 * 1024;
/** Most values after aliases are followed: a small file can repeat itself without end. */
const valueLimit = 100_000;

/** Maps whose values are texts whatever they look like: `1.10` and `yes` come through as written. */
const textMaps = new Set([
  'settings',
  'labels',
  'annotations',
  'nodeSelector',
  'metadata',
  'requests',
  'limits',
  'headers',
  'sendHeaders',
]);
/** Maps whose values may be confidential and are never shown. */
const hiddenMaps = new Set(['settings', 'metadata', 'headers', 'sendHeaders', 'patch', 'send']);

/** Name of the file for messages, and which overlay to merge. */
export interface ParseOptions {
  /** Name for places. */
  readonly file: string;
  /** Which of the `environments` is merged over the rest. */
  readonly environment?: string | undefined;
}

/** The configuration in a text of `aks-functions.yml`. Throws UserError with every fault, each with its place. */
export function parseConfig(text: string, { file, environment }: ParseOptions): Config {
  if (Buffer.byteLength(text) > sizeLimit) {
    throw new UserError({ message: 'The file is larger than 256 KB. Shorten it.', place: { file } });
  }
  const document = parseYaml(text, file);
  const reading = new Reading(document, file);
  const written = reading.prepare(document.value, []);
  const checked = checkFile(written);
  reading.add(checked.issues ?? [], document);
  const overlay = reading.overlay(written, environment);
  reading.stopOnFaults();
  return reading.merged(written, overlay, environment);
}

class Reading {
  readonly #faults: Fault[] = [];
  readonly #document: YamlDocument;
  readonly #file: string;
  #values = 0;

  constructor(document: YamlDocument, file: string) {
    this.#document = document;
    this.#file = file;
  }

  /** The value with texts where the file means texts; faults for numbers that lose digits. */
  prepare(value: unknown, path: YamlPath): unknown {
    this.#values++;
    if (this.#values > valueLimit) {
      throw new UserError({
        message: `The file stands for more than ${valueLimit} values. Use fewer aliases.`,
        place: { file: this.#file },
      });
    }
    if (Array.isArray(value)) return value.map((item: unknown, index) => this.prepare(item, [...path, index]));
    if (isRecord(value))
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, this.prepare(item, [...path, key])]));
    return this.#scalar(value, path);
  }

  #scalar(value: unknown, path: YamlPath): unknown {
    const isText = textMaps.has(String(path.at(-2)));
    if (isText && (typeof value === 'number' || typeof value === 'boolean'))
      return this.#document.sourceOf(path) ?? String(value);
    if (typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value)) {
      this.#fault(
        path,
        `Key "${nameOf(path)}" is a number with more digits than can be kept. Put it in quotes.`,
        this.#document.placeOf(path),
      );
    }
    return value;
  }

  add(issues: readonly Issue[], document: YamlDocument): void {
    for (const { path, message, atKey } of issues.flatMap(issue => descriptionsOf(issue, []))) {
      this.#fault(path, message, atKey ? document.placeOfKey(path) : document.placeOf(path));
    }
  }

  overlay(written: unknown, environment: string | undefined): unknown {
    if (environment === undefined) return undefined;
    const environments = isRecord(written) && isRecord(written.environments) ? written.environments : {};
    if (Object.hasOwn(environments, environment)) return environments[environment];
    const known = Object.keys(environments);
    const cure =
      known.length === 0
        ? `Add "environments.${environment}" to it, or remove the input "environment".`
        : `It has ${known.map(name => `"${name}"`).join(', ')}.${didYouMean(environment, known)}`;
    this.#fault(
      ['environments'],
      `Environment "${environment}" is not in the file. ${cure}`,
      this.#document.placeOfKey(['environments']),
    );
    return undefined;
  }

  merged(written: unknown, overlay: unknown, environment: string | undefined): Config {
    const base = isRecord(written)
      ? Object.fromEntries(Object.entries(written).filter(([key]) => key !== 'environments'))
      : {};
    const checked = checkConfig(overlay === undefined ? base : mergeOver(base, overlay));
    if (!checked.success) {
      this.add(checked.issues, this.#document);
      throw this.#error();
    }
    for (const { path, message } of contradictionsIn(checked.output)) {
      this.#fault(path, `Key "${nameOf(path)}" ${message}.`, this.#placeInMerged(path, environment));
    }
    this.stopOnFaults();
    keepPlaces(checked.output, path => this.#placeInMerged(path, environment, 'placeOfKey'));
    return checked.output;
  }

  stopOnFaults(): void {
    if (this.#faults.length > 0) throw this.#error();
  }

  /** In the order of the file. */
  #error(): UserError {
    const positionOf = ({ place }: Fault) => (place?.line ?? 0) * 1e6 + (place?.column ?? 0);
    return new UserError(this.#faults.toSorted((one, other) => positionOf(one) - positionOf(other)));
  }

  #placeInMerged(path: YamlPath, environment: string | undefined, of: 'placeOf' | 'placeOfKey' = 'placeOf'): Place {
    const inOverlay = environment === undefined ? undefined : ['environments', environment, ...path];
    const exact = inOverlay && this.#document.has(inOverlay);
    return this.#document[of](exact ? inOverlay : path);
  }

  #fault(path: YamlPath, message: string, place: Place): void {
    const repeated = this.#faults.some(
      fault => fault.message === message && fault.place?.line === place.line && fault.place?.column === place.column,
    );
    if (!repeated || path.length === 0) this.#faults.push({ message, place });
  }
}

interface Description {
  readonly path: YamlPath;
  readonly message: string;
  readonly atKey: boolean;
}

/** Of a union the issues inside its branches, when the value was of the right kind for one of them. */
function descriptionsOf(issue: Issue, around: YamlPath): readonly Description[] {
  const items = issue.path ?? [];
  const path = [...around, ...items.map(item => (typeof item.key === 'number' ? item.key : String(item.key)))];
  const inner = issue.type === 'union' ? (issue.issues ?? []).filter(one => (one.path?.length ?? 0) > 0) : [];
  if (inner.length > 0) return inner.flatMap(one => descriptionsOf(one, path));
  if (issue.type === 'strict_object' && issue.expected === 'never') return unknownKeys(issue, path.slice(0, -1));
  const name = path.length === 0 ? 'The file' : `Key "${nameOf(path)}"`;
  const complete = issue.message.endsWith('.');
  const rest = complete ? '' : `${issue.message === 'is missing' ? '' : receivedText(issue.input, path)}.`;
  return [{ path, message: `${name} ${issue.message}${rest}`, atKey: items.at(-1)?.origin === 'key' }];
}

/** The schema reports the first unknown key of a map only; its message lists the known ones. */
function unknownKeys(issue: Issue, parent: YamlPath): readonly Description[] {
  const known = issue.message.split(' ');
  const given = issue.path?.at(-1)?.input;
  const keys = isRecord(given) ? Object.keys(given).filter(key => !known.includes(key)) : [];
  if (keys.length === 0)
    return [
      {
        path: parent,
        message: `${parent.length === 0 ? 'The file' : `Key "${nameOf(parent)}"`} must be a map of keys and values.`,
        atKey: false,
      },
    ];
  return keys.map(key => {
    const path = [...parent, key];
    const cure = didYouMean(key, known) || ` Known here are ${known.map(name => `"${name}"`).join(', ')}.`;
    return { path, message: `Key "${nameOf(path)}" is not known.${cure}`, atKey: true };
  });
}

function receivedText(value: unknown, path: YamlPath): string {
  if (path.some(part => hiddenMaps.has(String(part)))) return '';
  if (value === null) return ', got nothing';
  if (Array.isArray(value)) return ', got a list';
  if (typeof value === 'object') return ', got a map';
  if (value === undefined) return '';
  const shown = String(value);
  return `, got ${shown.length > 80 ? `a text of ${shown.length} characters` : `"${shown}"`}`;
}

function nameOf(path: YamlPath): string {
  return path
    .map((part, index) => (typeof part === 'number' ? `[${part}]` : `${index === 0 ? '' : '.'}${part}`))
    .join('');
}
