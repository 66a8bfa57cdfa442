/** Scaling of a workload; all durations in seconds. */
export interface Scale {
  readonly minReplicas?: number | undefined;
  readonly maxReplicas?: number | undefined;
  readonly pollingInterval?: number | undefined;
  readonly cooldownPeriod?: number | undefined;
}

/** Resources of a container in Kubernetes quantities, e.g. `100m`, `256Mi`. */
export interface Resources {
  readonly requests?: Readonly<Record<string, string>> | undefined;
  readonly limits?: Readonly<Record<string, string>> | undefined;
}

/** Fields of a probe, or `false` for none. */
export type ProbeOptions = Readonly<Record<string, unknown>> | false;

/** What the file may say about the pods of a workload; Kubernetes' own fields where the names are its own. */
export interface PodOptions {
  readonly port?: number | undefined;
  /** Probes merged over ours as Kubernetes fields; `false` for none. */
  readonly probes?:
    | { readonly readiness?: ProbeOptions; readonly startup?: ProbeOptions; readonly liveness?: ProbeOptions }
    | undefined;
  readonly security?: 'baseline' | 'restricted' | undefined;
  readonly terminationGracePeriodSeconds?: number | undefined;
  readonly nodeSelector?: Readonly<Record<string, string>> | undefined;
  readonly tolerations?: readonly Readonly<Record<string, unknown>>[] | undefined;
  readonly topologySpreadConstraints?: readonly Readonly<Record<string, unknown>>[] | undefined;
  readonly volumes?: readonly Readonly<Record<string, unknown>>[] | undefined;
  readonly imagePullSecrets?: readonly { readonly name: string }[] | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  readonly annotations?: Readonly<Record<string, string>> | undefined;
}

/** What the file says about one workload. */
export interface WorkloadConfig {
  readonly functions?: readonly string[] | undefined;
  readonly scale?: Scale | undefined;
  readonly scaling?: 'fixed' | 'cpu' | 'http' | undefined;
  readonly resources?: Resources | undefined;
  readonly pod?: PodOptions | undefined;
}

/** A KEDA trigger as KEDA takes it, instead of the one that we would make. */
export interface HandWrittenTrigger {
  readonly type: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly authenticationRef?: string | undefined;
}

/** What the file says about one function. */
export interface FunctionConfig {
  /** Target value of the scaler per replica. */
  readonly threshold?: number | undefined;
  /** Value above which the scaler wakes the workload from zero. */
  readonly activation?: number | undefined;
  readonly trigger?: HandWrittenTrigger | 'none' | undefined;
  /** In the shape of `function.json`, for a function that cannot be found in the code. */
  readonly bindings?: readonly Readonly<Record<string, unknown>>[] | undefined;
  readonly workload?: string | undefined;
}

/** How HTTP functions are reached. */
export type ExposeType = 'none' | 'cluster' | 'internal-load-balancer' | 'load-balancer' | 'ingress' | 'gateway';

/** How HTTP functions are reached, with what that needs. */
export interface Expose {
  readonly type?: ExposeType | undefined;
  readonly host?: string | undefined;
  readonly gateway?: { readonly name: string; readonly namespace?: string | undefined } | undefined;
}

/** One check of the smoke test: `get` or `post` names a path, `queue` a function that must consume a message. */
export interface Check {
  readonly get?: string | undefined;
  readonly post?: string | undefined;
  /** Function with a queue trigger. */
  readonly queue?: string | undefined;
  readonly status?: number | undefined;
  /** Texts that headers of the answer must contain, by the header's name. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Text that the answer's body must contain. */
  readonly body?: string | undefined;
  /** Body to send with `post`, or the message to put with `queue`. */
  readonly send?: string | undefined;
  /** Headers to send. */
  readonly sendHeaders?: Readonly<Record<string, string>> | undefined;
  /** Longest time to the answer, in milliseconds. */
  readonly latency?: number | undefined;
  /** Longest time until the message is consumed, in seconds. */
  readonly within?: number | undefined;
}

/** A change of planned objects: those of a kind, or the one of a name. */
export interface Patch {
  readonly target: { readonly kind: string; readonly name?: string | undefined };
  /** A merge patch (map), or a JSON Patch of RFC 6902 (list). */
  readonly patch: Readonly<Record<string, unknown>> | readonly Readonly<Record<string, unknown>>[];
}

/** `aks-functions.yml`, parsed and with the overlay of the chosen environment merged in. */
export interface Config {
  readonly version?: 1 | undefined;
  readonly name?: string | undefined;
  readonly settings?: Readonly<Record<string, string>> | undefined;
  readonly settingsFrom?: readonly ({ readonly secret: string } | { readonly configMap: string })[] | undefined;
  readonly identity?: { readonly clientId: string } | undefined;
  readonly scale?: Scale | undefined;
  readonly workloads?: Readonly<Record<string, WorkloadConfig>> | undefined;
  readonly functions?: Readonly<Record<string, FunctionConfig>> | undefined;
  readonly expose?: Expose | undefined;
  readonly pod?: PodOptions | undefined;
  readonly patches?: readonly Patch[] | undefined;
  readonly checks?: readonly Check[] | undefined;
  readonly preview?: Readonly<Record<string, unknown>> | undefined;
}
