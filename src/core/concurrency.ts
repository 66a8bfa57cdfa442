type Task<Result> = (signal: AbortSignal) => Promise<Result>;

/** Results of both tasks; when one fails the other is aborted and awaited, so that nothing goes on behind the error. */
export async function together<First, Second>(
  signal: AbortSignal,
  [first, second]: readonly [Task<First>, Task<Second>],
): Promise<readonly [First, Second]> {
  const stop = new AbortController();
  const linked = AbortSignal.any([signal, stop.signal]);
  const guarded = <Result>(task: Task<Result>) =>
    task(linked).catch(error => {
      stop.abort(error);
      throw error;
    });
  const running = [guarded(first), guarded(second)] as const;
  await Promise.allSettled(running);
  signal.throwIfAborted();
  stop.signal.throwIfAborted();
  return Promise.all(running);
}

/**
 * Results of `work` in the order of `items`, with at most `limit` under way. After a failure no further one starts,
 * and those under way are awaited before the failure is thrown.
 */
export async function atMost<Item, Result>(
  limit: number,
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = new Array(items.length);
  const queue = items.entries();
  let failed = false;
  const worker = async () => {
    for (const [index, item] of queue) {
      if (failed) return;
      results[index] = await work(item).catch(error => {
        failed = true;
        throw error;
      });
    }
  };
  const workers = Array.from({ length: Math.min(limit, items.length) }, worker);
  await Promise.allSettled(workers);
  await Promise.all(workers);
  return results;
}
