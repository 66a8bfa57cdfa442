import { type FoundConnection, findConnection, storageConnectionFault } from '../connections.ts';
import type { HostJson } from '../project.ts';
import { resolveText } from '../settings.ts';
import type { Connection, Scaler, ScalerContext } from '../triggers.ts';

const defaultConnection = 'AzureWebJobsStorage';

/** Messages that the host takes at once when `host.json` does not say. */
const defaultBatchSize = 16;

/** KEDA's `azure-queue` for a `queueTrigger`: one replica for each batch that waits. Undefined after a fault. */
export function azureQueueScaler(context: ScalerContext): Scaler | undefined {
  const queueName = queueNameOf(context);
  const connection = connectionOf(context);
  const queueLength = context.config.threshold ?? batchSizeOf(context);
  if (queueName === undefined || connection === undefined || queueLength === undefined) return undefined;
  const { activation } = context.config;
  return {
    type: 'azure-queue',
    metadata: {
      queueName,
      queueLength: String(queueLength),
      ...(activation === undefined ? {} : { activationQueueLength: String(activation) }),
    },
    connection,
  };
}

function queueNameOf(context: ScalerContext): string | undefined {
  const given = context.binding.queueName;
  if (typeof given !== 'string' || given.trim() === '') {
    context.fault('Key "queueName" of the queue trigger is missing. Name the queue, as a text or as "%SETTING%".');
    return undefined;
  }
  const resolved = resolvedOf(context, 'queueName', given);
  if (resolved === undefined) return undefined;
  // The host lower-cases the name before it checks it.
  const name = resolved.text.toLowerCase();
  if (!isQueueName(name)) {
    const shown = resolved.secret.length > 0 ? 'the value of a secret setting' : `"${resolved.text}"`;
    context.fault(
      `Queue name ${shown} is not valid. Use 3 to 63 letters, digits and single hyphens, with a letter or digit at both ends.`,
    );
    return undefined;
  }
  for (const setting of resolved.secret) {
    context.notice?.(
      `Setting "${setting}" is secret but part of the queue's name, which stands in the ScaledObject in clear.`,
    );
  }
  return name;
}

function isQueueName(name: string): boolean {
  return name.length >= 3 && name.length <= 63 && /^[a-z0-9]+(-[a-z0-9]+)*$/.test(name);
}

/** The text of a binding's key with its settings, or undefined after a fault. */
function resolvedOf(
  context: ScalerContext,
  key: string,
  text: string,
): { readonly text: string; readonly secret: readonly string[] } | undefined {
  const resolution = resolveText(context.settings, text);
  if (resolution.kind === 'text') return resolution;
  const names = resolution.names.map(name => `"${name}"`).join(', ');
  const plural = resolution.names.length > 1;
  context.fault(
    resolution.kind === 'missing'
      ? `Key "${key}" uses the setting${plural ? 's' : ''} ${names}, which ${plural ? 'are' : 'is'} not provided. Add ${plural ? 'them' : 'it'} to the input "settings".`
      : `Key "${key}" uses the setting${plural ? 's' : ''} ${names} of an existing object, whose values are not read. Give ${plural ? 'them' : 'it'} in the input "settings" too.`,
  );
  return undefined;
}

function connectionOf(context: ScalerContext): Connection | undefined {
  const given = context.binding.connection;
  const text = typeof given === 'string' && given.trim() !== '' ? given.trim() : defaultConnection;
  const name = resolvedOf(context, 'connection', text)?.text;
  if (name === undefined) return undefined;
  const found = findConnection(context.settings, name);
  if (found === undefined) {
    context.fault(
      `Connection "${name}" of the queue trigger has no setting. Add "${name}" with a storage connection string to the input "secret-settings", or "${name}__accountName" for an identity to "settings".`,
    );
    return undefined;
  }
  return found.kind === 'string' ? checkedString(context, found) : identityOf(context, found);
}

function checkedString(
  context: ScalerContext,
  found: Extract<FoundConnection, { kind: 'string' }>,
): Connection | undefined {
  const reason = found.value && storageConnectionFault(found.value);
  if (reason === undefined) return { kind: 'string', setting: found.setting };
  context.fault(`Setting "${found.setting}" ${reason}`);
  return undefined;
}

/** Clouds by the suffix of their queue endpoints; the public one needs no metadata. */
const cloudsBySuffix: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'queue.core.windows.net': {},
  'queue.core.usgovcloudapi.net': { cloud: 'AzureUSGovernmentCloud' },
  'queue.core.chinacloudapi.cn': { cloud: 'AzureChinaCloud' },
};

function identityOf(
  context: ScalerContext,
  found: Extract<FoundConnection, { kind: 'identity' }>,
): Connection | undefined {
  const { setting, values } = found;
  const accountName = values.get('accountName');
  const key = ['queueServiceUri', 'serviceUri'].find(part => values.has(part));
  const metadata = accountName ? { accountName } : key && metadataOfUri(values.get(key) ?? '');
  if (!metadata) {
    const cure = `Give "${setting}__queueServiceUri" as "https://<account>.queue.core.windows.net", or "${setting}__accountName", in the input "settings".`;
    context.fault(`Connection "${setting}" of the queue trigger does not say which storage account it means. ${cure}`);
    return undefined;
  }
  const clientId = values.get('clientId');
  return { kind: 'identity', setting, ...(clientId ? { clientId } : {}), metadata };
}

function metadataOfUri(uri: string): Readonly<Record<string, string>> | undefined {
  const host = URL.parse(uri)?.hostname ?? '';
  const dot = host.indexOf('.');
  if (dot <= 0) return undefined;
  const suffix = host.slice(dot + 1);
  return {
    accountName: host.slice(0, dot),
    ...(cloudsBySuffix[suffix] ?? { cloud: 'Private', endpointSuffix: suffix }),
  };
}

/** Messages that one replica takes at once: `extensions.queues.batchSize` of `host.json`; undefined after a fault. */
function batchSizeOf({ host, fault }: ScalerContext): number | undefined {
  const size = queuesOf(host).batchSize ?? defaultBatchSize;
  if (typeof size === 'number' && Number.isInteger(size) && size >= 1 && size <= 32) return size;
  fault(
    `Key "extensions.queues.batchSize" of host.json must be a whole number from 1 to 32, got ${JSON.stringify(size)}.`,
  );
  return undefined;
}

function queuesOf(host: HostJson): Readonly<Record<string, unknown>> {
  const queues = host.extensions?.queues;
  return typeof queues === 'object' && queues !== null ? { ...queues } : {};
}
