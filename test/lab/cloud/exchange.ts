import type { IncomingMessage, ServerResponse } from 'node:http';
import type { CloudState, Home } from './state.ts';
import type { EntraTokens } from './tokens.ts';

/** A request to the cloud and its answer. */
export interface CloudExchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** With the host that the caller used. */
  readonly url: URL;
  /** The whole body as text; a part that streams it reads the request instead. */
  body(): Promise<string>;
  /** Adds to the record of the request who sent it and what it was about; no secrets. */
  note(facts: { readonly principal?: string; readonly about?: string }): void;
}

/** A service of the cloud: answers and says true, or leaves the request to the parts after it. */
export type CloudPart = (exchange: CloudExchange) => Promise<boolean>;

/** A part as it is routed to. */
export interface NamedPart {
  readonly name: string;
  /** Paths that may be the part's. */
  readonly paths: RegExp;
  readonly serve: CloudPart;
}

/** What a part works with. */
export interface CloudContext {
  readonly state: CloudState;
  readonly home: Home;
  /** Address of the cloud's server, without a slash at its end. */
  readonly address: string;
  readonly tokens: EntraTokens;
  readonly settings: CloudSettings;
}

/** What a test may change while the cloud runs. */
export interface CloudSettings {
  /** Seconds that access tokens live. */
  tokenLife: number;
  /** Seconds that GitHub's tokens live. */
  assertionLife: number;
  /** Milliseconds until a new federated credential works. */
  trustDelay: number;
  /** Client ids that conditional access keeps out. */
  readonly blocked: Set<string>;
}

/** Answers with JSON. */
export function answerJson(
  { response }: CloudExchange,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): true {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers });
  response.end(JSON.stringify(body));
  return true;
}

/** The token of the `Authorization: Bearer` header. */
export function bearerOf({ request }: CloudExchange): string | undefined {
  return /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
}
