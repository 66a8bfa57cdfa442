/** An Azure cloud: where its services are and for whom their tokens are. */
export interface AzureEnvironment {
  readonly name: string;
  /** Base URL of the Resource Manager, without a slash at its end. */
  readonly resourceManager: string;
  /** Base URL of Entra, without a slash at its end. */
  readonly authority: string;
  /** False where the sign-in library does not know the authority by itself. */
  readonly isKnownAuthority: boolean;
  /** Audience that GitHub's token for the exchange must have. */
  readonly tokenExchangeAudience: string;
  /** End of the login servers' names, such as `azurecr.io`. */
  readonly registrySuffix: string;
  /** End of the storage endpoints' names, such as `core.windows.net`. */
  readonly storageSuffix: string;
  readonly scopes: AzureScopes;
}

/** Scope of the token for each kind of service. */
export interface AzureScopes {
  readonly resourceManager: string;
  readonly registry: string;
  /** The AKS server application, unless the kubeconfig names another one. */
  readonly cluster: string;
  readonly storage: string;
}

/** Application that every AKS cluster with Entra sign-in accepts tokens for. */
export const aksServerApplication = '6dae42f8-4368-4678-94ff-3960e28e3630';
