import type { LiveWorkload } from '../core/live-workload.ts';
import type { HttpCheck } from '../core/smoke-checks.ts';
import { exposesKeys } from '../core/smoke-route.ts';
import type { CheckedAnswer } from '../core/smoke-verdict.ts';
import { UserError } from '../errors.ts';
import type { Clock } from './clock.ts';
import type { Cluster } from './cluster-port.ts';
import { type HttpSender, NoAnswer } from './http-port.ts';
import { readyPodOf } from './verify.ts';

/** Milliseconds for one answer. */
const answerDeadline = 30_000;

/** A way to send requests to a workload. */
export interface Route {
  /** Where requests go, for people. */
  readonly via: string;
  /** Whether a key could be read on the way. */
  readonly exposed: boolean;
  /** The answer, or why there is none. */
  send(check: HttpCheck, headers: Readonly<Record<string, string>>): Promise<CheckedAnswer | string>;
}

/** What routes are made of. */
export interface RoutePorts {
  readonly cluster: Cluster;
  readonly http: HttpSender;
  readonly clock: Clock;
}

/** From this machine to an address; `host` is the name that the answering side knows itself by, where it is another. */
export function routeToAddress(http: HttpSender, base: URL, host?: string): Route {
  return {
    via: host ? `${base.origin} as ${host}` : base.origin,
    exposed: exposesKeys(base),
    send: async (check, headers) => {
      const url = new URL(`${base.pathname.replace(/\/+$/, '')}${check.path}`, base);
      try {
        return await http.send({
          method: check.method,
          url,
          body: check.send,
          headers: host ? { ...headers, host } : headers,
          deadline: answerDeadline,
        });
      } catch (error) {
        if (error instanceof NoAnswer) return `"${base.origin}" gave no answer (${error.code})`;
        throw error;
      }
    },
  };
}

/**
 * The way to a workload in the cluster: its address from outside where it has one, else a pod by way of the API server.
 * A pod too for a request with a key that the address would expose.
 */
export async function routeToWorkload(
  ports: RoutePorts,
  namespace: string,
  workload: LiveWorkload,
  withKey: boolean,
): Promise<Route> {
  const route = await routeFromOutside(ports, namespace, workload);
  return !route || (withKey && route.exposed) ? routeToPod(ports, namespace, workload) : route;
}

async function routeFromOutside(
  { cluster, http }: RoutePorts,
  namespace: string,
  workload: LiveWorkload,
): Promise<Route | undefined> {
  const [service, ingress] = await Promise.all([
    cluster.read('Service', namespace, workload.objectName),
    cluster.read('Ingress', namespace, workload.objectName),
  ]);
  if (ingress) return routeOfIngress(http, ingress, workload.objectName);
  const internal =
    service?.metadata?.annotations?.['service.beta.kubernetes.io/azure-load-balancer-internal'] === 'true';
  if (service?.spec?.type !== 'LoadBalancer' || internal) return undefined;
  const address = addressOf(service.status?.loadBalancer?.ingress);
  if (!address) return nowhere(`Service ${workload.objectName}`, `Service "${workload.objectName}" has no address yet`);
  return routeToAddress(http, new URL(`http://${address}:${service.spec.ports?.[0]?.port ?? 80}`));
}

interface LiveIngress {
  readonly spec?: { readonly rules?: readonly { readonly host?: string }[]; readonly tls?: readonly unknown[] };
  readonly status?: { readonly loadBalancer?: { readonly ingress?: readonly Address[] } };
}

interface Address {
  readonly ip?: string;
  readonly hostname?: string;
}

function routeOfIngress(http: HttpSender, ingress: LiveIngress, name: string): Route {
  const host = ingress.spec?.rules?.[0]?.host;
  // The certificate names the host, so with TLS the address alone does not do.
  if (host && (ingress.spec?.tls ?? []).length > 0) return routeToAddress(http, new URL(`https://${host}`));
  const address = addressOf(ingress.status?.loadBalancer?.ingress);
  if (address) return routeToAddress(http, new URL(`http://${address}`), host);
  return nowhere(`Ingress ${name}`, `Ingress "${name}" has no address yet`);
}

function addressOf(addresses: readonly Address[] | undefined): string | undefined {
  const address = addresses?.[0]?.ip ?? addresses?.[0]?.hostname;
  return address?.includes(':') ? `[${address}]` : address;
}

function nowhere(via: string, reason: string): Route {
  return { via, exposed: false, send: async () => reason };
}

function routeToPod({ cluster, clock }: RoutePorts, namespace: string, workload: LiveWorkload): Route {
  return {
    via: `a pod of ${workload.objectName}`,
    exposed: false,
    send: async (check, headers) => {
      if (headers.authorization !== undefined) {
        throw new UserError(
          `Check "${check.title}" sends the header "authorization", which the API server would take for its own. Give the input "url" with an address of the app.`,
        );
      }
      const pod = await readyPodOf(cluster, { namespace }, workload);
      if (!pod) return `"${workload.objectName}" has no ready pod`;
      const began = clock.now();
      const { method, path, send: body } = check;
      const answer = await cluster.requestPod(namespace, pod, {
        method,
        path,
        port: workload.port,
        headers,
        // A slow function fails its check; without this the API server itself would count as silent.
        patience: answerDeadline,
        ...(body === undefined ? {} : { body }),
      });
      if (answer.status === 403 && answer.body.includes('"kind":"Status"')) throw new UserError(missingRight(method));
      return { ...answer, milliseconds: clock.now() - began };
    },
  };
}

function missingRight(method: 'GET' | 'POST'): string {
  const verb = method === 'GET' ? 'get' : 'create';
  return `The identity of the kubeconfig may not ask the pods: it lacks the verb "${verb}" on the resource "pods/proxy". Grant it, or give the input "url" with an address of the app.`;
}
