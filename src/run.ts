import { Interrupted, UsageError } from './errors.ts';
import type { Output } from './outputs.ts';

/** Runs `work` with a signal that SIGINT and SIGTERM abort; returns the exit code and ends every request that is still open. */
export async function runToEnd(
  output: Output,
  work: (signal: AbortSignal) => Promise<number | undefined>,
): Promise<number> {
  const controller = new AbortController();
  const interrupt = () =>
    controller.abort(
      new Interrupted('The run was interrupted. The cluster keeps what was applied so far; run again to complete it.'),
    );
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  try {
    return (await work(controller.signal)) ?? 0;
  } catch (thrown) {
    output.fail(thrown);
    if (thrown instanceof Interrupted || controller.signal.aborted) return 130;
    return thrown instanceof UsageError ? 2 : 1;
  } finally {
    controller.abort();
    process.off('SIGINT', interrupt);
    process.off('SIGTERM', interrupt);
  }
}
