import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { openChannel } from './channel.mjs';

const here = path => fileURLToPath(new URL(path, import.meta.url));

/** How to start the worker of each runtime that the stand-in knows. */
const commands = {
  node: () => [process.execPath, here('./node-worker.mjs')],
  python: () => ['python3', here('./python-worker/run.py')],
};

/** Whether apps of this runtime can be loaded. */
export function isKnownRuntime(runtime) {
  return Object.hasOwn(commands, runtime ?? '');
}

/** The process that runs the code of the app; the host speaks to it over file descriptor 3. */
export class Worker {
  #child;
  #channel;
  #waiting = new Map();
  #count = 0;
  /** Fulfilled with a description of the end, when the process has ended. */
  ended;

  constructor({ runtime, root, log }) {
    const [command, ...args] = commands[runtime]();
    const env = { ...process.env, PYTHONDONTWRITEBYTECODE: '1', PYTHONUNBUFFERED: '1' };
    // An own process group: Ctrl-C in a terminal reaches the host alone, which then drains.
    this.#child = spawn(command, args, {
      cwd: root,
      env,
      detached: true,
      stdio: ['ignore', 'inherit', 'inherit', 'pipe'],
    });
    this.ended = this.#end();
    this.#channel = openChannel(this.#child.stdio[3], {
      receive: message => this.#receive(message, log),
      closed: () => undefined,
    });
  }

  async #end() {
    const [code, signal] = await once(this.#child, 'close').catch(error => [error.message]);
    const text = `The worker process ended with ${signal ?? code}.`;
    for (const { reject } of this.#waiting.values()) reject(new Error(text));
    this.#waiting.clear();
    return text;
  }

  #receive(message, log) {
    if (message.kind === 'log') return log(message.level, message.text);
    const { resolve, reject } = this.#waiting.get(message.id) ?? {};
    this.#waiting.delete(message.id);
    if (message.kind === 'failure') reject?.(Object.assign(new Error(message.message), { stack: message.stack }));
    else resolve?.(message);
  }

  /** The worker's answer; rejects when it reports a failure or ends. */
  ask(message) {
    const id = String(++this.#count);
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#channel.send({ ...message, id });
    });
  }

  /** Ends the process: it leaves by itself when its channel closes, and is killed after two seconds. */
  async stop() {
    this.#channel.close();
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 2000);
    await this.ended;
    clearTimeout(timer);
  }
}
