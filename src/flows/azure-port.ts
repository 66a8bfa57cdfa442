import type { AzureEnvironment } from '../core/azure/environment.ts';
import type { ClusterId, ManagedCluster } from '../core/azure/managed-cluster.ts';
import type { Secret } from '../core/secret.ts';

export type { ClusterId, ManagedCluster };

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
  /** Version that the resource must still have, or the answer is 412. */
  readonly ifMatch?: string;
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

/** AKS clusters. */
export interface ManagedClusters {
  /** Throws UserError that offers the nearest names when there is none. */
  find(id: ClusterId, signal: AbortSignal): Promise<ManagedCluster>;
  /** Text of the user's kubeconfig: it names a command where the cluster signs in by Entra, else it has a client certificate. */
  kubeconfig(id: ClusterId, signal: AbortSignal): Promise<Secret>;
}
