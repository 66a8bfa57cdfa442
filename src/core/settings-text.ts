import { assertNoFaults, type Fault, UserError } from '../errors.ts';
import { isRecord } from './json.ts';
import { parseJson } from './readers/json.ts';
import { Secret } from './secret.ts';
import type { SettingsLayer } from './settings.ts';

/** Longest name of a key in a ConfigMap or Secret. */
const nameLimit = 253;

/** Values of `local.settings.json` that are words of the product, the same for everybody. */
const publicNames = new Set([
  'AzureFunctionsJobHost__extensionBundle__version',
  'AzureWebJobsDisableHomepage',
  'AzureWebJobsFeatureFlags',
  'DOTNET_ENVIRONMENT',
  'FUNCTIONS_EXTENSION_VERSION',
  'FUNCTIONS_WORKER_PROCESS_COUNT',
  'FUNCTIONS_WORKER_RUNTIME',
  'FUNCTIONS_WORKER_RUNTIME_VERSION',
  'NODE_ENV',
  'PYTHON_ENABLE_WORKER_EXTENSIONS',
  'PYTHON_ISOLATE_WORKER_DEPENDENCIES',
  'PYTHON_SCRIPT_FILE_NAME',
  'PYTHON_THREADPOOL_THREAD_COUNT',
  'TZ',
  'WEBSITE_TIME_ZONE',
]);

/** Why the text cannot name an environment variable and what to do, to follow the words "which"; undefined when it can. */
export function settingNameFault(name: string): string | undefined {
  if (name === '') return 'is empty. Write NAME=value.';
  if (name.length > nameLimit) return `is longer than ${nameLimit} characters. Shorten it.`;
  if (name.includes(':')) return 'contains ":", which no environment variable may. Write "__" instead.';
  if (/^[A-Za-z_.-][\w.-]*$/.test(name)) return undefined;
  return 'is no name for an environment variable. Use letters, digits, "_", "-" and ".", no digit first.';
}

/** How the lines of one input are read: its name for messages, and whether its texts must not be shown. */
export interface LinesOrigin {
  readonly input: string;
  readonly secret: boolean;
}

/**
 * Values by name from lines `NAME=value`; the value is everything after the first `=`. Blank lines and lines that
 * start with `#` are skipped. Throws UserError with every faulty line by number; values are never in it.
 */
export function parseSettingLines(text: string, origin: LinesOrigin): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  const faults: Fault[] = [];
  for (const [index, line] of text.split(/\r\n|\r|\n/).entries()) {
    if (line.trim() === '' || line.trimStart().startsWith('#')) continue;
    const reason = lineFault(line, values, origin.secret);
    if (reason === undefined) values.set(nameOf(line), line.slice(line.indexOf('=') + 1));
    else faults.push({ message: `Line ${index + 1} of input "${origin.input}" ${reason}` });
  }
  assertNoFaults(faults);
  return values;
}

function nameOf(line: string): string {
  return line.slice(0, line.indexOf('=')).trim();
}

function lineFault(line: string, known: ReadonlyMap<string, string>, secret: boolean): string | undefined {
  if (!line.includes('='))
    return 'has no "=". Write NAME=value, one setting a line; a value cannot go over several lines.';
  const name = nameOf(line);
  const reason = settingNameFault(name);
  // A line of a key file may look like a name with "=": of secrets only names that are well-formed are shown.
  if (reason !== undefined) return `has a name that ${reason}${secret || name === '' ? '' : ` Got "${name}".`}`;
  return known.has(name) ? `names "${name}" a second time. Keep one of them.` : undefined;
}

/** The same values as secrets. */
export function toSecrets(values: ReadonlyMap<string, string>): ReadonlyMap<string, Secret> {
  return new Map([...values].map(([name, value]) => [name, new Secret(value)]));
}

const developmentStorage = /^\s*UseDevelopmentStorage\s*=\s*true\s*;?\s*$/i;

/** Whether the text is the short form that means a storage emulator on the developer's own machine. */
export function isDevelopmentStorage(value: string): boolean {
  return developmentStorage.test(value);
}

/**
 * The `Values` of a `local.settings.json`, secret apart from well-known public names, and its `ConnectionStrings` under
 * the names that the host gives them. Settings in `replaced` are given elsewhere and left out. Throws UserError with all
 * faults; values are never in it.
 */
export function parseLocalSettings(
  text: string,
  file: string,
  replaced: ReadonlySet<string> = new Set(),
): SettingsLayer {
  const document = parseJson(text, file);
  const root = document.value;
  if (!isRecord(root))
    throw new UserError({ message: 'The file is no JSON object. Write {"Values": {…}}.', place: { file } });
  if (root.IsEncrypted === true) {
    throw new UserError({
      message: 'The settings are encrypted. Run "func settings decrypt" where they were written.',
      place: document.placeOf('IsEncrypted'),
    });
  }
  const faults: Fault[] = [];
  const fault = (path: readonly string[], message: string): void => {
    faults.push({ message, place: document.placeOf(...path) });
  };
  const values = new Map([
    ...readValues(root.Values, { key: 'Values', prefix: '', replaced, fault }),
    ...readValues(root.ConnectionStrings, {
      key: 'ConnectionStrings',
      prefix: 'ConnectionStrings__',
      replaced,
      fault,
    }),
  ]);
  assertNoFaults(faults);
  return layerOf(values);
}

interface Section {
  readonly key: string;
  readonly prefix: string;
  readonly replaced: ReadonlySet<string>;
  readonly fault: (path: readonly string[], message: string) => void;
}

function readValues(values: unknown, section: Section): ReadonlyMap<string, string> {
  const read = new Map<string, string>();
  if (values === undefined || values === null) return read;
  if (!isRecord(values)) {
    section.fault([section.key], `"${section.key}" is no object. Write {"NAME": "value"}.`);
    return read;
  }
  for (const [key, given] of Object.entries(values)) {
    const name = section.prefix + key;
    if (section.replaced.has(name)) continue;
    const value = textOf(given);
    const reason =
      value === undefined ? 'is no text, number or boolean. Write its value in quotes.' : valueFault(name, value);
    if (reason === undefined) read.set(name, value ?? '');
    else section.fault([section.key, key], `Setting "${key}" ${reason}`);
  }
  return read;
}

function valueFault(name: string, value: string): string | undefined {
  if (!isDevelopmentStorage(value)) return settingNameFault(name);
  return 'is "UseDevelopmentStorage=true", which no pod can reach. Give the real one in "secret-settings", and take it out of the file.';
}

function textOf(value: unknown): string | undefined {
  if (isRecord(value)) return textOf(value.ConnectionString ?? []);
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : undefined;
}

function layerOf(values: ReadonlyMap<string, string>): SettingsLayer {
  const entries = [...values];
  return {
    plain: new Map(entries.filter(([name]) => publicNames.has(name))),
    secret: toSecrets(new Map(entries.filter(([name]) => !publicNames.has(name)))),
  };
}
