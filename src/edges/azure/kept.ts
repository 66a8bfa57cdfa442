/** A value that is made when first asked for and again when it is stale, once for all who wait. */
export class Kept<Value> {
  readonly #isFresh: (value: Value) => boolean;
  readonly #make: () => Promise<Value>;
  #latest: Value | undefined;
  #making: Promise<Value> | undefined;

  constructor(make: () => Promise<Value>, isFresh: (value: Value) => boolean) {
    this.#make = make;
    this.#isFresh = isFresh;
  }

  /** Throws what making it threw; the next call tries again. */
  async get(): Promise<Value> {
    if (this.#latest !== undefined && this.#isFresh(this.#latest)) return this.#latest;
    this.#making ??= this.#make().finally(() => {
      this.#making = undefined;
    });
    this.#latest = await this.#making;
    return this.#latest;
  }
}
