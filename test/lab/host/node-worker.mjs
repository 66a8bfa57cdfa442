import { createRequire, registerHooks } from 'node:module';
import { Socket } from 'node:net';
import { openChannel } from './channel.mjs';
import { loadClassic } from './node-classic.mjs';
import { loadEntryPoint, registered } from './node-v4.mjs';

const core = new URL('./functions-core.cjs', import.meta.url);
const { standIn } = createRequire(import.meta.url)('./functions-core.cjs');

registerHooks({
  resolve: (specifier, context, next) =>
    specifier === '@azure/functions-core'
      ? { url: core.href, format: 'commonjs', shortCircuit: true }
      : next(specifier, context),
});

const running = { functions: new Map() };
const log = (level, text) => channel.send({ kind: 'log', level, text });
standIn.log = (level, text, category) => (category === 'system' && level === 'debug' ? undefined : log(level, text));

const requests = {
  load: async ({ root, functions }) => {
    const problem = await loadEntryPoint(root).catch(error => error.stack ?? String(error));
    running.functions = registered(standIn, log);
    if (running.functions.size > 0) return indexed(problem);
    const { loaded, errors } = await loadClassic(functions, log);
    running.functions = loaded;
    return { model: 'function.json', errors, error: functions.length === 0 ? problem : undefined };
  },
  invoke: ({ name, ...call }) => running.functions.get(name).invoke(call),
};

async function indexed(problem) {
  const capabilities = await standIn.model.getCapabilities({});
  const functions = [...running.functions].map(([name, { bindings }]) => ({ name, bindings }));
  return { model: 'v4', functions, errors: {}, error: problem, httpUri: capabilities.HttpUri };
}

async function receive({ kind, id, ...request }) {
  try {
    channel.send({ kind: 'result', id, ...(await requests[kind](request)) });
  } catch (error) {
    const { message = String(error), stack = message } = error ?? {};
    channel.send({ kind: 'failure', id, message, stack });
  }
}

const channel = openChannel(new Socket({ fd: 3 }), { receive, closed: () => process.exit(0) });
