import { answerJson, type CloudExchange } from './exchange.ts';

/** How the cloud answers instead of as it should. */
export type Behaviour =
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      /** Sent as JSON unless it is a text. */
      readonly body?: unknown;
    }
  /** Takes the request and never answers. */
  | { readonly kind: 'hang' }
  /** Breaks the connection. */
  | { readonly kind: 'reset' }
  /** A body that is not JSON, under the content type of JSON. */
  | { readonly kind: 'garbage'; readonly status?: number }
  /** 429; `retryAfter` in seconds, no header without it. */
  | { readonly kind: 'throttle'; readonly retryAfter?: number };

/** Which requests. */
export interface Target {
  /** Name of a part; any when not given. */
  readonly part?: string;
  /** Looked for in the path with its query. */
  readonly path: RegExp;
  readonly method?: string;
}

interface Rule {
  readonly target: Target;
  readonly behaviour: Behaviour;
  rest: number;
}

/** Which requests are to be answered otherwise, and how often. */
export class Misbehaviour {
  readonly #rules = new Set<Rule>();

  /** The newest rule counts; gives what takes it back. */
  add(target: Target, behaviour: Behaviour, times: number): () => void {
    const rule = { target, behaviour, rest: times };
    this.#rules.add(rule);
    return () => void this.#rules.delete(rule);
  }

  /** The behaviour for a request, counted as used. */
  next(part: string, method: string, path: string): Behaviour | undefined {
    const fits = ({ target, rest }: Rule) =>
      rest > 0 &&
      (target.part ?? part) === part &&
      (target.method ?? method) === method &&
      new RegExp(target.path.source, target.path.flags.replace(/[gy]/g, '')).test(path);
    const rule = [...this.#rules].findLast(fits);
    if (rule) rule.rest -= 1;
    return rule?.behaviour;
  }
}

/** Answers as the behaviour says. */
export function behave(exchange: CloudExchange, behaviour: Behaviour): void {
  const { response, request } = exchange;
  switch (behaviour.kind) {
    case 'answer': {
      const { status, headers = {}, body = '' } = behaviour;
      if (typeof body !== 'string') return void answerJson(exchange, status, body, headers);
      response.writeHead(status, headers);
      response.end(body);
      return;
    }
    case 'hang':
      return;
    case 'reset':
      request.socket.destroy();
      return;
    case 'garbage':
      response.writeHead(behaviour.status ?? 200, { 'content-type': 'application/json' });
      response.end('<html>Our services are not available right now</html>');
      return;
    case 'throttle': {
      const { retryAfter } = behaviour;
      const headers: Record<string, string> = retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) };
      const error = { code: 'TooManyRequests', message: 'The request is being throttled.' };
      answerJson(exchange, 429, { error }, headers);
    }
  }
}
