import type { App, Workload } from '../core/app.ts';
import type { Cluster } from './cluster-port.ts';
import type { Deadline } from './deadline.ts';
import type { WaitContext } from './wait-context.ts';

/** Waits until each Service has a ready endpoint, and returns the address from outside where there is one. */
export async function waitForEndpoints({ cluster, app, deadline }: WaitContext): Promise<string | undefined> {
  const exposed = app.workloads.filter(workload => workload.servesHttp && app.expose.type !== 'none');
  for (const workload of exposed) {
    await deadline.until(
      async () => {
        const slices = await cluster.list('EndpointSlice', app.namespace, {
          labels: `kubernetes.io/service-name=${workload.objectName}`,
        });
        const ready = slices
          .flatMap(slice => slice.endpoints ?? [])
          .filter(endpoint => endpoint.conditions?.ready !== false);
        return ready.length > 0 ? ready : undefined;
      },
      () => `Service "${workload.objectName}" got no ready endpoint`,
    );
  }
  const [first] = exposed;
  return first && addressOf(cluster, app, first, deadline);
}

async function addressOf(
  cluster: Cluster,
  app: App,
  workload: Workload,
  deadline: Deadline,
): Promise<string | undefined> {
  const { type, host } = app.expose;
  if (type === 'cluster') return `http://${workload.objectName}.${app.namespace}.svc.cluster.local`;
  if (host && (type === 'ingress' || type === 'gateway')) return `http://${host}`;
  if (type === 'gateway') return undefined;
  const kind = type === 'ingress' ? 'Ingress' : 'Service';
  const address = await deadline.until(
    async () => {
      const live = await cluster.read(kind, app.namespace, workload.objectName);
      const ingress = live?.status?.loadBalancer?.ingress?.[0];
      return ingress?.ip ?? ingress?.hostname;
    },
    () => `${kind} "${workload.objectName}" got no address`,
  );
  return `http://${address.includes(':') ? `[${address}]` : address}`;
}
