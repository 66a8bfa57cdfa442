import type { AzureEnvironment } from '../core/azure/environment.ts';
import type { Secret } from '../core/secret.ts';

/** A token to send as bearer. */
export interface AccessToken {
  readonly token: Secret;
  /** Milliseconds since 1970. */
  readonly expires: number;
}

/** Whom a token speaks for, as its claims say. */
export interface Principal {
  readonly objectId: string;
  readonly clientId: string;
  readonly tenantId: string;
}

/** A signed-in identity. Every method throws UserError with cause and cure when the sign-in is refused or not answered. */
export interface AzureIdentity {
  readonly environment: AzureEnvironment;
  /** Kept until shortly before its end; one request per scope, also when several ask at once. */
  token(scope: string, signal: AbortSignal): Promise<AccessToken>;
  /** Whom the token of a scope speaks for. */
  principal(scope: string, signal: AbortSignal): Promise<Principal>;
}

/** A request to the Resource Manager. */
export interface ResourceCall {
  readonly method: 'GET' | 'PUT' | 'PATCH' | 'POST' | 'DELETE';
  /** From `/subscriptions/` on, without a query. */
  readonly path: string;
  readonly apiVersion: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** What it is for, as in `read cluster "shop"`; goes on from "could not". */
  readonly doing: string;
  /** Statuses that are answers beside the 200s. */
  readonly accepts?: readonly number[];
  readonly signal: AbortSignal;
}

/** An answer of the Resource Manager: `code` is the error's code where there is one. */
export interface ResourceAnswer {
  readonly status: number;
  readonly body: unknown;
  readonly code?: string;
}

/** Azure's Resource Manager for one subscription. Throttling and passing failures are repeated within limits. */
export interface ResourceManager {
  readonly subscriptionId: string;
  /** Throws RemoteError, which has the status, for one that is neither a success nor accepted; follows long-running operations to their end. */
  call(call: ResourceCall): Promise<ResourceAnswer>;
  /** Every entry of a list, over all of its pages. */
  list(call: Omit<ResourceCall, 'method' | 'body' | 'accepts'>): Promise<readonly unknown[]>;
}

/** Which cluster. */
export interface ClusterId {
  readonly subscriptionId: string;
  readonly resourceGroup: string;
  readonly name: string;
}

/** What the Resource Manager says of a cluster; absent where it does not say. */
export interface ManagedCluster {
  readonly id: string;
  readonly location: string | undefined;
  readonly provisioningState: string | undefined;
  readonly powerState: string | undefined;
  readonly kubernetesVersion: string | undefined;
  readonly fqdn: string | undefined;
  readonly privateFqdn: string | undefined;
  readonly isPrivate: boolean;
  readonly runCommandDisabled: boolean;
  readonly nodeResourceGroup: string | undefined;
  readonly entra: { readonly tenantId: string | undefined; readonly azureRbac: boolean } | undefined;
  readonly localAccountsDisabled: boolean;
  readonly kedaAddOn: boolean;
  readonly oidcIssuer: string | undefined;
  readonly workloadIdentity: boolean;
  readonly kubeletIdentity:
    | { readonly objectId: string; readonly clientId: string | undefined; readonly resourceId: string | undefined }
    | undefined;
}

/** AKS clusters. */
export interface ManagedClusters {
  /** Throws UserError that offers the nearest names when there is none. */
  find(id: ClusterId, signal: AbortSignal): Promise<ManagedCluster>;
  /** Text of the kubeconfig: of the user where the cluster signs in by Entra, else of the local account. */
  kubeconfig(id: ClusterId, cluster: ManagedCluster, signal: AbortSignal): Promise<Secret>;
}
