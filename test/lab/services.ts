import { connect, createServer, type Server, type Socket } from 'node:net';
import type { Api } from './api.ts';
import type { Say } from './cache.ts';
import { addAddress, type LabNetwork, type NodeNetwork, removeAddress } from './node-network.ts';
import {
  type Backend,
  backendsOf,
  type EndpointSlice,
  externalAddresses,
  type Listener,
  listenersOf,
  parseService,
  parseSlice,
  type Service,
} from './service-objects.ts';
import { type Objects, watchObjects } from './watch.ts';

export interface ServicesOptions {
  readonly network: LabNetwork;
  /** The network in which pods really run: then Services answer. Else they only get their external address. */
  readonly node: NodeNetwork | undefined;
  readonly say: Say;
}

/**
 * Stands in for kube-proxy and the cloud's load balancer: gives Services of type LoadBalancer an address and carries
 * TCP connections from each Service address to a ready pod, in this process. Nobody listens while no pod is ready, so
 * clients are refused as on a cluster.
 */
export class Services {
  readonly #api: Api;
  readonly #options: ServicesOptions;
  readonly #end = new AbortController();
  readonly #open = new Map<string, { readonly listener: Listener; readonly server: Server }>();
  readonly #sockets = new Set<Socket>();
  readonly #watches: readonly Promise<void>[];
  #services: Objects<Service> = new Map();
  #slices: Objects<EndpointSlice> = new Map();
  #external: ReadonlyMap<string, string> = new Map();
  readonly #addresses = new Set<string>();
  #turn = 0;
  #work: Promise<void> = Promise.resolve();
  #pending = false;

  constructor(api: Api, options: ServicesOptions) {
    this.#api = api;
    this.#options = options;
    const { signal } = this.#end;
    const services = {
      path: '/api/v1/services',
      parse: parseService,
      changed: (objects: Objects<Service>) => {
        this.#services = objects;
        this.#schedule();
      },
    };
    const slices = {
      path: '/apis/discovery.k8s.io/v1/endpointslices',
      parse: parseSlice,
      changed: (objects: Objects<EndpointSlice>) => {
        this.#slices = objects;
        this.#schedule();
      },
    };
    this.#watches = [watchObjects(api, services, signal), watchObjects(api, slices, signal)];
  }

  /** Ends all connections. */
  async stop(): Promise<void> {
    this.#end.abort();
    await Promise.all([...this.#watches, this.#work]);
    for (const { server } of this.#open.values()) server.close();
    for (const socket of this.#sockets) socket.destroy();
    // The addresses go with the bridge, which goes after us.
  }

  /** One reconciliation at a time; changes that come meanwhile make one more. */
  #schedule(): void {
    if (this.#pending || this.#end.signal.aborted) return;
    this.#pending = true;
    this.#work = this.#work.then(async () => {
      this.#pending = false;
      await this.#reconcile().catch((error: unknown) => this.#options.say(`Services: ${String(error)}`));
    });
  }

  async #reconcile(): Promise<void> {
    this.#external = externalAddresses(this.#services, this.#external, this.#options.network.loadBalancers);
    if (this.#options.node) await this.#serve(this.#options.node);
    for (const [key, address] of this.#external) await this.#announce(key, address);
  }

  async #serve(node: NodeNetwork): Promise<void> {
    const listeners = listenersOf(this.#services, this.#external);
    await this.#holdAddresses(new Set(listeners.map(({ address }) => address)), node);
    const served = listeners.filter(listener => this.#backends(listener).length > 0);
    const wanted = new Map(served.map(listener => [`${listener.address}:${listener.port}`, listener]));
    for (const [id, { listener, server }] of this.#open) {
      if (wanted.get(id)?.service === listener.service) continue;
      server.close();
      this.#open.delete(id);
    }
    for (const [id, listener] of wanted) if (!this.#open.has(id)) await this.#listen(id, listener);
  }

  async #announce(key: string, address: string): Promise<void> {
    const service = this.#services.get(key);
    if (!service || service.status.loadBalancer?.ingress?.[0]?.ip === address) return;
    const { namespace, name } = service.metadata;
    const body = { status: { loadBalancer: { ingress: [{ ip: address }] } } };
    const path = `/api/v1/namespaces/${namespace}/services/${name}/status`;
    await this.#api.request('PATCH', path, body, 'application/merge-patch+json');
  }

  /** The Service "kubernetes" has no endpoints, since the API server is on loopback; this process carries it there. */
  #backends(listener: Listener): readonly Backend[] {
    if (listener.service !== 'default/kubernetes') return backendsOf(this.#slices, listener);
    const { hostname, port } = new URL(this.#api.access.server);
    return [{ host: hostname, port: Number(port) }];
  }

  async #listen(id: string, listener: Listener): Promise<void> {
    const server = createServer({ allowHalfOpen: true }, client => this.#carry(client, listener));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(listener.port, listener.address, resolve);
    });
    this.#open.set(id, { listener, server });
  }

  #carry(client: Socket, listener: Listener): void {
    const backends = this.#backends(listener);
    const backend = backends[this.#turn++ % backends.length];
    if (!backend) {
      client.destroy();
      return;
    }
    const pod = connect({ ...backend, allowHalfOpen: true });
    this.#joined(client, pod);
    this.#joined(pod, client);
  }

  #joined(from: Socket, to: Socket): void {
    this.#sockets.add(from);
    from.pipe(to);
    from.on('error', () => to.destroy());
    from.once('close', () => this.#sockets.delete(from));
  }

  /** An address is held as long as its Service exists: without one, connections would leave this machine. */
  async #holdAddresses(wanted: ReadonlySet<string>, node: NodeNetwork): Promise<void> {
    for (const address of wanted) {
      if (this.#addresses.has(address)) continue;
      await addAddress(address, node);
      this.#addresses.add(address);
    }
    for (const address of this.#addresses) {
      if (wanted.has(address)) continue;
      await removeAddress(address, node);
      this.#addresses.delete(address);
    }
  }
}
