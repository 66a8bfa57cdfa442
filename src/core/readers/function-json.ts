import { type Fault, UserError } from '../../errors.ts';
import type { HostJson, Runtime, SourceTree, Unresolved } from '../project.ts';
import { bindingsAt, field, triggerPlace } from './binding-json.ts';
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
  csx: 'dotnet',
};

/** Scripts that the host takes, in this order, when `scriptFile` is missing. */
const defaultScripts = ['index.js', 'index.mjs', 'index.cjs', '__init__.py', 'main.py', 'run.ps1', 'run.csx'];

/** Apps with one folder with a `function.json` for each function. */
export const functionJsonReader: Reader = {
  model: 'function.json',
  matches: tree => functionFolders(tree).length > 0,
  read: (tree, host) => Promise.resolve(readFunctionFolders(tree, host)),
};

/** Names of the folders that declare a function. */
export function functionFolders({ paths }: Pick<SourceTree, 'paths'>): readonly string[] {
  return paths.flatMap(path => declaration.exec(path)?.[1] ?? []);
}

/** What the folders with a `function.json` below `root` declare; `root` is empty or ends in a slash. */
export function readFunctionFolders(tree: SourceTree, host: HostJson, root = ''): Reading {
  const faults: Fault[] = [];
  const inRoot = tree.paths.filter(path => path.startsWith(root)).map(path => path.slice(root.length));
  const functions = functionFolders({ paths: inRoot }).flatMap(folder => {
    const found = readFolder(tree, root, folder, isCustom(host));
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
    lookedAt: `function.json in the folders of ${root === '' ? 'the app' : `"${root}"`}`,
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

function readFolder(tree: SourceTree, root: string, folder: string, custom: boolean): FolderReading {
  const file = `${root}${folder}/function.json`;
  try {
    const document = parseJson(tree.texts.get(file) ?? '', file);
    const bindings = bindingsAt(document, field(document.value, 'bindings'), 'bindings');
    const script = scriptOf(tree, `${root}${folder}`, document);
    const missing = script !== undefined && !custom && !existsInSource(tree, script);
    const fault: Fault = {
      message: `Script "${script}" of function "${folder}" does not exist. Correct "scriptFile", or build the app first.`,
      place: document.placeOf('scriptFile'),
    };
    const found = {
      name: folder,
      bindings,
      place: triggerPlace(document, bindings, 'bindings'),
      ...disabledOf(folder, document),
    };
    return {
      fn: { found, runtime: runtimes[script?.split('.').at(-1)?.toLowerCase() ?? ''] },
      faults: missing ? [fault] : [],
    };
  } catch (error) {
    if (error instanceof UserError) return { faults: error.faults };
    throw error;
  }
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
