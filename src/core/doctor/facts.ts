import type { App } from '../app.ts';
import type { ContainerRegistry } from '../azure/container-registry.ts';
import type { RoleAssignment } from '../azure/role-assignment.ts';
import type { Manifest } from '../manifests/object.ts';
import type { Finding } from './check.ts';
import type { Rule } from './rights.ts';

/** What the doctor is asked about. */
export interface DoctorSubject {
  readonly name: string;
  readonly namespace: string;
  /** Host and repository of the image; undefined when no registry is given. */
  readonly image: { readonly host: string; readonly repository: string } | undefined;
  /** Whether the cluster pulls with a secret instead of a role. */
  readonly pullsWithSecret: boolean;
}

/** The app and the objects that it would be made of. */
export interface PlannedApp {
  readonly app: App;
  readonly objects: readonly Manifest[];
}

/** GitHub's token for the sign-in, in the parts that a federated credential must match. */
export interface TokenFacts {
  readonly issuer: string;
  readonly subject: string;
  readonly audience: string;
  /** Audience that the cloud expects. */
  readonly expectedAudience: string;
}

/** Whom the sign-in speaks for. */
export interface SignInFacts {
  readonly objectId: string;
  readonly clientId: string;
  readonly tenantId: string;
}

/** A subscription as Azure names it. */
export interface SubscriptionFacts {
  readonly id: string;
  readonly name: string | undefined;
  readonly state: string | undefined;
}

/** The API server and who we are for it. */
export interface ServerFacts {
  readonly address: string;
  /** Such as `v1.33.2`. */
  readonly version: string;
  /** Seconds by which its clock is ahead of ours; undefined when it does not tell the time. */
  readonly skew: number | undefined;
}

/** A user of the API server. */
export interface ClusterUser {
  readonly name: string;
  readonly groups: readonly string[];
}

/** Which of the needed rights the identity has. */
export interface RightsFacts {
  readonly user: ClusterUser | undefined;
  readonly namespaceExists: boolean;
  readonly needed: readonly Rule[];
  /** Those without the verbs that it has. */
  readonly missing: readonly Rule[];
}

/** Registration of the API for external metrics. */
export interface MetricsApi {
  readonly service: { readonly namespace: string; readonly name: string } | undefined;
  readonly available: boolean;
  readonly message: string | undefined;
}

/** KEDA's operator. */
export interface OperatorFacts {
  readonly namespace: string;
  readonly version: string | undefined;
  readonly ready: number;
  /** Namespaces that it watches; empty for all. */
  readonly watched: readonly string[];
  /** Whether its pods are to get tokens of the cluster's issuer. */
  readonly wantsToken: boolean;
  /** Whether a running pod has one; undefined when none could be looked at. */
  readonly hasToken: boolean | undefined;
}

/** What the API server says to an object that it is asked to try. */
export interface Trial {
  /** `Kind/name`. */
  readonly object: string;
  readonly refusal: string | undefined;
  readonly warnings: readonly string[];
}

/** Limits of a namespace. */
export interface NamespaceLimits {
  readonly quotas: readonly {
    readonly name: string;
    readonly hard: Readonly<Record<string, string>>;
    readonly used: Readonly<Record<string, string>>;
  }[];
  readonly ranges: readonly {
    readonly name: string;
    readonly limits: readonly {
      readonly type: string;
      readonly min?: Readonly<Record<string, string>>;
      readonly max?: Readonly<Record<string, string>>;
      readonly default?: Readonly<Record<string, string>>;
      readonly defaultRequest?: Readonly<Record<string, string>>;
    }[];
  }[];
}

/** Whether the cluster's nodes may pull. */
export interface PullFacts {
  readonly registry: ContainerRegistry;
  /** Object id of the kubelet identity. */
  readonly kubelet: string;
  readonly roles: readonly RoleAssignment[];
}

/** A managed identity that the app or its scalers use. */
export interface IdentityFacts {
  readonly clientId: string;
  /** The managed identity; undefined when the subscription has none with that client id. */
  readonly resource: { readonly id: string; readonly name: string; readonly principalId: string } | undefined;
  readonly credentials: readonly {
    readonly name: string;
    readonly issuer: string;
    readonly subject: string;
    readonly audiences: readonly string[];
  }[];
}

/** Rights of an identity on the storage account of a queue. */
export interface StorageFacts {
  readonly clientId: string;
  readonly account: string;
  /** Path of the account; undefined when the subscription has none of that name. */
  readonly id: string | undefined;
  readonly principalId: string | undefined;
  readonly roles: readonly RoleAssignment[];
}

/** All that the checks are decided by. */
export interface DoctorFacts {
  readonly subject: DoctorSubject;
  readonly app: Finding<PlannedApp>;
  readonly token: Finding<TokenFacts>;
  readonly signIn: Finding<SignInFacts>;
  readonly subscription: Finding<SubscriptionFacts>;
  readonly cluster: Finding<ClusterFacts>;
  readonly server: Finding<ServerFacts>;
  readonly rights: Finding<RightsFacts>;
  /** Version of KEDA; undefined when the cluster has none. */
  readonly keda: Finding<string | undefined>;
  readonly operator: Finding<OperatorFacts | undefined>;
  readonly metricsApi: Finding<MetricsApi | undefined>;
  readonly trials: Finding<readonly Trial[]>;
  readonly limits: Finding<NamespaceLimits>;
  /** Whether the registry lets us push. */
  readonly push: Finding<true>;
  readonly pull: Finding<PullFacts>;
  readonly identities: Finding<readonly IdentityFacts[]>;
  readonly storage: Finding<readonly StorageFacts[]>;
}

/** The AKS cluster as the Resource Manager describes it. */
export interface ClusterFacts {
  readonly id: string;
  readonly provisioningState: string | undefined;
  readonly powerState: string | undefined;
  readonly kubernetesVersion: string | undefined;
  readonly privateFqdn: string | undefined;
  readonly isPrivate: boolean;
  /** Undefined where one signs in with a local account alone. */
  readonly entra: object | undefined;
  readonly localAccountsDisabled: boolean;
  readonly kedaAddOn: boolean;
  readonly oidcIssuer: string | undefined;
  readonly workloadIdentity: boolean;
}
