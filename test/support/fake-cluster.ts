import { mergePatch } from '../../src/core/json-patch.ts';
import type { Manifest } from '../../src/core/manifests/object.ts';
import { keyOf } from '../../src/core/plan.ts';
import { revealed } from '../../src/edges/cluster/revealed.ts';
import { RemoteError } from '../../src/errors.ts';
import type {
  ApplyOptions,
  Cluster,
  Kind,
  Kinds,
  LiveObject,
  PodAnswer,
  PodRequest,
  Selection,
} from '../../src/flows/cluster-port.ts';

/** A cluster in memory: it keeps what is applied, lets Deployments become ready at once and records every change. */
export class FakeCluster implements Cluster {
  readonly server = 'https://fake';
  readonly objects = new Map<string, LiveObject>();
  /** Changes in order, e.g. `apply Deployment/orders`. */
  readonly changes: string[] = [];
  /** What a call of that text answers instead, once for each entry. */
  readonly failures = new Map<string, Error>();
  now = new Date('2026-01-01T12:00:00Z');
  keda: string | undefined = '2.21.0';
  #version = 0;

  endingAt(_signal: AbortSignal): Cluster {
    return this;
  }

  date(): Date {
    return this.now;
  }

  async read<K extends Kind>(kind: K, _namespace: string, name: string): Promise<Kinds[K] | undefined> {
    this.#fail(`read ${kind}/${name}`);
    return this.#live<K>(`${kind}/${name}`);
  }

  async list<K extends Kind>(kind: K, _namespace: string, { labels }: Selection = {}): Promise<readonly Kinds[K][]> {
    this.#fail(`list ${kind}`);
    const [label = '', value] = labels?.split('=') ?? [];
    const isChosen = ({ metadata }: LiveObject) =>
      !label || (metadata?.labels?.[label] ?? '') === (value ?? metadata?.labels?.[label]);
    const keys = [...this.objects]
      .filter(([key, object]) => key.startsWith(`${kind}/`) && isChosen(object))
      .map(([key]) => key);
    return keys.flatMap(key => this.#live<K>(key) ?? []);
  }

  async inventory(_namespace: string): Promise<readonly LiveObject[]> {
    this.#fail('inventory');
    return [...this.objects.values()].filter(({ kind }) => kind !== 'Namespace');
  }

  async apply(object: Manifest, { force = false, manager }: ApplyOptions = {}): Promise<LiveObject> {
    const key = keyOf(object);
    this.changes.push(`apply ${key}${force ? ' by force' : ''}${manager ? ` as ${manager}` : ''}`);
    this.#fail(`apply ${key}`);
    const before = this.objects.get(key);
    const same =
      before !== undefined &&
      JSON.stringify(withoutServerFields(before)) === JSON.stringify(withoutServerFields(object));
    if (before && same) return before;
    const live = this.#stored(object, (before?.metadata?.generation ?? 0) + 1);
    this.objects.set(key, live);
    return live;
  }

  async create(object: Manifest): Promise<boolean> {
    const key = keyOf(object);
    this.changes.push(`create ${key}`);
    this.#fail(`create ${key}`);
    if (this.objects.has(key)) return false;
    this.objects.set(key, this.#stored(object, 1));
    return true;
  }

  async merge(kind: Kind, _namespace: string, name: string, patch: Readonly<Record<string, unknown>>): Promise<void> {
    const key = `${kind}/${name}`;
    this.changes.push(`merge ${key}`);
    this.#fail(`merge ${key}`);
    const merged: LiveObject = JSON.parse(
      JSON.stringify(mergePatch(this.objects.get(key), JSON.parse(revealed(patch)))),
    );
    this.objects.set(key, merged);
  }

  async remove(kind: Kind, _namespace: string, name: string): Promise<boolean> {
    this.changes.push(`remove ${kind}/${name}`);
    return this.objects.delete(`${kind}/${name}`);
  }

  async logs(): Promise<readonly string[]> {
    return ['a last line'];
  }

  async requestPod(_namespace: string, _pod: string, { path }: PodRequest): Promise<PodAnswer> {
    this.#fail(`ask ${path}`);
    const names = [...this.objects.values()].flatMap(functionsOf);
    const bodies: Readonly<Record<string, unknown>> = {
      '/admin/host/status': { state: 'Running', errors: [] },
      '/admin/functions': names.map(name => ({ name })),
    };
    return { status: 200, headers: {}, body: JSON.stringify(bodies[path] ?? { errors: [] }) };
  }

  async externalMetric(): Promise<number> {
    return 0;
  }

  async kedaVersion(): Promise<string | undefined> {
    return this.keda;
  }

  /** Makes the next call of that text fail with an HTTP status, in words of the server. */
  failOnce(call: string, status: number, said = 'refused'): void {
    this.failures.set(call, new RemoteError(`${said}: ${call}`, status));
  }

  #fail(call: string): void {
    const failure = this.failures.get(call);
    this.failures.delete(call);
    if (failure) throw failure;
  }

  #stored(object: Manifest, generation: number): LiveObject {
    this.#version += 1;
    const shown: LiveObject = JSON.parse(revealed(object));
    return { ...shown, metadata: { ...shown.metadata, generation, resourceVersion: String(this.#version) } };
  }

  /** The object with the status that controllers would have given it. */
  #live<K extends Kind>(key: string): Kinds[K] | undefined {
    const object = this.objects.get(key);
    if (!object) return undefined;
    const status = statuses[key.split('/')[0] ?? '']?.(object);
    const live: Kinds[K] = JSON.parse(JSON.stringify({ ...object, ...(status ? { status } : {}) }));
    return live;
  }
}

const statuses: Readonly<Record<string, (object: LiveObject) => unknown>> = {
  Deployment: object => ({
    observedGeneration: object.metadata?.generation,
    replicas: 1,
    updatedReplicas: 1,
    readyReplicas: 1,
  }),
  ScaledObject: () => ({
    conditions: [
      { type: 'Ready', status: 'True' },
      { type: 'Active', status: 'False' },
    ],
    hpaName: 'keda-hpa',
    externalMetricNames: ['s0-azure-queue'],
  }),
};

function functionsOf(object: LiveObject): readonly string[] {
  if (object.kind !== 'Deployment') return [];
  return [...JSON.stringify(object).matchAll(/"AzureFunctionsJobHost__functions__\d+","value":"([^"]+)"/g)].map(
    match => match[1] ?? '',
  );
}

function withoutServerFields(object: LiveObject | Manifest): unknown {
  const { metadata, ...rest }: { metadata?: object } = JSON.parse(revealed(object));
  const {
    generation: _generation,
    resourceVersion: _resourceVersion,
    ...own
  }: Record<string, unknown> = { ...metadata };
  return { ...rest, metadata: own };
}
