import type {
  V1Deployment,
  V1EndpointSlice,
  V1Ingress,
  V1Namespace,
  V1Pod,
  V1Secret,
  V1Service,
} from '@kubernetes/client-node';
import type { Manifest } from '../core/manifests/object.ts';
import type { ScaledObject } from '../core/scaled-object-status.ts';

/** Which fields a manager owns, as the API server notes it. */
export interface FieldsOfManager {
  readonly manager?: string;
  readonly operation?: string;
  readonly fieldsV1?: object;
}

/** An object as the API server gives it. */
export interface LiveObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata?: {
    readonly name?: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly resourceVersion?: string;
    readonly generation?: number;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly finalizers?: readonly string[];
    readonly ownerReferences?: readonly { readonly kind: string; readonly name: string; readonly uid: string }[];
    readonly creationTimestamp?: Date | string;
    readonly deletionTimestamp?: Date | string;
    readonly managedFields?: readonly FieldsOfManager[];
  };
}

/** Event in the fields that both event APIs have; times as ISO text. */
export interface LiveEvent extends LiveObject {
  readonly type?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly involvedObject?: { readonly kind?: string; readonly name?: string; readonly uid?: string };
  readonly eventTime?: string | null;
  readonly lastTimestamp?: string | null;
  readonly series?: { readonly lastObservedTime?: string };
}

interface ConfigMapLike extends LiveObject {
  readonly data?: Readonly<Record<string, string>>;
}

/** Where KEDA finds a parameter of a trigger. */
export interface ParameterReference {
  readonly parameter: string;
  readonly name: string;
  readonly key: string;
}

interface TriggerAuthenticationLike extends LiveObject {
  readonly spec?: {
    readonly secretTargetRef?: readonly ParameterReference[];
    readonly configMapTargetRef?: readonly ParameterReference[];
  };
}

/** Type of each kind that flows read; every kind of the edge's table can be applied and deleted. */
export interface Kinds {
  readonly Namespace: V1Namespace & LiveObject;
  readonly Deployment: V1Deployment & LiveObject;
  readonly Pod: V1Pod & LiveObject;
  readonly Service: V1Service & LiveObject;
  readonly Ingress: V1Ingress & LiveObject;
  readonly EndpointSlice: V1EndpointSlice & LiveObject;
  readonly Secret: V1Secret & LiveObject;
  readonly ConfigMap: ConfigMapLike;
  readonly ScaledObject: ScaledObject & LiveObject;
  readonly Event: LiveEvent;
  readonly ServiceAccount: LiveObject;
  readonly Role: LiveObject;
  readonly RoleBinding: LiveObject;
  readonly HTTPRoute: LiveObject;
  readonly TriggerAuthentication: TriggerAuthenticationLike;
  readonly ScaledJob: LiveObject;
  readonly HorizontalPodAutoscaler: LiveObject;
  readonly ReplicaSet: LiveObject;
  readonly StatefulSet: LiveObject;
  readonly DaemonSet: LiveObject;
  readonly Job: LiveObject;
  readonly CronJob: LiveObject;
  readonly PersistentVolumeClaim: LiveObject;
}

/** A kind that we touch. */
export type Kind = keyof Kinds;

/** Which objects of a kind: selectors in Kubernetes' text form. */
export interface Selection {
  readonly labels?: string;
  readonly fields?: string;
}

/** What a pod, or the API server before it, answered. */
export interface PodAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A request to a pod; `method` is GET when absent, `path` may have a query. */
export interface PodRequest {
  readonly method?: string;
  readonly path: string;
  readonly port: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Milliseconds; a pod that has not answered by then counts as one that answered 504. */
  readonly patience?: number;
}

/** How to apply; as our own field manager and without taking fields from others when nothing else is said. */
export interface ApplyOptions {
  readonly force?: boolean;
  readonly manager?: string;
}

/** The Kubernetes API of one cluster; every call has a deadline and ends when the run is interrupted. */
export interface Cluster {
  /** The same cluster, whose calls end with this signal instead of the run's own. */
  endingAt(signal: AbortSignal): Cluster;
  /** The API server's time, to the second, as its last answer told it. */
  date(): Date;
  /** Address of the API server, for the log. */
  readonly server: string;
  /** The object, or undefined when it does not exist. */
  read<K extends Kind>(kind: K, namespace: string, name: string): Promise<Kinds[K] | undefined>;
  /** Objects of a kind, of all namespaces when `namespace` is empty. */
  list<K extends Kind>(kind: K, namespace: string, selection?: Selection): Promise<readonly Kinds[K][]>;
  /** Every object of a namespace by its kind and metadata, of whatever kind the cluster has; throws UserError when one may not be listed. */
  inventory(namespace: string): Promise<readonly LiveObject[]>;
  /** Applies on the server, owning exactly the fields given; unknown fields and, without `force`, conflicts are errors. */
  apply(object: Manifest, options?: ApplyOptions): Promise<LiveObject>;
  /** Creates the object; false when there is one of that name. */
  create(object: Manifest): Promise<boolean>;
  /** Merges a JSON patch of top-level maps into the object. */
  merge(kind: Kind, namespace: string, name: string, patch: Readonly<Record<string, unknown>>): Promise<void>;
  /** Deletes the object with its dependants; false when it was gone already. */
  remove(kind: Kind, namespace: string, name: string): Promise<boolean>;
  /** Last lines of a container's log, oldest first; empty when there are none. Throws RemoteError when it may not be read. */
  logs(
    namespace: string,
    pod: string,
    options: { readonly container: string; readonly previous: boolean; readonly lines: number },
  ): Promise<readonly string[]>;
  /** An HTTP request to a pod by way of the API server. */
  requestPod(namespace: string, pod: string, request: PodRequest): Promise<PodAnswer>;
  /** Current value of an external metric, as KEDA answers it. */
  externalMetric(namespace: string, metric: string, scaledObject: string): Promise<number>;
  /** Version of the KEDA in the cluster, `unknown` when it is there but cannot be told, undefined when there is none. */
  kedaVersion(): Promise<string | undefined>;
}
