import { setTimeout as pause } from 'node:timers/promises';
import { Interrupted } from '../errors.ts';
import type { Clock } from '../flows/clock.ts';

/** The clock of this machine. */
export const systemClock: Clock = {
  now: () => performance.now(),
  date: () => new Date(),
  pause: async (milliseconds, signal) => {
    await pause(milliseconds, undefined, { signal }).catch(cause => {
      // Whatever stopped the run has said why; a pause has nothing to add.
      throw signal.reason instanceof Error && signal.reason.name !== 'AbortError'
        ? signal.reason
        : new Interrupted('The run was interrupted while it waited.', { cause });
    });
  },
};
