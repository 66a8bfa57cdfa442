import type * as http from 'node:http';
import { isLoopback } from './loopback.ts';

/** Connections that are kept and used again, through the proxy of the environment but for this machine itself. */
export class Agents implements Disposable {
  readonly #agents = new Map<string, http.Agent>();

  /** The agent for an address; `scheme` is the module of its protocol. */
  of(url: URL, scheme: Pick<typeof http, 'Agent'>): http.Agent {
    const direct = isLoopback(url.host);
    const key = `${url.protocol}${direct}`;
    const known = this.#agents.get(key);
    if (known) return known;
    const agent = new scheme.Agent({ keepAlive: true, ...(direct ? {} : { proxyEnv: process.env }) });
    this.#agents.set(key, agent);
    return agent;
  }

  [Symbol.dispose](): void {
    for (const agent of this.#agents.values()) agent.destroy();
  }
}
