import { type Finding, known, skipped } from '../core/doctor/check.ts';
import { Interrupted, RemoteError, UserError } from '../errors.ts';

/** What a question came to: an answer, a refusal to look, or a failure that the user can mend. Anything else is thrown. */
export async function look<Value>(question: () => Promise<Value>): Promise<Finding<Value>> {
  try {
    return known(await question());
  } catch (error) {
    if (!(error instanceof UserError) || error instanceof Interrupted) throw error;
    const kind = error instanceof RemoteError && error.status === 403 ? 'forbidden' : 'failed';
    return { kind, reason: error.message };
  }
}

/** A question that needs the answer of another one, named by the title of its check. */
export async function lookAfter<Before, Value>(
  before: Finding<Before> | Promise<Finding<Before>>,
  title: string,
  question: (value: Before) => Promise<Value>,
): Promise<Finding<Value>> {
  const first = await before;
  if (first.kind === 'known') return look(() => question(first.value));
  return skippedFor(first, title);
}

/** What becomes of a question when the answer that it needs is not there. */
export function skippedFor(before: Exclude<Finding<unknown>, { kind: 'known' }>, title: string): Finding<never> {
  return skipped(before.kind === 'skipped' ? before.reason : `Needs "${title}", see there.`);
}
