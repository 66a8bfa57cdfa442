import { UserError } from '../errors.ts';
import { pathOf } from './app.ts';
import type { Check } from './config/config.ts';
import type { Project } from './project.ts';

/** A check of an HTTP answer. */
export interface HttpCheck {
  readonly kind: 'http';
  /** `GET /api/orders`, without the query, which may hold a key. */
  readonly title: string;
  readonly method: 'GET' | 'POST';
  /** With its query. */
  readonly path: string;
  readonly expected: Pick<Check, 'headers' | 'body' | 'latency'> & { readonly status: number };
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly send: string | undefined;
}

/** A check that a function consumes a message. */
export interface QueueCheck {
  readonly kind: 'queue';
  readonly title: string;
  readonly function: string;
  readonly send: string;
  /** Seconds. */
  readonly within: number;
}

/** One check of the smoke test: a request, or a message that must be consumed. */
export type SmokeCheck = HttpCheck | QueueCheck;

const defaultWithin = 60;

/** The checks in full, defaults filled in; throws UserError with an example when there are none. */
export function smokeChecksOf(checks: readonly Check[], project: Project | undefined): readonly SmokeCheck[] {
  if (checks.length === 0) throw new UserError(noChecks(project));
  return checks.map(check => (check.queue === undefined ? httpCheckOf(check) : queueCheckOf(check, check.queue)));
}

function httpCheckOf({ get, post, status = 200, headers, body, latency, send, sendHeaders = {} }: Check): HttpCheck {
  const method = post === undefined ? 'GET' : 'POST';
  const path = post ?? get ?? '/';
  const given = Object.fromEntries(Object.entries(sendHeaders).map(([name, value]) => [name.toLowerCase(), value]));
  return {
    kind: 'http',
    title: `${method} ${path.split('?')[0]}`,
    method,
    path,
    send,
    expected: { status, headers, body, latency },
    headers: send === undefined ? given : { 'content-type': contentTypeOf(send), ...given },
  };
}

function queueCheckOf({ send = '', within = defaultWithin }: Check, name: string): QueueCheck {
  return { kind: 'queue', title: `message to ${name}`, function: name, send, within };
}

function contentTypeOf(text: string): string {
  try {
    JSON.parse(text);
    return 'application/json';
  } catch {
    return 'text/plain; charset=utf-8';
  }
}

function noChecks(project: Project | undefined): string {
  const paths = project?.functions.flatMap(fn => pathOf(project, fn) ?? []) ?? [];
  const path = paths[0] ?? '/api/orders';
  return `There is nothing to check. Give the input "checks", or "checks" in aks-functions.yml, a list such as "- {get: ${path}, status: 200, body: text of the answer}" or "- {queue: name of a function, send: a message, within: 60s}".`;
}
