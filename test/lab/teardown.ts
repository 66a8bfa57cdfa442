/** What must be undone at the end of a lab, in reverse order of how it was done. */
export class Teardown {
  readonly #steps: (() => Promise<void>)[] = [];
  #running: Promise<void> | undefined;

  /** Adds a step that runs before all steps added until now. */
  add(step: () => Promise<void>): void {
    this.#steps.push(step);
  }

  /** Runs each step once, also when one before it fails; then throws what failed. Later calls wait for the first. */
  run(): Promise<void> {
    this.#running ??= this.#runAll();
    return this.#running;
  }

  async #runAll(): Promise<void> {
    const failures: unknown[] = [];
    for (let step = this.#steps.pop(); step; step = this.#steps.pop()) {
      await step().catch((error: unknown) => failures.push(error));
    }
    if (failures.length > 0) throw new AggregateError(failures, 'the lab was not removed completely');
  }
}
