import { glob, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { extname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { fromWire, toWire } from './typed-data.mjs';

/** Loads the files that `main` of the app's package.json names, a glob included; the message of what failed is thrown. */
export async function loadEntryPoint(root) {
  const text = await readFile(join(root, 'package.json'), 'utf8').catch(() => '{}');
  const { main, type } = JSON.parse(text);
  if (!main) return;
  const files = await matches(main, root);
  if (files.length === 0) throw new Error(`Unable to load entry point "${main}": no file matches the pattern.`);
  for (const file of files) await load(join(root, file), type, root);
}

async function matches(pattern, root) {
  const files = [];
  for await (const file of glob(pattern, { cwd: root })) files.push(file);
  return files.sort();
}

/** Loads one script as the app's package says: ES module or CommonJS. */
export async function load(file, type, root) {
  const isModule = extname(file) === '.mjs' || (type === 'module' && extname(file) !== '.cjs');
  return isModule ? import(pathToFileURL(file).href) : createRequire(join(root, 'package.json'))(file);
}

/** The functions that the app registered through the official library: name → bindings and `invoke`. */
export function registered(standIn, log) {
  const entries = [...standIn.functions].map(([name, { metadata, callback }]) => {
    const bindings = Object.entries(metadata.bindings).map(([key, binding]) => ({ ...binding, name: key }));
    return [name, { bindings, invoke: call => invoke({ ...call, metadata, callback, standIn, log }) }];
  });
  return new Map(entries);
}

async function invoke({ invocationId, data, triggerMetadata, metadata, callback, standIn, log }) {
  const request = {
    triggerMetadata: mapValues(triggerMetadata, fromWire),
    inputData: Object.entries(data).map(([name, value]) => ({ name, data: fromWire(value) })),
  };
  const model = standIn.model.getInvocationModel({
    invocationId,
    metadata,
    request,
    log: (level, _category, text) => log(level, `${metadata.name}: ${text}`),
  });
  const { context, inputs } = await model.getArguments();
  const result = await withHooks(standIn.hooks, context, inputs, callback, (changed, handler) =>
    model.invokeFunction(context, changed, handler),
  );
  const response = await model.getResponse(context, result);
  const outputs = (response.outputData ?? []).map(output => [output.name, toWire(output.data)]);
  return { outputs: Object.fromEntries(outputs), returnValue: toWire(response.returnValue) };
}

/** Runs the app's hooks around `call`; they may replace inputs, handler, result and error. */
async function withHooks(hooks, invocationContext, inputs, functionCallback, call) {
  const hookData = {};
  const before = { invocationContext, inputs, functionCallback, hookData, appHookData: hookData };
  for (const hook of hooks.get('preInvocation') ?? []) await hook(before);
  const after = {
    invocationContext,
    inputs: before.inputs,
    hookData,
    appHookData: hookData,
    result: undefined,
    error: undefined,
  };
  try {
    after.result = await call(before.inputs, before.functionCallback);
  } catch (error) {
    after.error = error;
  }
  for (const hook of hooks.get('postInvocation') ?? []) await hook(after);
  if (after.error !== undefined && after.error !== null) throw after.error;
  return after.result;
}

function mapValues(record, change) {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}
