import * as v from 'valibot';
import { parseDuration } from '../inputs/reader.ts';
import { settingNameFault } from '../settings-text.ts';

/** A map with exactly these keys. An unknown key is an issue whose message lists the known ones, for the nearest of them. */
export function strict<const Entries extends v.ObjectEntries>(entries: Entries) {
  const names = Object.keys(entries).join(' ');
  return noList(v.strictObject(entries, issue => (issue.expected === 'never' ? names : messageForMap(issue))));
}

/** The schema of a map, for which a list is of the wrong type: the library takes lists for maps. */
export function noList<const Schema extends v.GenericSchema>(schema: Schema): Schema {
  const run: Schema['~run'] = (dataset, config) =>
    schema['~run'](Array.isArray(dataset.value) ? { ...dataset, value: undefined } : dataset, config);
  return { ...schema, '~run': run };
}

function messageForMap(issue: { readonly expected: string | null }): string {
  return issue.expected?.startsWith('"') ? 'is missing' : 'must be a map of keys and values';
}

/** A map with free keys. */
export function mapOf<const Value extends v.GenericSchema>(value: Value) {
  return noList(v.record(v.string(), value, 'must be a map of keys and values'));
}

/** A list; its items may have any number. */
export function listOf<const Item extends v.GenericSchema>(item: Item) {
  return v.pipe(v.array(item, 'must be a list'), v.readonly());
}

/** A text that is not empty. */
export const text = v.pipe(v.string('must be a text'), v.nonEmpty('must not be empty'));

/** Name of a Kubernetes object: a DNS subdomain. */
export const objectName = v.pipe(
  text,
  v.maxLength(253, 'must be a name of at most 253 characters'),
  v.regex(
    /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/,
    'must be the name of a Kubernetes object: "a-z", "0-9", "-" and ".", a letter or digit at both ends',
  ),
);

/** Host name of requests, the first label possibly `*`. */
export const hostName = v.pipe(
  text,
  v.maxLength(253, 'must be a name of at most 253 characters'),
  v.regex(
    /^(\*\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/,
    'must be a host name in lower case, without scheme, port or path, such as "orders.example.com"',
  ),
);

/** Any text, also an empty one; numbers and booleans come here as the text that stands in the file. */
export const anyText = v.string('must be a text');

/** Values of fields that only Kubernetes knows. */
export const kubernetesFields = mapOf(v.unknown());

const keyRule = /^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?\/)?[A-Za-z0-9]([-\w.]{0,61}[A-Za-z0-9])?$/;
const ownLabels = /^(app|aks-functions\.io\/.*|app\.kubernetes\.io\/(name|instance|managed-by))$/;

const labelKey = v.pipe(v.string(), v.regex(keyRule, 'is no key that Kubernetes takes'));

const labelText = v.pipe(
  anyText,
  v.regex(
    /^([A-Za-z0-9]([-\w.]{0,61}[A-Za-z0-9])?)?$/,
    'must be the value of a label: at most 63 letters, digits, "-", "_" and ".", a letter or digit at both ends',
  ),
);

/** Labels by key, as selectors of nodes. */
export const labelsMap = noList(v.record(labelKey, labelText, 'must be a map of keys and values'));

/** Labels of pods, without those that tie objects together. */
export const podLabels = noList(
  v.record(
    v.pipe(
      labelKey,
      v.check(key => !ownLabels.test(key), 'is a label that the product sets itself. Remove it.'),
    ),
    labelText,
    'must be a map of keys and values',
  ),
);

/** Annotations by key. */
export const annotationsMap = noList(v.record(labelKey, anyText, 'must be a map of keys and values'));

/** A whole number within bounds. */
export function count(minimum: number, maximum: number) {
  const message = `must be a whole number from ${minimum} to ${maximum}`;
  return v.pipe(v.number(message), v.integer(message), v.minValue(minimum, message), v.maxValue(maximum, message));
}

/** A number above zero. */
export const positive = v.pipe(
  v.number('must be a number above 0'),
  v.check(value => value > 0 && Number.isFinite(value), 'must be a number above 0'),
);

/** One of these words. */
export function oneOf<const Words extends readonly string[]>(words: Words) {
  return v.picklist(words, `must be one of ${words.join(', ')}`);
}

/** Seconds, from a whole number of seconds or a text such as `90s`, `10m`, `1h`. */
export function seconds(minimum: number, maximum: number) {
  const message = `must be a duration of ${minimum} to ${maximum} seconds, such as 90 or "90s", "10m", "1h"`;
  return v.pipe(
    v.union([v.number(message), v.string(message)], message),
    v.check(value => within(parseDuration(String(value)), minimum, maximum), message),
    v.transform(value => parseDuration(String(value)) ?? minimum),
  );
}

/** Milliseconds, from a whole number of them or a text such as `500ms`, `2s`. */
export const milliseconds = v.pipe(
  v.union([v.number(), v.string()], 'must be a time such as 500, "500ms" or "2s"'),
  v.check(
    value => within(parseMilliseconds(String(value)), 1, 600_000),
    'must be a time from 1 ms to 10 minutes, such as 500, "500ms" or "2s"',
  ),
  v.transform(value => parseMilliseconds(String(value)) ?? 1),
);

function parseMilliseconds(given: string): number | undefined {
  const match = /^(\d{1,9})(ms)?$/.exec(given);
  if (match) return Number(match[1]);
  const duration = parseDuration(given);
  return duration === undefined ? undefined : duration * 1000;
}

function within(value: number | undefined, minimum: number, maximum: number): boolean {
  return value !== undefined && value >= minimum && value <= maximum;
}

const unitFactors: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/** Value of a Kubernetes quantity such as `100m`, `256Mi`, `1.5`; undefined for anything else. */
export function parseQuantity(given: string): number | undefined {
  const match = /^(\d+(?:\.\d*)?|\.\d+)(?:[eE]([+-]?\d{1,3})|([numkMGTPE]|[KMGTPE]i)?)$/.exec(given);
  if (!match) return undefined;
  return Number(match[1]) * 10 ** Number(match[2] ?? 0) * (unitFactors[match[3] ?? ''] ?? 1);
}

/** A Kubernetes quantity. */
export const quantity = v.pipe(
  anyText,
  v.check(given => parseQuantity(given) !== undefined, 'must be a quantity such as "100m" or "256Mi"'),
);

const settingName = v.pipe(
  v.string(),
  v.check(
    name => settingNameFault(name) === undefined,
    issue => `has a name that ${settingNameFault(issue.input) ?? ''}`,
  ),
);

/** Settings by name, each name fit for an environment variable. */
export const settingsMap = noList(v.record(settingName, anyText, 'must be a map of keys and values'));
