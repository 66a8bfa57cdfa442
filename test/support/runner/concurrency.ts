import { mapOf, textOf, type Value } from './values.ts';

interface Entrant {
  readonly start: () => void;
  readonly drop: () => void;
  readonly cancel: () => void;
}

/** Groups of which one run or job goes at a time, over all runs of a repository. */
export class ConcurrencyGroups {
  readonly #running = new Map<string, Entrant>();
  readonly #waiting = new Map<string, Entrant[]>();

  /** Settles when it is this one's turn, `false` when a newer one took its place in the queue. `cancel` is called when a newer one wants it to stop. */
  async enter(concurrency: Value | undefined, cancel: () => void): Promise<boolean> {
    const { group, queuesAll, cancels } = settingsOf(concurrency);
    if (group === '') return true;
    const turn = Promise.withResolvers<boolean>();
    const entrant: Entrant = { start: () => turn.resolve(true), drop: () => turn.resolve(false), cancel };
    const running = this.#running.get(group);
    if (!running) {
      this.#running.set(group, entrant);
      return true;
    }
    const waiting = this.#waiting.get(group) ?? [];
    // By default one waits: the newest.
    if (!queuesAll) for (const older of waiting.splice(0)) older.drop();
    this.#waiting.set(group, [...waiting, entrant]);
    if (cancels) running.cancel();
    return turn.promise;
  }

  /** Lets the next one go. */
  leave(concurrency: Value | undefined): void {
    const { group } = settingsOf(concurrency);
    this.#running.delete(group);
    const [next, ...others] = this.#waiting.get(group) ?? [];
    if (!next) return;
    this.#waiting.set(group, others);
    this.#running.set(group, next);
    next.start();
  }
}

function settingsOf(concurrency: Value | undefined) {
  const { group = concurrency, queue, 'cancel-in-progress': cancels } = mapOf(concurrency);
  return {
    group: typeof group === 'object' ? '' : textOf(group),
    queuesAll: queue === 'max',
    cancels: cancels === true || cancels === 'true',
  };
}
