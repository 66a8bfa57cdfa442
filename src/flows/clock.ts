/** Time of the run. */
export interface Clock {
  /** Milliseconds from some moment; never goes back. */
  now(): number;
  date(): Date;
  /** Throws Interrupted when the signal ends the pause. */
  pause(milliseconds: number, signal: AbortSignal): Promise<void>;
}

/** How long and how often to look. */
export interface Patience {
  readonly clock: Clock;
  /** A moment of the clock. */
  readonly until: number;
  /** Milliseconds between two looks. */
  readonly every: number;
  readonly signal: AbortSignal;
}

/** The first value that `look` gives, or undefined when the time is over before; looks at least once. */
export async function lookUntil<Result>(
  { clock, until, every, signal }: Patience,
  look: () => Promise<Result | undefined>,
): Promise<Result | undefined> {
  for (;;) {
    const found = await look();
    if (found !== undefined || clock.now() >= until) return found;
    await clock.pause(Math.max(0, Math.min(every, until - clock.now())), signal);
  }
}
