import { setTimeout as pause } from 'node:timers/promises';
import { Interrupted, UserError } from '../errors.ts';

/** How often to look, in milliseconds: often at first, then less. */
const firstPause = 200;
const longestPause = 2000;

/** Time that a rollout may take, with the run's interruption. */
export class Deadline {
  readonly seconds: number;
  readonly signal: AbortSignal;
  readonly #end: number;

  constructor(seconds: number, signal: AbortSignal) {
    this.seconds = seconds;
    this.signal = signal;
    this.#end = performance.now() + seconds * 1000;
  }

  get isOver(): boolean {
    return performance.now() > this.#end;
  }

  /**
   * Looks until `look` gives a value, and returns it; throws UserError with the text of `late` when the time is over first.
   * `look` gives undefined while there is nothing yet.
   */
  async until<Result>(look: () => Promise<Result | undefined>, late: () => string): Promise<Result> {
    for (let wait = firstPause; ; wait = Math.min(wait * 1.3, longestPause)) {
      const found = await look();
      if (found !== undefined) return found;
      if (this.isOver)
        throw new UserError(`${late()} within ${this.seconds} s. Raise the input "timeout" if it only needs longer.`);
      await this.#pause(wait);
    }
  }

  async #pause(milliseconds: number): Promise<void> {
    try {
      await pause(milliseconds, undefined, { signal: this.signal });
    } catch (cause) {
      const { reason } = this.signal;
      throw reason instanceof Interrupted
        ? reason
        : new Interrupted('The run was interrupted. Run again to complete it.', { cause });
    }
  }
}
