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

  /** `seconds` in all, of which `left` are left. */
  constructor(seconds: number, signal: AbortSignal, left = seconds) {
    this.seconds = seconds;
    this.signal = signal;
    this.#end = performance.now() + left * 1000;
  }

  get isOver(): boolean {
    return performance.now() > this.#end;
  }

  /** The same time, given up also when `signal` aborts. */
  orUntil(signal: AbortSignal): Deadline {
    const left = (this.#end - performance.now()) / 1000;
    return new Deadline(this.seconds, AbortSignal.any([this.signal, signal]), left);
  }

  /**
   * Looks until `look` gives a value, and returns it; throws UserError with the text of `late` when the time is over first:
   * the reason in its first line, details in the others. `look` gives undefined while there is nothing yet.
   */
  async until<Result>(look: () => Promise<Result | undefined>, late: () => string | Promise<string>): Promise<Result> {
    for (let wait = firstPause; ; wait = Math.min(wait * 1.3, longestPause)) {
      const found = await look();
      if (found !== undefined) return found;
      if (this.isOver) throw await this.#lateError(late);
      await this.#pause(wait);
    }
  }

  async #lateError(late: () => string | Promise<string>): Promise<UserError> {
    const [reason, ...details] = (await late()).split('\n');
    const message = `${reason} within ${this.seconds} s. Raise the input "timeout" if it only needs longer.`;
    return new UserError([message, ...details].join('\n'));
  }

  async #pause(milliseconds: number): Promise<void> {
    const left = Math.max(0, this.#end - performance.now());
    try {
      await pause(Math.min(milliseconds, left + 1), undefined, { signal: this.signal });
    } catch (cause) {
      const { reason } = this.signal;
      throw reason instanceof UserError
        ? reason
        : new Interrupted('The run was interrupted. Run again to complete it.', { cause });
    }
  }
}
