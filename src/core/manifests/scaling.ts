import type { App, FunctionScaler, Scaling, Workload } from '../app.ts';
import { definedOf } from '../defined.ts';
import { shortHash } from '../names.ts';
import type { Secret } from '../secret.ts';
import type { Connection, Scaler, ScalerParameter } from '../triggers.ts';
import { type Manifest, metadataOf } from './object.ts';
import { settingsNamesOf } from './settings-objects.ts';

type Event = Extract<Scaling, { kind: 'events' }>;

/** ScaledObject of a workload and what it refers to: TriggerAuthentications and Secrets; nothing for a fixed number of replicas. */
export function scalingObjectsOf(app: App, workload: Workload): readonly Manifest[] {
  const { scaling } = workload;
  if (scaling.kind === 'fixed') return [];
  if (scaling.kind === 'cpu') return [scaledObjectOf(app, workload, scaling, [cpuTrigger])];
  const triggers = scaling.scalers.map(one => triggerOf(app, one));
  const secrets = scaling.scalers.flatMap(one => secretOf(app, one.scaler) ?? []);
  const authentications = scaling.scalers.flatMap(one => authenticationOf(app, one.scaler) ?? []);
  return [...uniqueByName([...secrets, ...authentications]), scaledObjectOf(app, workload, scaling, unique(triggers))];
}

/** Functions that read the same source, and all Durable ones, need one trigger together. */
function unique<Value>(values: readonly Value[]): readonly Value[] {
  return [...new Map(values.map(value => [JSON.stringify(value), value])).values()];
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
  const { type, connection } = scaler;
  const metadata = {
    ...scaler.metadata,
    ...(connection?.kind === 'identity' ? connection.metadata : fromEnvironment(app, connection)),
  };
  const name = authenticationRef ?? authenticationOf(app, scaler)?.metadata.name;
  return { type, metadata, ...(name ? { authenticationRef: { name } } : {}) };
}

/** Where only the pod's environment can tell which object holds the setting, KEDA looks there. */
function fromEnvironment(
  app: App,
  connection: Extract<Connection, { kind: 'string' }> | undefined,
): Readonly<Record<string, string>> {
  if (!connection || holderOf(app, connection.setting)) return {};
  return { [`${connection.parameter ?? 'connection'}FromEnv`]: connection.setting };
}

/**
 * TriggerAuthentication for a scaler, or undefined where it needs none.
 * Its name is made of its content: KEDA keeps a working connection until the ScaledObject itself changes.
 */
function authenticationOf(app: App, scaler: Scaler): Manifest | undefined {
  const { connection } = scaler;
  const parameters = [...mainParameterOf(app, connection), ...(scaler.parameters ?? [])];
  const spec = {
    ...(connection?.kind === 'identity' ? identitySpecOf(app, connection.clientId) : {}),
    ...targetsOf(app, scaler, parameters),
  };
  if (Object.keys(spec).length === 0) return undefined;
  const version = parameters.map(one => ('setting' in one ? versionOf(app, one.setting) : '')).join('');
  const name = `${app.name}-auth-${shortHash(JSON.stringify([spec, version]), 8)}`;
  return { apiVersion: 'keda.sh/v1alpha1', kind: 'TriggerAuthentication', metadata: metadataOf(app, name), spec };
}

function mainParameterOf(app: App, connection: Connection | undefined): readonly ScalerParameter[] {
  if (connection?.kind !== 'string' || !holderOf(app, connection.setting)) return [];
  return [{ name: connection.parameter ?? 'connection', setting: connection.setting }];
}

function identitySpecOf(app: App, clientId: string | undefined) {
  return {
    podIdentity: { provider: 'azure-workload', ...definedOf({ identityId: clientId ?? app.identityClientId }) },
  };
}

type TargetKind = 'secretTargetRef' | 'configMapTargetRef' | 'env';

/** References of a TriggerAuthentication by their kind, those of one kind together. */
function targetsOf(
  app: App,
  scaler: Scaler,
  parameters: readonly ScalerParameter[],
): Partial<Record<TargetKind, readonly object[]>> {
  const own = secretOf(app, scaler)?.metadata.name;
  const targets = new Map<TargetKind, readonly object[]>();
  for (const parameter of parameters) {
    const [kind, target] = targetOf(app, parameter, own);
    targets.set(kind, [...(targets.get(kind) ?? []), target]);
  }
  return Object.fromEntries(targets);
}

function targetOf(app: App, parameter: ScalerParameter, own: string | undefined): readonly [TargetKind, object] {
  if ('value' in parameter) return ['secretTargetRef', { parameter: parameter.name, name: own, key: parameter.name }];
  const holder = holderOf(app, parameter.setting);
  if (!holder) return ['env', { parameter: parameter.name, name: parameter.setting }];
  const kind = holder.kind === 'Secret' ? 'secretTargetRef' : 'configMapTargetRef';
  return [kind, { parameter: parameter.name, name: holder.name, key: parameter.setting }];
}

/** The object that certainly holds a setting. */
function holderOf(
  app: App,
  setting: string,
): { readonly kind: 'Secret' | 'ConfigMap'; readonly name: string } | undefined {
  const names = settingsNamesOf(app);
  if (names.secret && app.settings.secret.has(setting)) return { kind: 'Secret', name: names.secret };
  if (names.configMap && app.settings.plain.has(setting)) return { kind: 'ConfigMap', name: names.configMap };
  return app.settings.sources.findLast(one => one.keys?.has(setting));
}

/** Secret with the texts that KEDA takes in another form than the host. */
function secretOf(app: App, { parameters = [] }: Scaler): Manifest | undefined {
  const values = parameters.flatMap((one): readonly (readonly [string, Secret])[] =>
    'value' in one ? [[one.name, one.value]] : [],
  );
  if (values.length === 0) return undefined;
  const name = `${app.name}-scaler-${shortHash(JSON.stringify(values.map(([key, value]) => [key, value.digest()])), 10)}`;
  const data = Object.fromEntries(values.map(([key, value]) => [key, value.toBase64()]));
  return { apiVersion: 'v1', kind: 'Secret', metadata: metadataOf(app, name), type: 'Opaque', immutable: true, data };
}

/** Hash of a value in an object that is not ours and keeps its name when it changes. */
function versionOf(app: App, setting: string): string {
  return app.settings.sources.findLast(one => one.keys?.has(setting))?.keys?.get(setting) ?? '';
}

function uniqueByName(objects: readonly Manifest[]): readonly Manifest[] {
  return [...new Map(objects.map(object => [object.metadata.name, object])).values()];
}
