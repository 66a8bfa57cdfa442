import type { ClusterUser, MetricsApi, NamespaceLimits, Trial } from '../../src/core/doctor/facts.ts';
import type { GrantedRule, Rule } from '../../src/core/doctor/rights.ts';
import type { Manifest } from '../../src/core/manifests/object.ts';
import { keyOf } from '../../src/core/plan.ts';
import type { Kind, Kinds } from '../../src/flows/cluster-port.ts';
import type { ClusterInspection } from '../../src/flows/doctor-port.ts';
import type { FakeCluster } from './fake-cluster.ts';

/** Answers about a cluster in memory, all of them good until a test changes one. */
export class FakeInspection implements ClusterInspection {
  readonly #cluster: FakeCluster;
  version = 'v1.33.2';
  date: Date | undefined = new Date('2026-01-01T00:00:00Z');
  /** Rights that the identity has not, as `verb resource`. */
  readonly denied = new Set<string>();
  rules: readonly GrantedRule[] = [];
  metrics: MetricsApi | undefined = {
    service: { namespace: 'kube-system', name: 'keda-operator-metrics-apiserver' },
    available: true,
    message: undefined,
  };
  namespaceLimits: NamespaceLimits = { quotas: [], ranges: [] };
  /** What policies say to objects, by `Kind/name`. */
  readonly refusals = new Map<string, string>();
  /** Kinds that may not be listed in all namespaces. */
  readonly unlisted = new Map<Kind, Error>();
  asked = 0;

  constructor(cluster: FakeCluster) {
    this.#cluster = cluster;
  }

  async server() {
    return { version: this.version, date: this.date };
  }

  async user(): Promise<ClusterUser> {
    return { name: 'deployer', groups: ['system:authenticated'] };
  }

  async grantedRules(): Promise<readonly GrantedRule[]> {
    return this.rules;
  }

  async isAllowed(_namespace: string, { resource }: Rule, verb: string): Promise<boolean> {
    this.asked += 1;
    return !this.denied.has(`${verb} ${resource}`);
  }

  async metricsApi(): Promise<MetricsApi | undefined> {
    return this.metrics;
  }

  async limits(): Promise<NamespaceLimits> {
    return this.namespaceLimits;
  }

  async tryApply(object: Manifest): Promise<Trial> {
    return { object: keyOf(object), refusal: this.refusals.get(keyOf(object)), warnings: [] };
  }

  async tryCreate(object: Manifest): Promise<Trial> {
    return this.tryApply(object);
  }

  async listEverywhere<K extends Kind>(kind: K, labels?: string): Promise<readonly Kinds[K][]> {
    const refused = this.unlisted.get(kind);
    if (refused) throw refused;
    const all = await this.#cluster.list(kind, '');
    return labels === undefined ? all : all.filter(object => object.metadata?.labels?.[labels] !== undefined);
  }
}
