import { randomUUID } from 'node:crypto';

/** A refusal of Entra. */
export interface EntraRefusal {
  readonly code: number;
  readonly message: string;
}

interface Kind {
  /** OAuth's name. */
  readonly error: string;
  readonly status: number;
}

const invalidClient = { error: 'invalid_client', status: 401 };
const invalidRequest = { error: 'invalid_request', status: 400 };

/** How each code is answered; the others are like `invalidRequest`. */
const kinds: Readonly<Record<number, Kind>> = {
  50027: invalidRequest,
  50166: invalidRequest,
  53003: { error: 'access_denied', status: 400 },
  500011: { error: 'invalid_resource', status: 400 },
  70003: { error: 'unsupported_grant_type', status: 400 },
  700016: { error: 'unauthorized_client', status: 400 },
  700024: invalidClient,
  700027: invalidClient,
  700211: invalidClient,
  700212: invalidClient,
  700213: invalidClient,
  7000215: invalidClient,
  7000218: invalidClient,
  7002138: invalidClient,
  1002012: { error: 'invalid_scope', status: 400 },
};

/** Status and body of the answer for a refusal. */
export function entraAnswer({ code, message }: EntraRefusal): { readonly status: number; readonly body: object } {
  const { error, status } = kinds[code] ?? invalidRequest;
  const [trace, correlation] = [randomUUID(), randomUUID()];
  const timestamp = entraTime(Date.now());
  const ids = `Trace ID: ${trace} Correlation ID: ${correlation} Timestamp: ${timestamp}`;
  const body = {
    error,
    error_description: `AADSTS${code}: ${message} ${ids}`,
    error_codes: [code],
    timestamp,
    trace_id: trace,
    correlation_id: correlation,
    error_uri: `https://login.microsoftonline.com/error?code=${code}`,
  };
  return { status, body };
}

/** A time as Entra writes it. */
export function entraTime(milliseconds: number): string {
  return new Date(milliseconds)
    .toISOString()
    .replace('T', ' ')
    .replace(/\.\d+Z$/, 'Z');
}
