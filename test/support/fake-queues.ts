import { RemoteError } from '../../src/errors.ts';
import type { OpenQueue, StorageQueue } from '../../src/flows/queue-port.ts';

/** Queues in memory, by name; a test consumes from them as a host would. */
export class FakeQueues {
  readonly queues = new Map<string, string[]>();

  constructor(...names: readonly string[]) {
    for (const name of names) this.queues.set(name, []);
  }

  /** Takes up to `count` messages away. */
  consume(name: string, count: number): void {
    this.#of(name).splice(0, count);
  }

  readonly open: OpenQueue = (_connection, name): StorageQueue => ({
    name,
    account: 'shop',
    put: async text => {
      this.#of(name).push(text);
    },
    count: async () => this.#of(name).length,
    peek: async () => this.#of(name).slice(0, 32),
    remove: async () => this.queues.delete(name),
  });

  #of(name: string): string[] {
    const queue = this.queues.get(name);
    if (queue) return queue;
    throw new RemoteError(`Queue "${name}" does not exist.`, 404);
  }
}
