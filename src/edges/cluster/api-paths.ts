import type { Kind } from '../../flows/cluster-port.ts';

interface KindRow {
  readonly apiVersion: string;
  readonly plural: string;
  readonly clusterWide?: boolean;
}

/** Every kind that we touch: no discovery request is needed. */
export const kindRows: Readonly<Record<Kind, KindRow>> = {
  Namespace: { apiVersion: 'v1', plural: 'namespaces', clusterWide: true },
  Pod: { apiVersion: 'v1', plural: 'pods' },
  Service: { apiVersion: 'v1', plural: 'services' },
  Secret: { apiVersion: 'v1', plural: 'secrets' },
  ConfigMap: { apiVersion: 'v1', plural: 'configmaps' },
  ServiceAccount: { apiVersion: 'v1', plural: 'serviceaccounts' },
  Event: { apiVersion: 'v1', plural: 'events' },
  Deployment: { apiVersion: 'apps/v1', plural: 'deployments' },
  Role: { apiVersion: 'rbac.authorization.k8s.io/v1', plural: 'roles' },
  RoleBinding: { apiVersion: 'rbac.authorization.k8s.io/v1', plural: 'rolebindings' },
  Ingress: { apiVersion: 'networking.k8s.io/v1', plural: 'ingresses' },
  HTTPRoute: { apiVersion: 'gateway.networking.k8s.io/v1', plural: 'httproutes' },
  EndpointSlice: { apiVersion: 'discovery.k8s.io/v1', plural: 'endpointslices' },
  ScaledObject: { apiVersion: 'keda.sh/v1alpha1', plural: 'scaledobjects' },
  TriggerAuthentication: { apiVersion: 'keda.sh/v1alpha1', plural: 'triggerauthentications' },
  ScaledJob: { apiVersion: 'keda.sh/v1alpha1', plural: 'scaledjobs' },
  HorizontalPodAutoscaler: { apiVersion: 'autoscaling/v2', plural: 'horizontalpodautoscalers' },
  ReplicaSet: { apiVersion: 'apps/v1', plural: 'replicasets' },
  StatefulSet: { apiVersion: 'apps/v1', plural: 'statefulsets' },
  DaemonSet: { apiVersion: 'apps/v1', plural: 'daemonsets' },
  Job: { apiVersion: 'batch/v1', plural: 'jobs' },
  CronJob: { apiVersion: 'batch/v1', plural: 'cronjobs' },
  PersistentVolumeClaim: { apiVersion: 'v1', plural: 'persistentvolumeclaims' },
};

/** Whether the text is a kind of the table. */
export function isKind(kind: string): kind is Kind {
  return Object.hasOwn(kindRows, kind);
}

/** Path of a collection, of all namespaces when `namespace` is empty, or of the object when `name` is given. */
export function pathOf(kind: Kind, namespace: string, name?: string): string {
  const { apiVersion, plural, clusterWide } = kindRows[kind];
  const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const scope = clusterWide || namespace === '' ? '' : `/namespaces/${encodeURIComponent(namespace)}`;
  return `${root}${scope}/${plural}${name === undefined ? '' : `/${encodeURIComponent(name)}`}`;
}
