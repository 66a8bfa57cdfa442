import { createHmac } from 'node:crypto';
import type { Secret } from '../../core/secret.ts';

/** A request as it will be sent, for signing. */
export interface Unsigned {
  readonly method: string;
  readonly url: URL;
  /** Names in lower case; `x-ms-date` among them. */
  readonly headers: Readonly<Record<string, string>>;
  /** Bytes of the body. */
  readonly length: number;
}

/**
 * Value of the header `Authorization` by the scheme SharedKey, see
 * https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key.
 */
export function sharedKeyOf(request: Unsigned, account: string, key: Secret): string {
  const { method, headers, length } = request;
  const lines = [
    method,
    '',
    '',
    length === 0 ? '' : String(length),
    '',
    headers['content-type'] ?? '',
    // The date stands in x-ms-date; what follows are conditions and a range, which we never send.
    '',
    '',
    '',
    '',
    '',
    '',
  ];
  const text = [...lines, ...canonicalHeaders(headers), canonicalResource(request.url, account)].join('\n');
  const hmac = createHmac('sha256', Buffer.from(key.reveal(), 'base64')).update(text, 'utf8').digest('base64');
  return `SharedKey ${account}:${hmac}`;
}

function canonicalHeaders(headers: Readonly<Record<string, string>>): readonly string[] {
  return Object.keys(headers)
    .filter(name => name.startsWith('x-ms-'))
    .sort()
    .map(name => `${name}:${headers[name]?.trim()}`);
}

/** The account stands twice where the path begins with it, as an emulator's does. */
function canonicalResource(url: URL, account: string): string {
  const parameters = [...url.searchParams].map(([name, value]) => `\n${name.toLowerCase()}:${value}`).sort();
  return `/${account}${url.pathname}${parameters.join('')}`;
}
