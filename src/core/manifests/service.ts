import type { V1IngressSpec, V1ServiceSpec } from '@kubernetes/client-node';
import type { App, Workload } from '../app.ts';
import type { ExposeType } from '../config/config.ts';
import { type Manifest, metadataOf } from './object.ts';

/** Port of every Service; the pods listen on another, above 1024. */
export const servicePort = 80;

const serviceTypes: Readonly<Record<Exclude<ExposeType, 'none'>, 'ClusterIP' | 'LoadBalancer'>> = {
  cluster: 'ClusterIP',
  ingress: 'ClusterIP',
  gateway: 'ClusterIP',
  'internal-load-balancer': 'LoadBalancer',
  'load-balancer': 'LoadBalancer',
};

/** Service of a workload that serves HTTP, with the Ingress or HTTPRoute before it; nothing for `expose: none`. */
export function networkObjectsOf(app: App, workload: Workload): readonly Manifest[] {
  const { type } = app.expose;
  if (type === 'none' || !workload.servesHttp) return [];
  const before = type === 'ingress' ? [ingressOf(app, workload)] : type === 'gateway' ? [routeOf(app, workload)] : [];
  return [serviceOf(app, workload, type), ...before];
}

function serviceOf(app: App, workload: Workload, type: Exclude<ExposeType, 'none'>): Manifest {
  const metadata = metadataOf(app, workload.objectName, workload);
  const annotations = { 'service.beta.kubernetes.io/azure-load-balancer-internal': 'true' };
  const spec: V1ServiceSpec = {
    type: serviceTypes[type],
    selector: { app: workload.objectName },
    ports: [{ name: 'http', port: servicePort, targetPort: 'http', protocol: 'TCP' }],
  };
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: type === 'internal-load-balancer' ? { ...metadata, annotations } : metadata,
    spec,
  };
}

function ingressOf(app: App, workload: Workload): Manifest {
  const { host } = app.expose;
  const backend = { service: { name: workload.objectName, port: { name: 'http' } } };
  const rule = { http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } };
  const spec: V1IngressSpec = { rules: [host ? { host, ...rule } : rule] };
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: metadataOf(app, workload.objectName, workload),
    spec,
  };
}

function routeOf(app: App, workload: Workload): Manifest {
  const { host, gateway } = app.expose;
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: metadataOf(app, workload.objectName, workload),
    spec: {
      parentRefs: gateway ? [{ ...gateway }] : [],
      ...(host ? { hostnames: [host] } : {}),
      rules: [{ backendRefs: [{ name: workload.objectName, port: servicePort }] }],
    },
  };
}
