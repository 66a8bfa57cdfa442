import type { Workload } from './app.ts';

/** Roles that the identity needs, by the scaler's type. */
const roles: Readonly<Record<string, string>> = {
  'azure-queue': '"Storage Queue Data Reader"',
  'azure-blob': '"Storage Blob Data Reader"',
  'azure-servicebus': '"Azure Service Bus Data Owner"',
  'azure-eventhub': '"Azure Event Hubs Data Receiver" and "Storage Blob Data Reader"',
  'azure-cosmosdb': '"Cosmos DB Built-in Data Reader"',
};

const refused = /AuthenticationFailed|AuthorizationPermissionMismatch|\b403\b|\b401\b/i;

/** What to do about a message of KEDA, by a part of it; the first that fits counts. */
const hints: readonly (readonly [RegExp, string])[] = [
  [
    /QueueNotFound|404|does not exist/i,
    'Create the queue, or correct its name: at zero replicas no host runs that could create it.',
  ],
  [
    /no such host|connection refused|i\/o timeout|deadline exceeded/i,
    'Check the address in the connection, and that the cluster may reach it.',
  ],
  [
    /no connection setting given|connection string/i,
    'Check that the connection setting holds a connection string of a storage account.',
  ],
  [
    /no scaler found/i,
    'This KEDA does not know the type of the trigger. Update KEDA, or write another trigger in aks-functions.yml.',
  ],
];

/** Fault message for a ScaledObject that cannot work, with KEDA's own words and what to do. */
export function scalerFaultText(workload: Pick<Workload, 'objectName' | 'scaling'>, said: string): string {
  const sources =
    workload.scaling.kind === 'events'
      ? workload.scaling.scalers.map(
          ({ function: name, scaler }) =>
            `"${name}" (${scaler.type}${scaler.metadata.queueName ? ` on queue "${scaler.metadata.queueName}"` : ''})`,
        )
      : [];
  const hint =
    (refused.test(said) && refusalHint(workload)) ||
    hints.find(([part]) => part.test(said))?.[1] ||
    'Check the connection setting, and that the source exists and the cluster may reach it.';
  return `KEDA cannot scale "${workload.objectName}" for ${sources.join(', ')}: ${briefly(said)}. ${hint}`;
}

const longest = 400;

/** A message of several lines in one, without rules, markup and what is repeated in it; at most 400 characters, no full stop. */
export function briefly(said: string): string {
  const [text = ''] = said.split('<?xml');
  const lines = text
    .split(/\r?\n/)
    .map(line => line.trim())
    .filter(line => line !== '' && !/^-+$/.test(line));
  const line = lines.join(', ');
  return (line.length > longest ? `${line.slice(0, longest)}…` : line).replace(/[.\s]+$/, '');
}

/** What to do when the service refused the scaler: the key, or the role of the identity. */
function refusalHint({ scaling }: Pick<Workload, 'scaling'>): string {
  const types = scaling.kind === 'events' ? scaling.scalers.map(one => one.scaler.type) : [];
  const names = [...new Set(types.flatMap(type => roles[type] ?? []))];
  if (names.length === 0) return 'Check the user and the password of the connection.';
  const manage = types.includes('azure-servicebus') ? ' A policy of Service Bus needs the right "Manage".' : '';
  return `Check the account key of the connection, or give the identity the role ${names.join(' and ')}.${manage}`;
}
