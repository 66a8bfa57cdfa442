import { type Fault, type Place, UserError } from '../../errors.ts';
import type { Binding, HostJson, Runtime, SourceTree, Unresolved } from '../project.ts';
import { type JsonDocument, parseJson } from './json.ts';
import type { FoundFunction, Reader, Reading } from './reading.ts';

const declaration = /^([^/]+)\/function\.json$/;

/** Runtimes by the extension of the script file. */
const runtimes: Readonly<Record<string, Runtime>> = {
  js: 'node',
  mjs: 'node',
  cjs: 'node',
  ts: 'node',
  py: 'python',
  ps1: 'powershell',
  jar: 'java',
  dll: 'dotnet',
};

/** Scripts that the host takes, in this order, when `scriptFile` is missing. */
const defaultScripts = ['index.js', 'index.mjs', 'index.cjs', '__init__.py', 'main.py', 'run.ps1'];

/** Apps with one folder with a `function.json` for each function. */
export const functionJsonReader: Reader = {
  model: 'function.json',
  matches: tree => functionFolders(tree).length > 0,
  read: (tree, host) => Promise.resolve(readFolders(tree, host)),
};

/** Names of the folders that declare a function. */
export function functionFolders({ paths }: SourceTree): readonly string[] {
  return paths.flatMap(path => declaration.exec(path)?.[1] ?? []);
}

function readFolders(tree: SourceTree, host: HostJson): Reading {
  const faults: Fault[] = [];
  const functions = functionFolders(tree).flatMap(folder => {
    const found = readFolder(tree, folder, isCustom(host));
    faults.push(...found.faults);
    return found.fn ? [found.fn] : [];
  });
  const runtimesFound = [...new Set(functions.map(({ runtime }) => runtime))].filter(runtime => runtime !== undefined);
  if (!isCustom(host) && runtimesFound.length > 1) {
    faults.push({
      message: `The functions are written for several runtimes: ${runtimesFound.join(', ')}. Make one app for each.`,
      place: { file: 'host.json' },
    });
  }
  return {
    runtime: isCustom(host) ? 'custom' : (runtimesFound[0] ?? runtimeOfApp(tree)),
    functions: functions.map(({ found }) => found),
    unresolved: [],
    faults,
    lookedAt: 'function.json in the folders of the app',
  };
}

function isCustom(host: HostJson): boolean {
  return typeof host.customHandler === 'object' && host.customHandler !== null;
}

function runtimeOfApp({ paths }: SourceTree): Runtime {
  if (paths.includes('package.json')) return 'node';
  return paths.includes('profile.ps1') ? 'powershell' : paths.some(path => path.endsWith('.py')) ? 'python' : 'node';
}

interface FolderReading {
  readonly fn?: { readonly found: FoundFunction; readonly runtime: Runtime | undefined };
  readonly faults: readonly Fault[];
}

function readFolder(tree: SourceTree, folder: string, custom: boolean): FolderReading {
  const file = `${folder}/function.json`;
  try {
    const document = parseJson(tree.texts.get(file) ?? '', file);
    const bindings = bindingsOf(document);
    const script = scriptOf(tree, folder, document);
    const missing = script !== undefined && !custom && !existsInSource(tree, script);
    const fault: Fault = {
      message: `Script "${script}" of function "${folder}" does not exist. Correct "scriptFile", or build the app first.`,
      place: document.placeOf('scriptFile'),
    };
    const found = { name: folder, bindings, place: triggerPlace(document, bindings), ...disabledOf(folder, document) };
    return {
      fn: { found, runtime: runtimes[script?.split('.').at(-1)?.toLowerCase() ?? ''] },
      faults: missing ? [fault] : [],
    };
  } catch (error) {
    if (error instanceof UserError) return { faults: error.faults };
    throw error;
  }
}

function field(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    ? Object.entries(value).find(([name]) => name === key)?.[1]
    : undefined;
}

function bindingsOf(document: JsonDocument): readonly Binding[] {
  const given = field(document.value, 'bindings');
  if (!Array.isArray(given)) {
    throw new UserError({
      message: 'Key "bindings" must be a list with a trigger. Add it.',
      place: document.placeOf(),
    });
  }
  return given.map((binding: unknown, index) => bindingOf(binding, document.placeOf('bindings', index)));
}

function bindingOf(given: unknown, place: Place): Binding {
  const type = field(given, 'type');
  if (typeof given !== 'object' || given === null || typeof type !== 'string' || type === '') {
    throw new UserError({ message: 'The binding has no "type". Add one such as "httpTrigger".', place });
  }
  const direction = String(field(given, 'direction') ?? 'in').toLowerCase();
  if (direction !== 'in' && direction !== 'out' && direction !== 'inout') {
    throw new UserError({
      message: `Key "direction" of the binding must be "in", "out" or "inout", got "${direction}".`,
      place,
    });
  }
  const name = field(given, 'name');
  return { ...given, type, direction, name: typeof name === 'string' ? name : '' };
}

function triggerPlace(document: JsonDocument, bindings: readonly Binding[]): Place {
  const index = bindings.findIndex(({ type }) => type.toLowerCase().endsWith('trigger'));
  return index === -1 ? document.placeOf() : document.placeOf('bindings', index);
}

function scriptOf(tree: SourceTree, folder: string, { value }: JsonDocument): string | undefined {
  const given = field(value, 'scriptFile');
  if (typeof given === 'string' && given !== '') return normalized(`${folder}/${given.replaceAll('\\', '/')}`);
  const inFolder = tree.paths.filter(path => path.startsWith(`${folder}/`) && path !== `${folder}/function.json`);
  return (
    defaultScripts.map(script => `${folder}/${script}`).find(script => inFolder.includes(script)) ??
    (inFolder.length === 1 ? inFolder[0] : undefined)
  );
}

/** The path without `.` and `..`; what leads out of the app stays out. */
function normalized(path: string): string {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..' && parts.length > 0) parts.pop();
    else if (part !== '.' && part !== '') parts.push(part);
  }
  return parts.join('/');
}

/** A built script counts as there when the source that it is built from is. */
function existsInSource({ paths }: SourceTree, script: string): boolean {
  if (paths.includes(script) || !/\.(js|mjs|cjs|py|ps1)$/.test(script)) return true;
  const source = script
    .replace(/\.([mc]?)js$/, '.$1ts')
    .split('/')
    .slice(1)
    .join('/');
  return paths.some(path => path === source || path.endsWith(`/${source}`));
}

function disabledOf(
  folder: string,
  document: JsonDocument,
): { readonly disabled: boolean; readonly unresolved: readonly Unresolved[] } {
  const given = field(document.value, 'disabled');
  if (typeof given !== 'string') return { disabled: given === true, unresolved: [] };
  const advice = `The setting "${given}" decides it. Set "AzureWebJobs.${folder}.Disabled" instead.`;
  const settingOr = { setting: given.replace(/^%(.+)%$/, '$1'), otherwise: 'false' };
  return {
    disabled: false,
    unresolved: [{ what: 'disabled', place: document.placeOf('disabled'), advice, settingOr }],
  };
}
