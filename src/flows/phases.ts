import type { Log } from './ports.ts';

/** A part of a run and how long it took. */
export interface Phase {
  readonly name: string;
  readonly seconds: number;
}

/** Groups the log by phases and keeps the time of each. */
export class Phases {
  readonly #log: Log;
  readonly #list: { name: string; seconds: number }[] = [];

  constructor(log: Log) {
    this.#log = log;
  }

  /** In order; one that goes on has no time yet. */
  get list(): readonly Phase[] {
    return this.#list;
  }

  async run<Result>(name: string, work: () => Promise<Result>): Promise<Result> {
    const began = performance.now();
    const phase = { name, seconds: 0 };
    this.#list.push(phase);
    try {
      return await this.#log.group(name[0]?.toUpperCase() + name.slice(1), work);
    } finally {
      phase.seconds = (performance.now() - began) / 1000;
    }
  }
}
