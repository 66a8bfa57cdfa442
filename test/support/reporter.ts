import { relative } from 'node:path';
import type { TestEvent } from 'node:test/reporters';
import { inspect } from 'node:util';

type Failure = Extract<TestEvent, { readonly type: 'test:fail' }>['data'];
type Finished = Failure | Extract<TestEvent, { readonly type: 'test:pass' }>['data'];

const verbose = process.env.AKS_FUNCTIONS_TESTS === 'verbose';

/** Failures in full, passes only when asked for, and last the line `N passed, N failed, N skipped`. */
export default async function* report(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  const titles: string[] = [];
  for await (const { type, data } of events) {
    if (type === 'test:start') titles[data.nesting] = data.name;
    if (type === 'test:stderr' || (type === 'test:stdout' && verbose)) yield data.message;
    if (type !== 'test:pass' && type !== 'test:fail') continue;
    const title = [...titles.slice(0, data.nesting), data.name].join(' › ');
    const outcome = outcomeOf(type, data);
    if (outcome !== 'group') counts[outcome]++;
    if (type === 'test:fail' && outcome === 'failed') yield failureText(title, data);
    else if (verbose && outcome !== 'group')
      yield `${outcome === 'skipped' ? '–' : '✔'} ${title} (${Math.round(data.details.duration_ms)} ms)\n`;
  }
  yield `${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped\n`;
}

/** A group counts only when it failed by itself, as in a hook. */
function outcomeOf(type: 'test:pass' | 'test:fail', data: Finished): 'passed' | 'failed' | 'skipped' | 'group' {
  if (data.skip !== undefined || data.todo !== undefined) return 'skipped';
  if (type === 'test:fail') return failureType(data) === 'subtestsFailed' ? 'group' : 'failed';
  return data.details.type === 'suite' ? 'group' : 'passed';
}

function failureType(data: Finished): string | undefined {
  const error: unknown = 'error' in data.details ? data.details.error : undefined;
  return error instanceof Error && 'failureType' in error ? String(error.failureType) : undefined;
}

function failureText(title: string, { file, line, details }: Failure): string {
  const place = file === undefined ? '' : ` (${relative(process.cwd(), file)}:${line ?? 1})`;
  const error = details.error.cause instanceof Error ? details.error.cause : details.error;
  const cause = error.cause === undefined ? '' : `\nCause: ${inspect(error.cause, { depth: 4 })}`;
  const text = (error.stack ?? error.message).replace(/\n +at [^\n]*\(?node:[^\n]*/g, '') + cause;
  return `✘ ${title}${place}\n${text.replace(/^(?=.)/gm, '    ')}\n\n`;
}
