import type { HttpCheck } from './smoke-checks.ts';

/** Longest part of a body that a message shows, in characters. */
const shownBody = 300;

/** An answer as a check looks at it. */
export interface CheckedAnswer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly milliseconds: number;
}

/** What a check expected and the answer does not have; empty when it passed. */
export function faultsOfAnswer({ expected }: HttpCheck, answer: CheckedAnswer): readonly string[] {
  const { status, headers = {}, body, latency } = expected;
  const faults = [
    ...(answer.status === status
      ? []
      : [`expected status ${status}, got ${answer.status}${refusalHint(answer.status)}`]),
    ...Object.entries(headers).flatMap(([name, value]) => headerFault(name, value, answer.headers[name.toLowerCase()])),
    ...(body === undefined || answer.body.includes(body) ? [] : [`expected a body with "${body}"`]),
    ...(latency === undefined || answer.milliseconds <= latency
      ? []
      : [`expected an answer within ${latency} ms, got it after ${Math.round(answer.milliseconds)} ms`]),
  ];
  const showsBody = answer.status !== status || (body !== undefined && !answer.body.includes(body));
  return showsBody ? [...faults, `the body is ${shown(answer.body)}`] : faults;
}

function headerFault(name: string, expected: string, got: string | undefined): readonly string[] {
  if (got?.includes(expected)) return [];
  return [`expected header "${name}" with "${expected}", got ${got === undefined ? 'none' : `"${got}"`}`];
}

function refusalHint(status: number): string {
  return status === 401 || status === 403
    ? ' (a function key is sent only for functions that the code declares with authLevel "function" or "admin")'
    : '';
}

function shown(body: string): string {
  const line = body.replace(/\s+/g, ' ').trim();
  if (line === '') return 'empty';
  return line.length <= shownBody
    ? `"${line}"`
    : `"${line.slice(0, shownBody)}" and ${line.length - shownBody} characters more`;
}
