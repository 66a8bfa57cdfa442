import type { ClusterUser, MetricsApi, NamespaceLimits, SignInFacts, TokenFacts, Trial } from '../core/doctor/facts.ts';
import type { GrantedRule, Rule } from '../core/doctor/rights.ts';
import type { Manifest } from '../core/manifests/object.ts';
import type { ManagedCluster, ResourceManager } from './azure-port.ts';
import type { Clock } from './clock.ts';
import type { Cluster, Kind, Kinds } from './cluster-port.ts';
import type { Log } from './ports.ts';

/** What can be asked of an API server beside its objects. Changes nothing; refused questions throw RemoteError. */
export interface ClusterInspection {
  /** Version of the API server, and its time when it tells it. */
  server(): Promise<{ readonly version: string; readonly date: Date | undefined }>;
  /** Who we are; undefined where the API server is too old to say. */
  user(): Promise<ClusterUser | undefined>;
  /** Rules that we have for certain in a namespace; there may be more. */
  grantedRules(namespace: string): Promise<readonly GrantedRule[]>;
  isAllowed(namespace: string, rule: Rule, verb: string): Promise<boolean>;
  /** Registration of the API for external metrics; undefined when there is none. */
  metricsApi(): Promise<MetricsApi | undefined>;
  limits(namespace: string): Promise<NamespaceLimits>;
  /** What the server would say to applying the object; undefined where it cannot be made to judge it. */
  tryApply(object: Manifest): Promise<Trial | undefined>;
  /** The same for creating it. */
  tryCreate(object: Manifest): Promise<Trial | undefined>;
  /** Objects of a kind in all namespaces. */
  listEverywhere<K extends Kind>(kind: K, labels?: string): Promise<readonly Kinds[K][]>;
}

/** A connected cluster. */
export interface InspectedCluster {
  readonly cluster: Cluster;
  readonly inspection: ClusterInspection;
}

/** Azure as the doctor asks it; absent without a sign-in. */
export interface DoctorAzure {
  /** GitHub's token, where one is used for the sign-in. */
  readonly token: ((signal: AbortSignal) => Promise<TokenFacts>) | undefined;
  signIn(signal: AbortSignal): Promise<SignInFacts>;
  /** Absent without a subscription. */
  readonly resourceManager: ResourceManager | undefined;
  /** Looks up the cluster of the inputs; undefined with a kubeconfig. */
  readonly findCluster: ((signal: AbortSignal) => Promise<ManagedCluster>) | undefined;
}

/** What the doctor works on. */
export interface DoctorPorts {
  readonly azure: DoctorAzure | undefined;
  /** Connects to the cluster of the kubeconfig, or to the one that Azure described. */
  connect(managed: ManagedCluster | undefined, signal: AbortSignal): Promise<InspectedCluster>;
  /** Throws UserError when the registry does not let us push; undefined without a registry. */
  readonly tryPush: ((signal: AbortSignal) => Promise<void>) | undefined;
  readonly log: Log;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}
