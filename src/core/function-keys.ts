import type { App } from './app.ts';
import { type Manifest, metadataOf } from './manifests/object.ts';
import { keysSecretName } from './names.ts';
import { Secret } from './secret.ts';

/** First content of the Secret of keys; `newKey` gives a fresh random key at each call. */
export function functionKeysOf(app: App, newKey: () => Secret): Manifest {
  const httpFunctions = app.workloads.filter(workload => workload.servesHttp).flatMap(workload => workload.functions);
  const names = [
    'host.master',
    'host.function.default',
    'host.systemKey.default',
    ...httpFunctions.map(fn => `functions.${fn.name.toLowerCase()}.default`),
  ];
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: metadataOf(app, keysSecretName(app.name)),
    type: 'Opaque',
    data: Object.fromEntries(names.map(name => [name, newKey().toBase64()])),
  };
}

/** The master key out of the Secret's data, or undefined when it has none. */
export function masterKeyOf(data: Readonly<Record<string, string>> | undefined): Secret | undefined {
  const encoded = data?.['host.master'];
  return encoded === undefined ? undefined : Secret.fromBase64(encoded);
}
