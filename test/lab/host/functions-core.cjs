// What apps get for `require('@azure/functions-core')`: the programming interface between the official library and
// its host. `standIn` is the other side of it, for the worker.

class Disposable {
  constructor(dispose) {
    this.dispose = dispose;
  }
}

const functions = new Map();
const hooks = new Map();
const standIn = { functions, hooks, model: undefined, log: () => undefined };

function registerFunction(metadata, callback) {
  if (functions.has(metadata.name)) throw new Error(`A function with name "${metadata.name}" was registered before.`);
  functions.set(metadata.name, { metadata, callback });
  return new Disposable(() => functions.delete(metadata.name));
}

function registerHook(name, callback) {
  const list = hooks.get(name) ?? [];
  hooks.set(name, [...list, callback]);
  return new Disposable(() => hooks.set(name, (hooks.get(name) ?? []).filter(other => other !== callback)));
}

module.exports = {
  version: '4.0.0',
  hostVersion: '4.1000.0',
  Disposable,
  registerFunction,
  registerHook,
  setProgrammingModel: model => {
    standIn.model = model;
  },
  getProgrammingModel: () => standIn.model,
  log: (level, category, message) => standIn.log(level, message, category),
  standIn,
};
