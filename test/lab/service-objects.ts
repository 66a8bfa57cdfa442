import * as v from 'valibot';
import type { Objects } from './watch.ts';

const service = v.object({
  metadata: v.object({ namespace: v.string(), name: v.string() }),
  spec: v.object({
    type: v.optional(v.string(), 'ClusterIP'),
    clusterIP: v.optional(v.string()),
    ports: v.optional(
      v.array(
        v.object({ name: v.optional(v.string(), ''), port: v.number(), protocol: v.optional(v.string(), 'TCP') }),
      ),
      [],
    ),
  }),
  status: v.object({
    loadBalancer: v.optional(v.object({ ingress: v.optional(v.array(v.object({ ip: v.optional(v.string()) })), []) })),
  }),
});
export type Service = v.InferOutput<typeof service>;
export const parseService = (object: unknown): Service => v.parse(service, object);

const slice = v.object({
  metadata: v.object({ namespace: v.string(), labels: v.optional(v.record(v.string(), v.string()), {}) }),
  ports: v.nullish(v.array(v.object({ name: v.nullish(v.string()), port: v.nullish(v.number()) })), []),
  endpoints: v.nullish(
    v.array(
      v.object({
        addresses: v.array(v.string()),
        conditions: v.optional(v.object({ ready: v.optional(v.boolean()) })),
      }),
    ),
    [],
  ),
});
export type EndpointSlice = v.InferOutput<typeof slice>;
export const parseSlice = (object: unknown): EndpointSlice => v.parse(slice, object);

/** Where a connection can go. */
export interface Backend {
  readonly host: string;
  readonly port: number;
}

/** One address and port of a Service, and the name its port has in the endpoint slices. */
export interface Listener {
  readonly service: string;
  readonly address: string;
  readonly port: number;
  readonly portName: string;
}

/** The ready pods behind one port of a Service. */
export function backendsOf(slices: Objects<EndpointSlice>, { service, portName }: Listener): readonly Backend[] {
  return [...slices.values()]
    .filter(slice => serviceOf(slice) === service)
    .flatMap(slice => {
      const port = slice.ports?.find(candidate => (candidate.name ?? '') === portName)?.port;
      const ready = slice.endpoints?.filter(endpoint => endpoint.conditions?.ready !== false) ?? [];
      return port ? ready.flatMap(({ addresses }) => addresses.map(host => ({ host, port }))) : [];
    });
}

function serviceOf({ metadata }: EndpointSlice): string {
  return `${metadata.namespace}/${metadata.labels['kubernetes.io/service-name'] ?? ''}`;
}

/** All addresses and TCP ports of the Services, with the external addresses given to some. */
export function listenersOf(services: Objects<Service>, external: ReadonlyMap<string, string>): readonly Listener[] {
  return [...services].flatMap(([key, { spec }]) => {
    const inner = spec.clusterIP === 'None' ? undefined : spec.clusterIP;
    const addresses = [inner, external.get(key)].filter(address => address !== undefined);
    const ports = spec.ports.filter(port => port.protocol === 'TCP');
    return addresses.flatMap(address =>
      ports.map(({ port, name }) => ({ service: key, address, port, portName: name })),
    );
  });
}

/** An external address for each Service that asks for one: those given before stay, a new one is the lowest free. */
export function externalAddresses(
  services: Objects<Service>,
  given: ReadonlyMap<string, string>,
  prefix: string,
): ReadonlyMap<string, string> {
  const asking = [...services].filter(([, { spec }]) => spec.type === 'LoadBalancer').map(([key]) => key);
  const addresses = new Map([...given].filter(([key]) => asking.includes(key)));
  for (const key of asking.filter(candidate => !addresses.has(candidate))) {
    const used = new Set(addresses.values());
    for (let last = 1; !addresses.has(key); last++) {
      const address = `${prefix}.${last}`;
      if (!used.has(address)) addresses.set(key, address);
    }
  }
  return addresses;
}
