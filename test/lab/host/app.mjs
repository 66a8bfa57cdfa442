import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isTrue } from './settings.mjs';

/**
 * Content of the app's `host.json` with what `AzureFunctionsJobHost__a__b` settings change in it.
 * Empty when there is no such file; throws when it is not JSON.
 */
export async function readHostJson(root, environment) {
  const text = await readFile(join(root, 'host.json'), 'utf8').catch(() => '{}');
  const host = parsed(text, 'host.json');
  for (const [name, value] of Object.entries(environment)) {
    const [prefix, ...path] = name.split(/__|:/);
    if (prefix.toLowerCase() === 'azurefunctionsjobhost' && path.length > 0) assign(host, path, value);
  }
  return host;
}

function assign(target, [key, ...rest], value) {
  const known = Object.keys(target).find(name => name.toLowerCase() === key.toLowerCase()) ?? key;
  if (rest.length === 0) target[known] = value;
  else {
    if (typeof target[known] !== 'object' || target[known] === null) target[known] = {};
    assign(target[known], rest, value);
  }
}

/** Names, in lower case, that this host may load; undefined when all. */
export function allowedNames(host) {
  const names = Object.values(host.functions ?? {});
  return names.length === 0 ? undefined : new Set(names.map(name => String(name).toLowerCase()));
}

/** What each `<folder>/function.json` of the app declares; a file that cannot be parsed gives an entry with `error`. */
export async function readFunctionFiles(root) {
  const entries = await readdir(root, { withFileTypes: true });
  const folders = entries.filter(entry => entry.isDirectory()).map(entry => entry.name);
  const found = await Promise.all(folders.sort().map(name => readFunctionFile(root, name)));
  return found.filter(entry => entry !== undefined);
}

async function readFunctionFile(root, name) {
  const directory = join(root, name);
  const text = await readFile(join(directory, 'function.json'), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    const { bindings = [], scriptFile, entryPoint, disabled } = parsed(text, `${name}/function.json`);
    return { name, directory, bindings, scriptFile, entryPoint, disabled };
  } catch (error) {
    return { name, directory, bindings: [], error: error.message };
  }
}

function parsed(text, file) {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    throw new Error(`"${file}" is not valid JSON: ${error.message}`);
  }
}

/** Whether settings, or the function itself, switch it off; `disabled` may name a setting. */
export function isDisabled(name, disabled, settingOf) {
  const named = typeof disabled === 'string' ? settingOf(disabled) : disabled;
  return isTrue(settingOf(`AzureWebJobs.${name}.Disabled`) ?? settingOf(`AzureWebJobs_${name}_Disabled`) ?? named);
}

/** The binding that starts the function, or undefined. */
export function triggerOf(bindings) {
  return bindings.find(binding => /trigger$/i.test(binding.type ?? ''));
}
