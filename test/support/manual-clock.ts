import { Interrupted } from '../../src/errors.ts';
import type { Clock } from '../../src/flows/clock.ts';

/** A clock that stands still but for its pauses, which take no time; `onPause` may change the world meanwhile. */
export class ManualClock implements Clock {
  readonly #start = Date.parse('2026-01-01T00:00:00Z');
  #passed = 0;
  onPause: (now: number) => void = () => undefined;

  now(): number {
    return this.#passed;
  }

  date(): Date {
    return new Date(this.#start + this.#passed);
  }

  async pause(milliseconds: number, signal: AbortSignal): Promise<void> {
    // Others that wait get their turn first, as they would in a true pause.
    await new Promise(resolve => setImmediate(resolve));
    if (signal.aborted) throw new Interrupted('The run was interrupted while it waited.');
    this.#passed += milliseconds;
    this.onPause(this.#passed);
  }
}
