import type { Secret } from './secret.ts';

/** Parts of a `Key=value;…` text by their key in lower case. */
export type Parts = ReadonlyMap<string, string>;

/** Services that a connection string may be for. */
export type Service = 'storage' | 'service-bus' | 'event-hubs' | 'cosmos-db' | 'sql' | 'rabbitmq' | 'redis';

/** The parts of a connection string; a value may hold `=`. */
export function partsOf(text: string): Parts {
  const pairs = text.split(';').filter(part => part.includes('='));
  return new Map(
    pairs.map(part => [
      part.slice(0, part.indexOf('=')).trim().toLowerCase(),
      part.slice(part.indexOf('=') + 1).trim(),
    ]),
  );
}

/** The value of the first of these keys that has one; a part may have several names. */
export function firstOf(parts: Parts, keys: readonly string[]): string | undefined {
  return keys.map(key => parts.get(key)).find(value => value !== undefined && value !== '');
}

/** What a text looks like, the first that fits; for messages only. */
const looks: readonly (readonly [(text: string, parts: Parts) => boolean, string])[] = [
  [text => /^amqps?:/i.test(text), 'RabbitMQ'],
  [(_, parts) => /\.azure-devices\./i.test(parts.get('hostname') ?? ''), 'IoT Hub'],
  [(_, parts) => /^sb:/i.test(parts.get('endpoint') ?? ''), 'Event Hubs or Service Bus'],
  [(_, parts) => parts.has('accountendpoint'), 'Cosmos DB'],
  [
    (_, parts) => parts.has('accountname') || parts.has('queueendpoint') || parts.has('blobendpoint'),
    'a storage account',
  ],
  [(_, parts) => parts.has('server') || parts.has('data source'), 'a database'],
  [text => /,\s*(ssl|password)=/i.test(text), 'Redis'],
];

const sharedAccess = (parts: Parts): boolean =>
  parts.has('sharedaccesssignature') || (parts.has('sharedaccesskeyname') && parts.has('sharedaccesskey'));

interface ServiceRow {
  /** Completes "is no connection string of …". */
  readonly of: string;
  /** How messages speak of such a text. */
  readonly form: string;
  readonly isIts: (text: string, parts: Parts) => boolean;
  /** Why it is not: completes "it has …". */
  readonly lacks: string;
  readonly cure: string;
  readonly hasCredentials?: (parts: Parts) => boolean;
  /** Completes "has neither …". */
  readonly credentials?: string;
}

const messaging = (name: string): ServiceRow => ({
  of: name,
  form: `a connection string of ${name}`,
  isIts: (_, parts) => /^sb:/i.test(parts.get('endpoint') ?? ''),
  lacks: 'no Endpoint=sb://…',
  cure: `Copy it from the shared access policies of the ${name} namespace`,
  hasCredentials: sharedAccess,
  credentials: 'SharedAccessKeyName with SharedAccessKey nor SharedAccessSignature',
});

/** Services by name: what their connection strings hold. */
export const services: Readonly<Record<Service, ServiceRow>> = {
  storage: {
    of: 'a storage account',
    form: 'a storage connection string',
    isIts: (_, parts) => parts.has('accountname') || parts.has('queueendpoint') || parts.has('blobendpoint'),
    lacks: 'neither AccountName nor QueueEndpoint',
    cure: 'Copy it from the access keys of the account',
    hasCredentials: parts => parts.has('accountkey') || parts.has('sharedaccesssignature'),
    credentials: 'AccountKey nor SharedAccessSignature',
  },
  'service-bus': messaging('Service Bus'),
  'event-hubs': messaging('Event Hubs'),
  'cosmos-db': {
    of: 'Cosmos DB',
    form: 'a connection string of Cosmos DB',
    isIts: (_, parts) => parts.has('accountendpoint'),
    lacks: 'no AccountEndpoint',
    cure: 'Copy it from the keys of the Cosmos DB account',
    hasCredentials: parts => parts.has('accountkey'),
    credentials: 'AccountKey nor another credential',
  },
  sql: {
    of: 'a database',
    form: 'a connection string of the database',
    isIts: (text, parts) =>
      parts.has('server') || parts.has('data source') || parts.has('host') || /^\w+:\/\//.test(text),
    lacks: 'no Server',
    cure: 'Copy it from the connection strings of the database',
  },
  rabbitmq: {
    of: 'RabbitMQ',
    form: 'an address such as "amqp://user:password@host:5672/vhost"',
    isIts: text => /^amqps?:\/\/[^/?#\s]+/i.test(text),
    lacks: 'no address that begins with amqp:// or amqps://',
    cure: 'Give "amqp://user:password@host:5672/vhost"',
  },
  redis: {
    of: 'Redis',
    form: 'a connection string of Redis',
    isIts: text => /^[^\s,;=/]+(:\d+)?(,|$)/.test(text),
    lacks: 'no address such as host:6380 at its start',
    cure: 'Copy it from the access keys of the cache',
  },
};

/** Why a text is no connection string of that service that a scaler can use; undefined when it is one. Never quotes it. */
export function connectionStringFault(value: Secret, service: Service): string | undefined {
  const text = value.reveal();
  if (/^\s*@Microsoft\.KeyVault\(/i.test(text)) {
    return 'is a Key Vault reference, which only App Service resolves. Give the connection string itself as a secret setting.';
  }
  const parts = partsOf(text);
  if (parts.has('usedevelopmentstorage')) {
    return 'means the storage emulator of a developer machine, which no pod can reach. Give the connection string of a storage account.';
  }
  const row = services[service];
  if (!row.isIts(text, parts)) {
    const look = looks.find(([fits]) => fits(text, parts))?.[1];
    const other = look === undefined || look === row.of ? '' : ` and looks like one of ${look}`;
    return `is no connection string of ${row.of}: it has ${row.lacks}${other}. ${row.cure}.`;
  }
  if (row.hasCredentials?.(parts) ?? true) return undefined;
  return `has neither ${row.credentials}. Copy the whole connection string${row.cure.replace(/^Copy it/, '')}.`;
}
