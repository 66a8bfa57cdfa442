import { connectionStringFault, type Service, services } from '../connection-strings.ts';
import { type FoundConnection, findConnection } from '../connections.ts';
import type { Connection, ScalerContext } from './scaler.ts';
import { givenText, resolvedOf } from './values.ts';

/** Where a trigger's connection is named, and what it must be. */
export interface ConnectionNeed {
  /** Keys of the binding, today's first. */
  readonly keys: readonly string[];
  /** The host's own name when the binding has none. */
  readonly otherwise?: string;
  /** As messages call it, e.g. `queue trigger`. */
  readonly trigger: string;
  readonly service: Service;
  /** Setting after `<name>__` that makes an identity of it. */
  readonly address?: string;
}

/** A connection string of the right service, or an identity; undefined after a fault. */
export function connectionFor(context: ScalerContext, need: ConnectionNeed): FoundConnection | undefined {
  const given = givenText(context, need.keys) ?? need.otherwise;
  if (given === undefined) {
    context.fault(
      `Key "${need.keys[0]}" of the ${need.trigger} is missing. Name the setting that holds ${services[need.service].form}.`,
    );
    return undefined;
  }
  const name = resolvedOf(context, need.keys[0] ?? '', given)?.text;
  return name === undefined ? undefined : connectionNamed(context, name, need);
}

/** The same for a name that is known. */
export function connectionNamed(
  context: ScalerContext,
  name: string,
  need: Omit<ConnectionNeed, 'keys'>,
): FoundConnection | undefined {
  const found = findConnection(context.settings, name);
  if (found === undefined) {
    const identity = need.address ? `, or "${name}__${need.address}" for an identity to "settings"` : '';
    context.fault(
      `Connection "${name}" of the ${need.trigger} has no setting. Add "${name}" with ${services[need.service].form} to the input "secret-settings"${identity}.`,
    );
    return undefined;
  }
  const reason = found.kind === 'string' && found.value && connectionStringFault(found.value, need.service);
  if (!reason) return found;
  context.fault(`Setting "${found.setting}" ${reason}`);
  return undefined;
}

/** Words of the host name of a service by cloud; the public one needs no metadata. */
const clouds: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
  ['windows.net', {}],
  ['usgovcloudapi.net', { cloud: 'AzureUSGovernmentCloud' }],
  ['chinacloudapi.cn', { cloud: 'AzureChinaCloud' }],
];

/** First label of a host name and the metadata of its cloud; `service` is the part before the cloud's own, e.g. `queue.core`. */
export function labelAndCloudOf(
  address: string,
  service: string,
): { readonly label: string; readonly cloud: Readonly<Record<string, string>> } | undefined {
  const host = (URL.parse(address.includes('://') ? address : `https://${address}`)?.hostname ?? '').toLowerCase();
  const dot = host.indexOf('.');
  if (dot <= 0) return undefined;
  const suffix = host.slice(dot + 1);
  const known = clouds.find(([domain]) => suffix === `${service}.${domain}`);
  return { label: host.slice(0, dot), cloud: known ? known[1] : { cloud: 'Private', endpointSuffix: suffix } };
}

/** An identity as a scaler takes it. */
export function identityConnection(
  found: Extract<FoundConnection, { kind: 'identity' }>,
  metadata: Readonly<Record<string, string>>,
): Connection {
  const clientId = found.values.get('clientId');
  return { kind: 'identity', setting: found.setting, ...(clientId ? { clientId } : {}), metadata };
}

/** The storage account of an identity: `<name>__accountName`, else the first of these addresses; undefined after a fault. */
export function storageAccountOf(
  context: ScalerContext,
  found: Extract<FoundConnection, { kind: 'identity' }>,
  {
    trigger,
    service,
    parts,
  }: { readonly trigger: string; readonly service: 'queue' | 'blob'; readonly parts: readonly string[] },
): Readonly<Record<string, string>> | undefined {
  const { setting, values } = found;
  const accountName = values.get('accountName');
  if (accountName) return { accountName };
  const key = parts.find(part => values.has(part));
  const place = key && labelAndCloudOf(values.get(key) ?? '', `${service}.core`);
  if (place) return { accountName: place.label, ...place.cloud };
  context.fault(
    `Connection "${setting}" of the ${trigger} does not say which storage account it means. Give "${setting}__${service}ServiceUri" as "https://<account>.${service}.core.windows.net", or "${setting}__accountName", in the input "settings".`,
  );
  return undefined;
}
