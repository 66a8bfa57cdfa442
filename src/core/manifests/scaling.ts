import type { App, FunctionScaler, Scaling, Workload } from '../app.ts';
import { definedOf } from '../defined.ts';
import { shortHash } from '../names.ts';
import type { Connection } from '../triggers.ts';
import { type Manifest, metadataOf } from './object.ts';
import { settingsNamesOf } from './settings-objects.ts';

type Event = Extract<Scaling, { kind: 'events' }>;

/** ScaledObject of a workload and the TriggerAuthentications it refers to; nothing for a fixed number of replicas. */
export function scalingObjectsOf(app: App, workload: Workload): readonly Manifest[] {
  const { scaling } = workload;
  if (scaling.kind === 'fixed') return [];
  const triggers = scaling.kind === 'cpu' ? [cpuTrigger] : scaling.scalers.map(one => triggerOf(app, one));
  const authentications =
    scaling.kind === 'cpu' ? [] : scaling.scalers.flatMap(one => authenticationOf(app, one.scaler.connection) ?? []);
  return [...uniqueByName(authentications), scaledObjectOf(app, workload, scaling, triggers)];
}

const cpuTrigger = { type: 'cpu', metricType: 'Utilization', metadata: { value: '70' } };

function scaledObjectOf(
  app: App,
  workload: Workload,
  scaling: Exclude<Scaling, { kind: 'fixed' }>,
  triggers: readonly unknown[],
): Manifest {
  return {
    apiVersion: 'keda.sh/v1alpha1',
    kind: 'ScaledObject',
    metadata: metadataOf(app, workload.objectName, workload),
    spec: {
      scaleTargetRef: { name: workload.objectName, envSourceContainerName: workload.objectName },
      ...(scaling.kind === 'events' ? intervalsOf(scaling) : {}),
      minReplicaCount: scaling.minReplicas,
      maxReplicaCount: scaling.maxReplicas,
      triggers,
    },
  };
}

/** With a replica that always stays, KEDA ignores both intervals and warns about them. */
function intervalsOf({ minReplicas, pollingInterval, cooldownPeriod }: Event) {
  const initialCooldownPeriod = cooldownPeriod;
  return minReplicas > 0 ? { initialCooldownPeriod } : { pollingInterval, cooldownPeriod, initialCooldownPeriod };
}

function triggerOf(app: App, { scaler, authenticationRef }: FunctionScaler) {
  const { type, metadata, connection } = scaler;
  const name = authenticationRef ?? authenticationOf(app, connection)?.metadata.name;
  if (name) return { type, metadata: { ...metadata, ...identityMetadataOf(connection) }, authenticationRef: { name } };
  return { type, metadata: connection ? { ...metadata, connectionFromEnv: connection.setting } : metadata };
}

function identityMetadataOf(connection: Connection | undefined): Readonly<Record<string, string>> {
  return connection?.kind === 'identity' ? connection.metadata : {};
}

/**
 * TriggerAuthentication for a connection, or undefined where only the pod's environment can tell where the setting is.
 * Its name is made of its content: KEDA keeps a working connection until the ScaledObject itself changes.
 */
function authenticationOf(app: App, connection: Connection | undefined): Manifest | undefined {
  if (!connection) return undefined;
  const spec =
    connection.kind === 'identity' ? identitySpecOf(app, connection.clientId) : secretSpecOf(app, connection.setting);
  if (!spec) return undefined;
  const version = connection.kind === 'string' ? versionOf(app, connection.setting) : '';
  const name = `${app.name}-auth-${shortHash(JSON.stringify([spec, version]), 8)}`;
  return { apiVersion: 'keda.sh/v1alpha1', kind: 'TriggerAuthentication', metadata: metadataOf(app, name), spec };
}

function identitySpecOf(app: App, clientId: string | undefined) {
  return {
    podIdentity: { provider: 'azure-workload', ...definedOf({ identityId: clientId ?? app.identityClientId }) },
  };
}

function secretSpecOf(app: App, setting: string) {
  const names = settingsNamesOf(app);
  const reference = (name: string) => [{ parameter: 'connection', name, key: setting }];
  if (names.secret && app.settings.secret.has(setting)) return { secretTargetRef: reference(names.secret) };
  if (names.configMap && app.settings.plain.has(setting)) return { configMapTargetRef: reference(names.configMap) };
  const source = app.settings.sources.findLast(one => one.keys?.has(setting));
  if (!source) return undefined;
  return source.kind === 'Secret'
    ? { secretTargetRef: reference(source.name) }
    : { configMapTargetRef: reference(source.name) };
}

/** Hash of a value in an object that is not ours and keeps its name when it changes. */
function versionOf(app: App, setting: string): string {
  return app.settings.sources.findLast(one => one.keys?.has(setting))?.keys?.get(setting) ?? '';
}

function uniqueByName(objects: readonly Manifest[]): readonly Manifest[] {
  return [...new Map(objects.map(object => [object.metadata.name, object])).values()];
}
