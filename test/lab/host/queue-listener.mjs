import { setTimeout as pause } from 'node:timers/promises';

// While a function works on a message it stays hidden for ten minutes, prolonged at half of it.
const hiddenFor = 600;
const shortestPause = 100;

/**
 * Takes messages of one queue and hands each to `run({ message, text | bytes })`, as the host's queue trigger does:
 * batches, back-off while the queue is empty, deletion on success, return on failure, the poison queue in the end.
 */
export class QueueListener {
  #queue;
  #poison;
  #options;
  #run;
  #log;
  #stopping = new AbortController();
  #busy = new Set();
  #loop = Promise.resolve();

  constructor({ queue, poison, options, run, log }) {
    this.#queue = queue;
    this.#poison = poison;
    this.#options = options;
    this.#run = run;
    this.#log = log;
  }

  /** Starts to take messages; rejects when the account cannot be reached or refuses. A missing queue is waited for. */
  async start() {
    await this.#queue.exists();
    this.#loop = this.#poll();
  }

  /** Takes no more messages, and waits for those in work. */
  async stop() {
    this.#stopping.abort();
    await this.#loop;
    await Promise.all(this.#busy);
  }

  get running() {
    return this.#busy.size;
  }

  async #poll() {
    const { signal } = this.#stopping;
    for (let wait = shortestPause; !signal.aborted; ) {
      const count = await this.#take(signal);
      if (count > 0) {
        wait = shortestPause;
        await this.#room();
      } else {
        await pause(wait, undefined, { signal }).catch(() => undefined);
        wait = Math.min(wait * 2, this.#options.maxPollingInterval);
      }
    }
  }

  async #take(signal) {
    try {
      // Not aborted: a request cut short may have hidden messages that nobody then works on.
      const messages = await this.#queue.receive({ count: this.#options.batchSize, hiddenFor });
      for (const message of messages) this.#begin(message);
      return messages.length;
    } catch (error) {
      if (!signal.aborted) this.#log('warning', `Queue "${this.#queue.name}" could not be read: ${reason(error)}`);
      return 0;
    }
  }

  #begin(message) {
    const work = this.#process(message)
      .catch(error => this.#log('error', `Message ${message.id} of queue "${this.#queue.name}": ${reason(error)}`))
      .finally(() => this.#busy.delete(work));
    this.#busy.add(work);
  }

  /** Returns when so few messages are in work that the next batch may come. */
  async #room() {
    while (this.#busy.size > this.#options.newBatchThreshold) await Promise.race(this.#busy);
  }

  async #process(message) {
    if (message.dequeueCount > this.#options.maxDequeueCount) return this.#toPoison(message);
    const held = { ...message };
    const timer = setInterval(() => this.#prolong(held), (hiddenFor / 2) * 1000);
    try {
      await this.#run({ message, ...this.#decoded(message) });
      await this.#queue.delete(held);
    } catch {
      await this.#giveBack(held);
    } finally {
      clearInterval(timer);
    }
  }

  #decoded({ text, id }) {
    if (!this.#options.isBase64) return { text };
    const bytes = Buffer.from(text, 'base64');
    if (bytes.toString('base64').replace(/=+$/, '') !== text.trim().replace(/=+$/, '')) {
      this.#log(
        'error',
        `Message ${id} of queue "${this.#queue.name}" is not Base64, as "messageEncoding" of host.json wants.`,
      );
      throw new Error('not Base64');
    }
    const decoded = bytes.toString('utf8');
    return Buffer.from(decoded).equals(bytes) ? { text: decoded } : { bytes };
  }

  async #prolong(held) {
    try {
      held.popReceipt = await this.#queue.hide(held, hiddenFor);
    } catch (error) {
      this.#log(
        'warning',
        `Message ${held.id} of queue "${this.#queue.name}" could not be kept hidden: ${reason(error)}`,
      );
    }
  }

  async #giveBack(message) {
    if (message.dequeueCount >= this.#options.maxDequeueCount) return this.#toPoison(message);
    await this.#queue.hide(message, Math.round(this.#options.visibilityTimeout / 1000));
  }

  async #toPoison(message) {
    await this.#poison.create();
    await this.#poison.put(message.text);
    await this.#queue.delete(message);
    this.#log(
      'warning',
      `Message ${message.id} failed ${message.dequeueCount} times and went to queue "${this.#poison.name}".`,
    );
  }
}

function reason(error) {
  return [error.message, error.cause?.message ?? error.cause?.code].filter(Boolean).join(': ');
}
