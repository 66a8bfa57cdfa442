import type { V1Container, V1DeploymentSpec, V1EnvFromSource, V1EnvVar, V1PodSpec } from '@kubernetes/client-node';
import type { App, Workload } from '../app.ts';
import { definedOf } from '../defined.ts';
import { hostIdOf, keysSecretName } from '../names.ts';
import { findSetting } from '../settings.ts';
import { taskHubOf, taskHubVariable } from '../task-hub.ts';
import { serviceAccountOf } from './access.ts';
import { labelsOf, type Manifest, metadataOf } from './object.ts';
import { probesOf } from './probes.ts';
import { settingsNamesOf } from './settings-objects.ts';
import { volumesOf } from './volumes.ts';

/** Port of the host when the file names no other. */
const defaultPort = 8080;
/** A pod whose host answers and crashes a moment later must not replace a good one. */
const minReadySeconds = 5;
/** Longer than the host's own drain time, so that a running function can end. */
const defaultGracePeriodSeconds = 60;

/** Deployment of a workload; without `replicas` where KEDA decides them. */
export function deploymentOf(app: App, workload: Workload, image: string, pullSecret: string | undefined): Manifest {
  const spec: V1DeploymentSpec = {
    ...(workload.scaling.kind === 'fixed' ? { replicas: workload.scaling.replicas } : {}),
    revisionHistoryLimit: 3,
    selector: { matchLabels: { app: workload.objectName } },
    minReadySeconds,
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: '25%' } },
    template: {
      metadata: {
        labels: {
          ...workload.pod.labels,
          ...labelsOf(app, workload),
          app: workload.objectName,
          ...(app.identityClientId ? { 'azure.workload.identity/use': 'true' } : {}),
        },
        ...(workload.pod.annotations ? { annotations: { ...workload.pod.annotations } } : {}),
      },
      spec: podSpecOf(app, workload, image, pullSecret),
    },
  };
  const metadata = metadataOf(app, workload.objectName, workload);
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { ...metadata, labels: { ...metadata.labels, app: workload.objectName } },
    spec,
  };
}

/** Port on which the host of a workload listens. */
export function portOf(workload: Workload): number {
  return workload.pod.port ?? defaultPort;
}

function podSpecOf(app: App, workload: Workload, image: string, pullSecret: string | undefined): V1PodSpec {
  const { pod } = workload;
  const restricted = pod.security === 'restricted';
  // Only the HTTP host may change keys, so no other pod gets that account unless it carries the app's identity.
  const serviceAccountName = workload.servesHttp || app.identityClientId ? serviceAccountOf(app) : undefined;
  const volumes = volumesOf(app, workload, restricted);
  const imagePullSecrets =
    pod.imagePullSecrets?.map(({ name }) => ({ name })) ?? (pullSecret ? [{ name: pullSecret }] : undefined);
  return {
    ...definedOf({ serviceAccountName, imagePullSecrets }),
    automountServiceAccountToken: workload.servesHttp,
    terminationGracePeriodSeconds: pod.terminationGracePeriodSeconds ?? defaultGracePeriodSeconds,
    securityContext: {
      seccompProfile: { type: 'RuntimeDefault' },
      ...(restricted ? { runAsNonRoot: true, runAsUser: 1654, runAsGroup: 1654, fsGroup: 1654 } : {}),
    },
    nodeSelector: { 'kubernetes.io/os': 'linux', ...pod.nodeSelector },
    ...(pod.tolerations ? { tolerations: pod.tolerations.map(item => ({ ...item })) } : {}),
    ...spreadOf(workload),
    containers: [containerOf(app, workload, image, restricted)],
    ...(volumes.length > 0 ? { volumes: volumes.map(({ volume }) => volume) } : {}),
  };
}

function spreadOf({ pod, objectName }: Workload): Pick<V1PodSpec, 'topologySpreadConstraints'> {
  if (!pod.topologySpreadConstraints) return {};
  const labelSelector = { matchLabels: { app: objectName } };
  return {
    topologySpreadConstraints: pod.topologySpreadConstraints.map(item => ({
      maxSkew: 1,
      topologyKey: 'kubernetes.io/hostname',
      whenUnsatisfiable: 'ScheduleAnyway',
      labelSelector,
      ...item,
    })),
  };
}

function containerOf(app: App, workload: Workload, image: string, restricted: boolean): V1Container {
  const port = portOf(workload);
  const sources = envFromOf(app);
  const { requests, limits } = workload.resources;
  const mounts = volumesOf(app, workload, restricted).flatMap(({ mount }) => (mount ? [mount] : []));
  return {
    name: workload.objectName,
    image,
    ports: [{ name: 'http', containerPort: port, protocol: 'TCP' }],
    ...(sources.length > 0 ? { envFrom: sources } : {}),
    env: envOf(app, workload, port),
    ...(requests || limits ? { resources: definedOf({ requests: copyOf(requests), limits: copyOf(limits) }) } : {}),
    ...probesOf(workload),
    securityContext: {
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
      ...(restricted ? { readOnlyRootFilesystem: true } : {}),
    },
    ...(mounts.length > 0 ? { volumeMounts: mounts } : {}),
  };
}

function copyOf(record: Readonly<Record<string, string>> | undefined): Record<string, string> | undefined {
  return record && { ...record };
}

/** Later sources win in Kubernetes, so the app's own settings come last. */
function envFromOf(app: App): V1EnvFromSource[] {
  const { configMap, secret } = settingsNamesOf(app);
  return [
    ...app.settings.sources.map(source =>
      source.kind === 'Secret' ? { secretRef: { name: source.name } } : { configMapRef: { name: source.name } },
    ),
    ...(configMap ? [{ configMapRef: { name: configMap } }] : []),
    ...(secret ? [{ secretRef: { name: secret } }] : []),
  ];
}

function envOf(app: App, workload: Workload, port: number): V1EnvVar[] {
  const filter = workload.functions.map((fn, index) => ({
    name: `AzureFunctionsJobHost__functions__${index}`,
    value: fn.name,
  }));
  const given = ['value', 'hidden'].includes(findSetting(app.settings, 'FUNCTIONS_WORKER_RUNTIME').kind);
  const runtime = given ? [] : [{ name: 'FUNCTIONS_WORKER_RUNTIME', value: app.project.runtime }];
  const taskHub = taskHubOf(app, workload);
  return [
    ...filter,
    { name: 'AzureFunctionsWebHost__hostid', value: hostIdOf(app.name, app.namespace) },
    ...runtime,
    ...(taskHub ? [{ name: taskHubVariable, value: taskHub }] : []),
    { name: 'ASPNETCORE_URLS', value: `http://+:${port}` },
    { name: 'AzureWebJobsSecretStorageType', value: 'kubernetes' },
    // Without the name the host reads the mounted files and has no right to change a key.
    ...(workload.servesHttp
      ? [{ name: 'AzureWebJobsKubernetesSecretName', value: `secrets/${keysSecretName(app.name)}` }]
      : []),
  ];
}
