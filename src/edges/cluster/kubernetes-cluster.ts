import type { Manifest } from '../../core/manifests/object.ts';
import { fieldManager } from '../../core/names.ts';
import { parseQuantity } from '../../core/scaled-object-status.ts';
import { UserError } from '../../errors.ts';
import type {
  ApplyOptions,
  Cluster,
  Kind,
  Kinds,
  LiveObject,
  PodAnswer,
  PodRequest,
  Selection,
} from '../../flows/cluster-port.ts';
import { Api, type ApiAnswer } from './api.ts';
import { isKind, kindRows, pathOf } from './api-paths.ts';
import { type ConnectionOptions, openConnection } from './connection.ts';
import { fetchInventory } from './inventory.ts';
import { fetchKedaVersion } from './keda-version.ts';
import { revealed } from './revealed.ts';
import { errorOf } from './status-error.ts';

/** Connects to the cluster of a kubeconfig; nothing is sent before the first call. */
export async function connectCluster(options: ConnectionOptions): Promise<Cluster> {
  return new KubernetesCluster(new Api(await openConnection(options), options.signal));
}

/** What the kubelet answers, as if it were the log, for a container that it has removed. */
const logIsGone = /^unable to retrieve container logs for /;

/** The cluster behind an API server. */
export class KubernetesCluster implements Cluster {
  readonly #api: Api;

  constructor(api: Api) {
    this.#api = api;
  }

  endingAt(signal: AbortSignal): Cluster {
    return new KubernetesCluster(this.#api.endingAt(signal));
  }

  date(): Date {
    return this.#api.date();
  }

  get server(): string {
    return this.#api.server;
  }

  async read<K extends Kind>(kind: K, namespace: string, name: string): Promise<Kinds[K] | undefined> {
    const answer = await this.#api.send({ method: 'GET', path: pathOf(kind, namespace, name) });
    return answer.status === 404 ? undefined : parsed(`read ${kind} "${name}"`, answer);
  }

  async list<K extends Kind>(kind: K, namespace: string, selection: Selection = {}): Promise<readonly Kinds[K][]> {
    const items: Kinds[K][] = [];
    let next: string | undefined;
    do {
      const query = { limit: '500', ...selectorsOf(selection), ...(next ? { continue: next } : {}) };
      const answer = await this.#api.send({ method: 'GET', path: pathOf(kind, namespace), query });
      // A kind that the cluster does not know has no objects.
      if (answer.status === 404) return items;
      const page: { readonly items: readonly Kinds[K][]; readonly metadata?: { readonly continue?: string } } = parsed(
        `list ${kindRows[kind].plural} ${namespace === '' ? 'of all namespaces' : `in "${namespace}"`}`,
        answer,
      );
      items.push(...page.items);
      next = page.metadata?.continue;
    } while (next);
    return items;
  }

  inventory(namespace: string): Promise<readonly LiveObject[]> {
    return fetchInventory(this.#api, namespace);
  }

  async apply(object: Manifest, { force = false, manager = fieldManager }: ApplyOptions = {}): Promise<LiveObject> {
    const answer = await this.#api.send({
      method: 'PATCH',
      path: pathOfManifest(object),
      query: { fieldManager: manager, fieldValidation: 'Strict', ...(force ? { force: 'true' } : {}) },
      contentType: 'application/apply-patch+yaml',
      body: revealed(object),
    });
    return parsed(`apply ${object.kind} "${object.metadata.name}"`, answer);
  }

  async create(object: Manifest): Promise<boolean> {
    const kind = kindOf(object);
    const answer = await this.#api.send({
      method: 'POST',
      path: pathOf(kind, object.metadata.namespace ?? ''),
      query: { fieldManager, fieldValidation: 'Strict' },
      body: revealed(object),
    });
    if (answer.status === 409) return false;
    parsed(`create ${object.kind} "${object.metadata.name}"`, answer);
    return true;
  }

  async merge(kind: Kind, namespace: string, name: string, patch: Readonly<Record<string, unknown>>): Promise<void> {
    const answer = await this.#api.send({
      method: 'PATCH',
      path: pathOf(kind, namespace, name),
      query: { fieldManager, fieldValidation: 'Strict' },
      contentType: 'application/merge-patch+json',
      body: revealed(patch),
    });
    parsed(`change ${kind} "${name}"`, answer);
  }

  async remove(kind: Kind, namespace: string, name: string): Promise<boolean> {
    const answer = await this.#api.send({
      method: 'DELETE',
      path: pathOf(kind, namespace, name),
      query: { propagationPolicy: 'Background' },
    });
    if (answer.status === 404) return false;
    parsed(`delete ${kind} "${name}"`, answer);
    return true;
  }

  async logs(
    namespace: string,
    pod: string,
    options: { readonly container: string; readonly previous: boolean; readonly lines: number },
  ): Promise<readonly string[]> {
    const { container, previous, lines } = options;
    const query = { container, previous: String(previous), tailLines: String(lines), limitBytes: '65536' };
    const answer = await this.#api.send({
      method: 'GET',
      path: `${pathOf('Pod', namespace, pod)}/log`,
      query,
      headers: { accept: '*/*' },
    });
    // A container that has not started, or no earlier run of it, is no fault: there is no log then.
    if (answer.status === 400 || answer.status === 404) return [];
    return textOf(`read the log of Pod "${pod}"`, answer)
      .split('\n')
      .filter(line => line !== '' && !logIsGone.test(line));
  }

  async requestPod(
    namespace: string,
    pod: string,
    { method = 'GET', path, port, headers = {}, body, patience }: PodRequest,
  ): Promise<PodAnswer> {
    if (!isMethod(method))
      throw new UserError(`HTTP method "${method}" is not supported. Use GET, POST, PUT, PATCH or DELETE.`);
    const answer = await this.#api.send({
      method,
      path: `${pathOf('Pod', namespace, `${pod}:${port}`)}/proxy${path}`,
      headers: { accept: '*/*', ...headers },
      passedOn: true,
      ...(body === undefined ? {} : { body }),
      ...(patience === undefined ? {} : { patience }),
    });
    return {
      status: answer.status,
      headers: Object.fromEntries(Object.entries(answer.headers).map(([name, value]) => [name, String(value)])),
      body: answer.body,
    };
  }

  async externalMetric(namespace: string, metric: string, scaledObject: string): Promise<number> {
    const answer = await this.#api.send({
      method: 'GET',
      path: `/apis/external.metrics.k8s.io/v1beta1/namespaces/${encodeURIComponent(namespace)}/${encodeURIComponent(metric)}`,
      query: { labelSelector: `scaledobject.keda.sh/name=${scaledObject}` },
    });
    const list: { readonly items: readonly { readonly value: string }[] } = parsed(
      `read the metric "${metric}" of ScaledObject "${scaledObject}"`,
      answer,
    );
    return list.items.reduce((sum, item) => sum + parseQuantity(item.value), 0);
  }

  kedaVersion(): Promise<string | undefined> {
    return fetchKedaVersion(this.#api);
  }
}

function parsed<Result>(doing: string, answer: ApiAnswer): Result {
  const result: Result = JSON.parse(textOf(doing, answer));
  return result;
}

function textOf(doing: string, answer: ApiAnswer): string {
  if (answer.status >= 300) throw errorOf(doing, answer);
  return answer.body;
}

function kindOf(object: Manifest): Kind {
  if (!isKind(object.kind)) throw new Error(`no path for kind ${object.kind}`);
  return object.kind;
}

function pathOfManifest(object: Manifest): string {
  return pathOf(kindOf(object), object.metadata.namespace ?? '', object.metadata.name);
}

function selectorsOf({ labels, fields }: Selection): Readonly<Record<string, string>> {
  return { ...(labels ? { labelSelector: labels } : {}), ...(fields ? { fieldSelector: fields } : {}) };
}

function isMethod(method: string): method is 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' {
  return ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'].includes(method);
}
