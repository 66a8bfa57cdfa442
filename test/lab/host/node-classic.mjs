import { access, readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { classicContext } from './node-classic-context.mjs';
import { load } from './node-v4.mjs';
import { typed } from './typed-data.mjs';

/** Loads `function.json` functions: `loaded` has name → `invoke`, `errors` name → what went wrong. */
export async function loadClassic(functions, log) {
  const loaded = new Map();
  const errors = {};
  for (const definition of functions) {
    try {
      const handler = await handlerOf(definition);
      loaded.set(definition.name, { invoke: call => invoke({ ...call, definition, handler, log }) });
    } catch (error) {
      errors[definition.name] = `Unable to load function "${definition.name}": ${error.stack ?? error}`;
    }
  }
  return { loaded, errors };
}

async function handlerOf({ directory, scriptFile, entryPoint }) {
  const file = join(directory, scriptFile ?? (await defaultScript(directory)));
  await access(file).catch(() => {
    throw new Error(`There is no script "${file}".`);
  });
  const root = dirname(directory);
  const exported = await load(file, await packageType(root), root);
  const handler = chosen(exported.default ?? exported, entryPoint) ?? chosen(exported, entryPoint);
  if (handler === undefined)
    throw new Error(`"${file}" exports no function ${entryPoint ? `"${entryPoint}"` : 'to run'}.`);
  return handler;
}

function chosen(exported, entryPoint) {
  if (entryPoint) return bound(exported, entryPoint);
  if (typeof exported === 'function') return exported;
  const names = Object.keys(exported).filter(name => typeof exported[name] === 'function');
  return bound(exported, ['run', 'index'].find(name => names.includes(name)) ?? (names.length === 1 ? names[0] : ''));
}

function bound(exported, name) {
  return typeof exported[name] === 'function' ? exported[name].bind(exported) : undefined;
}

async function defaultScript(directory) {
  const scripts = (await readdir(directory)).filter(name => /\.[cm]?js$/.test(name));
  if (scripts.length === 1) return scripts[0];
  return scripts.find(name => /^(run|index)\./.test(name)) ?? 'index.js';
}

async function packageType(root) {
  const text = await readFile(join(root, 'package.json'), 'utf8').catch(() => '{}');
  return JSON.parse(text).type;
}

async function invoke({ invocationId, data, triggerMetadata, definition, handler, log }) {
  const { context, inputs, finished } = classicContext({ invocationId, data, triggerMetadata, definition, log });
  const returned = handler(context, ...inputs);
  // A handler that is neither async nor returns a promise ends with context.done.
  const result = typeof returned?.then === 'function' ? await returned : await finished;
  return outputsOf(context, definition.bindings, result);
}

function outputsOf(context, bindings, result) {
  const outgoing = bindings.filter(binding => /out/i.test(binding.direction ?? ''));
  const usesReturn = outgoing.some(binding => binding.name === '$return');
  const values = { ...context.bindings, ...(usesReturn ? { $return: result } : result) };
  const entries = outgoing.map(binding => {
    const isHttp = binding.type.toLowerCase() === 'http';
    const value =
      isHttp && !usesReturn
        ? (result?.[binding.name] ?? context.bindings[binding.name] ?? context.res)
        : values[binding.name];
    return [binding.name, isHttp ? toHttp(value) : typed(value)];
  });
  return { outputs: Object.fromEntries(entries) };
}

function toHttp(value) {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'object' || Buffer.isBuffer(value))
    return { http: { statusCode: '200', headers: {}, body: typed(value) } };
  const { status, statusCode, headers = {}, body, cookies = [] } = value;
  return { http: { statusCode: String(statusCode ?? status ?? 200), headers, cookies, body: typed(body) } };
}
