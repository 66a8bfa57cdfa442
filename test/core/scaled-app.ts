import type { App } from '../../src/core/app.ts';
import type { Config } from '../../src/core/config/config.ts';
import { noShape } from '../../src/core/inputs/inputs.ts';
import type { HostJson } from '../../src/core/project.ts';
import { resolveApp } from '../../src/core/resolve-app.ts';
import { mergeSettings, type SettingsSource, secretLayer } from '../../src/core/settings.ts';
import { toSecrets } from '../../src/core/settings-text.ts';
import { functionWith, projectOf } from '../support/project.ts';

/** Connection string of a storage account whose key must not be shown. */
export const storage =
  'DefaultEndpointsProtocol=https;AccountName=shop;AccountKey=hush;EndpointSuffix=core.windows.net';
/** Connection string of Service Bus or Event Hubs whose key must not be shown. */
export const messaging = 'Endpoint=sb://shop.servicebus.windows.net/;SharedAccessKeyName=Root;SharedAccessKey=hush';

/** Trigger of that kind. */
export const queue = { type: 'queueTrigger', queueName: 'orders', connection: 'C' } as const;
/** Trigger of that kind. */
export const bus = { type: 'serviceBusTrigger', queueName: 'orders', connection: 'C' } as const;
/** Trigger of that kind. */
export const hub = { type: 'eventHubTrigger', eventHubName: 'clicks', connection: 'C' } as const;
/** Trigger of that kind. */
export const kafka = { type: 'kafkaTrigger', brokerList: 'a:9092', topic: 't' } as const;
/** Trigger of that kind. */
export const cosmos = { type: 'cosmosDBTrigger', databaseName: 'd', containerName: 'c', connection: 'C' } as const;

/** What an app of these triggers is resolved from; `f0`, `f1`… are its functions. */
export interface ScaledApp {
  readonly triggers: readonly ({ readonly type: string } & Readonly<Record<string, unknown>>)[];
  readonly settings?: Readonly<Record<string, string>>;
  readonly host?: HostJson;
  readonly config?: Config;
  readonly keda?: string;
  readonly sources?: readonly SettingsSource[];
}

/** The app; KEDA is 2.21 unless it is said, and not known when it is an empty text. */
export function resolveScaled({
  triggers,
  settings = {},
  host,
  config = {},
  keda = '2.21.0',
  sources = [],
}: ScaledApp): App {
  const functions = triggers.map((trigger, index) => functionWith(`f${index}`, trigger));
  const all = new Map(Object.entries({ AzureWebJobsStorage: storage, ...settings }));
  return resolveApp({
    inputs: {
      name: 'shop',
      namespace: 'default',
      ...noShape(),
    },
    project: projectOf(functions, host),
    config,
    kedaVersion: keda === '' ? undefined : keda,
    settings: mergeSettings([secretLayer(toSecrets(all))], sources),
  });
}
