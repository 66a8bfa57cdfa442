import { storageConnectionFault } from '../../core/connections.ts';
import { Secret } from '../../core/secret.ts';
import { UserError } from '../../errors.ts';

/** Where a storage account's queues are and how to sign in there. */
export interface QueueAccount {
  /** Without a slash at its end; its path holds the account where an emulator wants that. */
  readonly endpoint: URL;
  /** Name of the account, or the host when the string does not give it. */
  readonly account: string;
  readonly access:
    | { readonly kind: 'key'; readonly account: string; readonly key: Secret }
    | { readonly kind: 'signature'; readonly query: Secret };
}

/** The account that a connection string names; throws UserError, without any part of the string, when it cannot be used. */
export function parseConnectionString(connection: Secret): QueueAccount {
  const fault = storageConnectionFault(connection);
  if (fault) throw new UserError(`The connection string of the queue ${fault}`);
  const parts = partsOf(connection.reveal());
  const name = parts.get('accountname');
  const suffix = parts.get('endpointsuffix') ?? 'core.windows.net';
  const endpoint = URL.parse(
    parts.get('queueendpoint') ?? `${parts.get('defaultendpointsprotocol') ?? 'https'}://${name}.queue.${suffix}`,
  );
  if (!endpoint || !/^https?:$/.test(endpoint.protocol)) {
    throw new UserError(
      'The connection string of the queue has a QueueEndpoint that is no web address. Copy the whole string from the access keys of the account.',
    );
  }
  endpoint.pathname = endpoint.pathname.replace(/\/+$/, '');
  return { endpoint, account: name ?? endpoint.hostname.split('.')[0] ?? '', access: accessOf(parts, name) };
}

function accessOf(parts: ReadonlyMap<string, string>, account: string | undefined): QueueAccount['access'] {
  const key = parts.get('accountkey');
  if (key !== undefined && account !== undefined) return { kind: 'key', account, key: new Secret(key) };
  const signature = parts.get('sharedaccesssignature');
  if (signature !== undefined) return { kind: 'signature', query: new Secret(signature.replace(/^\?/, '')) };
  throw new UserError(
    'The connection string of the queue has an AccountKey without AccountName. Copy the whole string from the access keys of the account.',
  );
}

function partsOf(text: string): ReadonlyMap<string, string> {
  const parts = text.split(';').filter(part => part.includes('='));
  return new Map(
    parts.map(part => [
      part.slice(0, part.indexOf('=')).trim().toLowerCase(),
      part.slice(part.indexOf('=') + 1).trim(),
    ]),
  );
}
