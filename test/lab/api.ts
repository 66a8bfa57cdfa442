import type { IncomingMessage } from 'node:http';
import { Agent, request as send } from 'node:https';
import * as v from 'valibot';
import { UserError } from '../../src/errors.ts';

/** How to reach an API server: its address, its CA, and a client certificate or a token. */
export interface ApiAccess {
  readonly server: string;
  readonly ca: string;
  readonly cert?: string;
  readonly key?: string;
  readonly token?: string;
}

/** A request in full. */
export interface ApiRequest {
  readonly method: string;
  readonly path: string;
  readonly signal: AbortSignal;
  readonly body?: unknown;
  readonly contentType?: string;
}

export interface ApiAnswer {
  readonly status: number;
  readonly text: string;
  /** The body as JSON; throws SyntaxError when it is none. */
  json(): unknown;
}

/** A Kubernetes object, complete enough to be applied. */
export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly [field: string]: unknown };
  readonly [field: string]: unknown;
}

const resourceList = v.object({
  resources: v.array(v.object({ name: v.string(), kind: v.string(), namespaced: v.boolean() })),
});

/** A plain client of one API server, for the lab and its tests. */
export class Api {
  readonly access: ApiAccess;
  readonly #agent: Agent;
  readonly #discovered = new Map<string, Promise<v.InferOutput<typeof resourceList>>>();

  constructor(access: ApiAccess) {
    this.access = access;
    const { ca, cert, key } = access;
    this.#agent = new Agent({ keepAlive: true, ca, ...(cert && key ? { cert, key } : {}) });
  }

  /** One request; any status is an answer. A body that is no text is sent as JSON. */
  async request(method: string, path: string, body?: unknown, contentType = 'application/json'): Promise<ApiAnswer> {
    const response = await this.open({ method, path, body, contentType, signal: AbortSignal.timeout(60_000) });
    response.setEncoding('utf8');
    let text = '';
    for await (const piece of response) text += piece;
    return { status: response.statusCode ?? 0, text, json: () => JSON.parse(text) };
  }

  /** As `request`, with the body of the answer as a stream. */
  open({ method, path, body, contentType, signal }: ApiRequest): Promise<IncomingMessage> {
    const { server, token } = this.access;
    const headers = {
      ...(body === undefined ? {} : { 'content-type': contentType ?? 'application/json' }),
      ...(token ? { authorization: `Bearer ${token}` } : {}),
    };
    return new Promise((resolve, reject) => {
      const request = send(new URL(path, server), { agent: this.#agent, method, headers, signal }, resolve);
      request.once('error', reject);
      request.end(body === undefined || typeof body === 'string' ? body : JSON.stringify(body));
    });
  }

  /** Server-side apply of one object; gives it as stored. Throws a UserError with the server's answer. */
  async apply(object: KubernetesObject): Promise<unknown> {
    const path = `${await this.pathOf(object)}?fieldManager=lab&force=true`;
    const answer = await this.request('PATCH', path, object, 'application/apply-patch+yaml');
    if (answer.status < 300) return answer.json();
    throw new UserError(`${object.kind} "${object.metadata.name}" was not applied (${answer.status}): ${answer.text}`);
  }

  /** What the API server says to a server-side apply that refuses unknown fields and stores nothing; any status is an answer. */
  async dryRun(object: KubernetesObject): Promise<ApiAnswer> {
    const path = `${await this.pathOf(object)}?fieldManager=lab&force=true&fieldValidation=Strict&dryRun=All`;
    return this.request('PATCH', path, object, 'application/apply-patch+yaml');
  }

  /** Path of an object; of `default` when it has no namespace and needs one. */
  async pathOf(object: KubernetesObject): Promise<string> {
    const { apiVersion, kind, metadata } = object;
    const base = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    const { resources } = await this.#resources(base);
    const resource = resources.find(candidate => candidate.kind === kind && !candidate.name.includes('/'));
    if (!resource) throw new UserError(`The API server has no kind "${kind}" in "${apiVersion}".`);
    const scope = resource.namespaced ? `/namespaces/${metadata.namespace ?? 'default'}` : '';
    return `${base}${scope}/${resource.name}/${metadata.name}`;
  }

  async #resources(base: string): Promise<v.InferOutput<typeof resourceList>> {
    const known = this.#discovered.get(base);
    if (known !== undefined) return known;
    const found = this.request('GET', base).then(answer => v.parse(resourceList, answer.json()));
    this.#discovered.set(base, found);
    // What failed, or was asked before a definition was established, is asked again.
    found.catch(() => this.#discovered.delete(base));
    return found;
  }

  /** Closes the connections. */
  close(): void {
    this.#agent.destroy();
  }
}

/** A kubeconfig, in the JSON form that every reader of YAML accepts. */
export function kubeconfigOf(access: ApiAccess): string {
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  const user = access.token
    ? { token: access.token }
    : {
        'client-certificate-data': base64(access.cert ?? ''),
        'client-key-data': base64(access.key ?? ''),
      };
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'lab', cluster: { server: access.server, 'certificate-authority-data': base64(access.ca) } }],
    users: [{ name: 'lab', user }],
    contexts: [{ name: 'lab', context: { cluster: 'lab', user: 'lab' } }],
    'current-context': 'lab',
  });
}
