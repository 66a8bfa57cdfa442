import type { AzureIdentity } from './azure-port.ts';
import type { AccessOf, Credentials } from './ports.ts';

/** Where the sign-in at a registry can come from. */
export interface AccessSources {
  /** Credentials that were given for one host. */
  readonly given?: { readonly host: string | undefined; readonly credentials: Credentials } | undefined;
  /** The signed-in identity, and which hosts are registries of Azure: its tokens go to no other host. */
  readonly azure?: {
    readonly identity: AzureIdentity;
    isRegistry(host: string, signal: AbortSignal): Promise<boolean>;
  };
  /** What an earlier step of the job or the user of this machine signed in with. */
  dockerLogin(host: string, signal: AbortSignal): Promise<Credentials | undefined>;
}

/** How to sign in at a host: as was given for it, else as the identity where the registry is of Azure, else as Docker would. */
export function registryAccess({ given, azure, dockerLogin }: AccessSources): AccessOf {
  return async (host, signal) => {
    if (given && given.host === host) return given.credentials;
    if (azure && (await azure.isRegistry(host, signal))) return { identity: azure.identity };
    return dockerLogin(host, signal);
  };
}
