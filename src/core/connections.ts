import { connectionStringFault } from './connection-strings.ts';
import { Secret } from './secret.ts';
import { findSetting, type Settings } from './settings.ts';

/** The settings behind the name of a connection. */
export type FoundConnection =
  /** One setting holds a connection string; `value` is undefined when it is in an object whose values are not read. */
  | { readonly kind: 'string'; readonly setting: string; readonly value?: Secret | undefined }
  /** Settings `<setting>__…` name an identity; values by the part after `__`, e.g. `accountName`. */
  | { readonly kind: 'identity'; readonly setting: string; readonly values: ReadonlyMap<string, string> };

/** Parts that make an identity of `<name>__<part>`: each says where the service is. */
const addressParts = [
  'accountName',
  'queueServiceUri',
  'blobServiceUri',
  'tableServiceUri',
  'serviceUri',
  'fullyQualifiedNamespace',
  'accountEndpoint',
  'endpoint',
  'redisHostName',
] as const;
const identityParts = [...addressParts, 'credential', 'clientId', 'tenantId', 'managedIdentityResourceId'] as const;

/**
 * What the host finds under the name of a connection: `AzureWebJobs<name>` comes before `<name>`, and a connection
 * string before an identity of the same name. Undefined when there is certainly nothing. A name that may stand in an object of
 * unknown keys is taken for a connection string.
 */
export function findConnection(settings: Settings, name: string): FoundConnection | undefined {
  const names = [`AzureWebJobs${name}`, name];
  for (const candidate of names) {
    const found = connectionString(settings, candidate) ?? identity(settings, candidate);
    if (found !== undefined) return found;
  }
  return findSetting(settings, name).kind === 'unknown' ? { kind: 'string', setting: name } : undefined;
}

function connectionString(settings: Settings, name: string): FoundConnection | undefined {
  for (const candidate of [`ConnectionStrings__${name}`, name]) {
    const state = findSetting(settings, candidate);
    if (state.kind === 'value' && state.value.trim() !== '') {
      return { kind: 'string', setting: state.name, value: new Secret(state.value.trim()) };
    }
    if (state.kind === 'hidden') return { kind: 'string', setting: state.name };
  }
  return undefined;
}

function identity(settings: Settings, name: string): FoundConnection | undefined {
  const values = new Map<string, string>();
  for (const part of identityParts) {
    const state = findSetting(settings, `${name}__${part}`);
    if (state.kind === 'value' && state.value.trim() !== '') values.set(part, state.value.trim());
    // Only its existence is known: the scaler cannot be given an address from it.
    if (state.kind === 'hidden') values.set(part, '');
  }
  return addressParts.some(part => values.has(part)) ? { kind: 'identity', setting: name, values } : undefined;
}

/** Why a text is no connection string of a storage account that a queue can be read with; undefined when it is one. */
export function storageConnectionFault(value: Secret): string | undefined {
  return connectionStringFault(value, 'storage');
}
