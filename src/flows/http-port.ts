/** One HTTP request of this machine. */
export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  /** Milliseconds until the whole answer must be there. */
  readonly deadline: number;
  /** Called when all of it was handed to the network. */
  readonly onSent?: () => void;
}

/** An answer of any status; a redirect is an answer too. */
export interface HttpAnswer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** At most its first MiB. */
  readonly body: string;
  /** From the request to the end of the answer. */
  readonly milliseconds: number;
}

/** No answer came; `code` is the system's word for it, such as `ECONNREFUSED`. */
export class NoAnswer extends Error {
  readonly code: string;

  constructor(code: string, options?: ErrorOptions) {
    super(`no answer (${code})`, options);
    this.code = code;
  }
}

/** Sends HTTP requests; throws NoAnswer when none comes, Interrupted when the run is stopped. */
export interface HttpSender {
  send(request: HttpRequest): Promise<HttpAnswer>;
}
