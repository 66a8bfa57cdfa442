import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { allowedNames, isDisabled, readFunctionFiles, readHostJson, triggerOf } from './app.mjs';
import { listenerFor, messageMetadata, sendQueueOutputs } from './queue-binding.mjs';
import { queueOptions } from './queue-options.mjs';
import { isKnownRuntime, Worker } from './worker.mjs';

const restarts = 3;
const longestRetry = 30_000;

/** The app in operation: its functions, the worker that runs them, and the listeners of its queues. */
export class ScriptHost {
  #settings;
  #log;
  #worker;
  #starts = 0;
  #listeners = new Set();
  #running = new Set();
  #stopping = new AbortController();
  #errors = new Map();
  #isReady = false;
  functions = [];
  host = {};
  httpUri;
  /** Fulfilled when the first start is over, with or without errors. */
  ready;
  /** Fulfilled when the worker has ended too often: the host is to end as well. */
  failed = Promise.withResolvers();

  constructor(settings, log) {
    this.#settings = settings;
    this.#log = log;
    this.ready = this.#start();
  }

  /** What keeps the host from running as a whole. */
  get errors() {
    return [...this.#errors.values()];
  }

  /** Functions that the allow-list lets through. */
  get listed() {
    return this.functions.filter(fn => fn.isAllowed);
  }

  /** Functions that this host runs: listed and not disabled. */
  get loaded() {
    return this.listed.filter(fn => !fn.isDisabled);
  }

  get running() {
    return this.#running.size;
  }

  get isReady() {
    return this.#isReady;
  }

  async #start() {
    const { root, runtime, environment } = this.#settings;
    try {
      this.host = await readHostJson(root, environment);
      queueOptions(this.host);
      if (!isKnownRuntime(runtime))
        throw new Error(`FUNCTIONS_WORKER_RUNTIME must be "node" or "python" here, got "${runtime ?? ''}".`);
      await this.#startWorker();
    } catch (error) {
      this.#fail('start', error.message);
    }
    await Promise.all(this.loaded.filter(isQueueFunction).map(fn => this.#listen(fn)));
    this.#isReady = true;
  }

  #fail(key, text) {
    this.#errors.set(key, text);
    this.#log('error', text);
  }

  async #startWorker() {
    const { root, runtime } = this.#settings;
    const files = await readFunctionFiles(root);
    const wanted = files.filter(
      file => !file.error && this.#isAllowed(file.name) && !this.#isDisabled(file.name, file.disabled),
    );
    for (; ; await pause(500)) {
      this.#starts += 1;
      this.#worker = new Worker({ runtime, root, log: this.#log });
      void this.#supervise(this.#worker);
      const reply = await this.#worker
        .ask({ kind: 'load', root, functions: wanted })
        .catch(error => this.#loadFailed(error));
      if (reply) return this.#accept(reply, files);
    }
  }

  #loadFailed(error) {
    if (this.#starts <= restarts && !this.#stopping.signal.aborted) return undefined;
    throw error;
  }

  #accept(reply, files) {
    const indexed = reply.functions;
    this.httpUri = reply.httpUri;
    this.functions = (indexed ?? files).map(entry => this.#record(entry, reply.errors[entry.name]));
    for (const { name, errors } of this.functions)
      for (const text of errors) this.#log('error', `Function "${name}": ${text}`);
    if (reply.error) this.#fail('app', `The app could not be loaded: ${reply.error}`);
    this.#log(
      'information',
      `Found ${this.functions.length} functions (${reply.model}), loaded ${this.loaded.map(fn => fn.name).join(', ') || 'none'}.`,
    );
  }

  #record({ name, bindings, disabled, error }, problem) {
    return {
      name,
      bindings,
      trigger: triggerOf(bindings),
      language: this.#settings.runtime,
      isAllowed: this.#isAllowed(name),
      isDisabled: this.#isDisabled(name, disabled),
      errors: [error, problem].filter(Boolean),
    };
  }

  #isAllowed(name) {
    return allowedNames(this.host)?.has(name.toLowerCase()) ?? true;
  }

  #isDisabled(name, disabled) {
    return isDisabled(name, disabled, this.#settings.settingOf);
  }

  /** Starts the worker again when it ends by itself; too often, and the host gives up as the official one does. */
  async #supervise(worker) {
    const text = await worker.ended;
    if (this.#stopping.signal.aborted) return;
    this.#log('error', text);
    if (this.#starts > restarts)
      return this.failed.resolve(`The worker process ended ${this.#starts} times; the host ends too.`);
    if (this.functions.length > 0) await this.#startWorker().catch(error => this.#fail('start', error.message));
  }

  /** Starts listening; what cannot be reached now is tried again later, while the host goes on with the rest. */
  async #listen(fn) {
    if (!(await this.#tryListen(fn))) void this.#listenLater(fn);
  }

  async #listenLater(fn) {
    const { signal } = this.#stopping;
    for (let wait = 1000; !signal.aborted; wait = Math.min(wait * 2, longestRetry)) {
      await pause(wait, undefined, { signal }).catch(() => undefined);
      if (signal.aborted || (await this.#tryListen(fn))) return;
    }
  }

  async #tryListen(fn) {
    try {
      const listener = listenerFor({
        fn,
        settings: this.#settings,
        host: this.host,
        run: call => this.#runMessage(fn, call),
        log: this.#log,
      });
      await listener.start();
      this.#listeners.add(listener);
      this.#errors.delete(fn.name);
      fn.errors = fn.errors.filter(text => text !== fn.listenerError);
      this.#log('information', `Listening to queue "${listener.name}" for function "${fn.name}".`);
      return true;
    } catch (error) {
      const text = `The listener for function "${fn.name}" was unable to start: ${[error.message, error.cause?.message].filter(Boolean).join(': ')}`;
      fn.errors = [...fn.errors.filter(other => other !== fn.listenerError), text];
      fn.listenerError = text;
      this.#fail(fn.name, text);
      return false;
    }
  }

  #runMessage(fn, { message, text, bytes }) {
    const data = text === undefined ? { bytes: bytes.toString('base64') } : { string: text };
    return this.invoke(fn, { data: { [fn.trigger.name]: data }, triggerMetadata: messageMetadata(message, text) });
  }

  /** Runs the function once; gives its outputs by binding name. Rejects when it fails. */
  async invoke(fn, { data, triggerMetadata = {}, invocationId = randomUUID() }) {
    if (fn.errors.length > 0 && !fn.listenerError) throw new Error(fn.errors[0]);
    const began = performance.now();
    this.#running.add(invocationId);
    this.#log('information', `${fn.name} started (${invocationId})`);
    try {
      const { outputs = {}, returnValue } = await this.#worker.ask({
        kind: 'invoke',
        name: fn.name,
        invocationId,
        data,
        triggerMetadata,
      });
      const values = returnValue === undefined ? outputs : { ...outputs, $return: returnValue };
      await sendQueueOutputs({ fn, values, settings: this.#settings, host: this.host });
      this.#log(
        'information',
        `${fn.name} succeeded after ${Math.round(performance.now() - began)} ms (${invocationId})`,
      );
      return values;
    } catch (error) {
      this.#log(
        'error',
        `${fn.name} failed after ${Math.round(performance.now() - began)} ms (${invocationId}): ${error.stack}`,
      );
      throw error;
    } finally {
      this.#running.delete(invocationId);
    }
  }

  /** Takes no further messages and waits for all that runs, then ends the worker. */
  async drain() {
    this.#stopping.abort();
    await Promise.all([...this.#listeners].map(listener => listener.stop()));
    while (this.#running.size > 0) await pause(20);
    await this.#worker?.stop();
  }
}

function isQueueFunction(fn) {
  return fn.trigger?.type.toLowerCase() === 'queuetrigger' && fn.errors.length === 0;
}
