import { basename } from 'node:path';
import { aksServerApplication } from '../../core/azure/environment.ts';
import type { AzureIdentity } from '../../flows/azure-port.ts';
import type { Credential, CredentialSource, ExecCommand } from './exec-plugin.ts';

/** Whether a kubeconfig's command signs in to Entra, as those of AKS do. */
export function isKubelogin({ command }: ExecCommand): boolean {
  return /^kubelogin(?:\.exe)?$/.test(basename(command));
}

/** Tokens of an identity for the server application that a kubeconfig names; the identity renews them. */
export class EntraToken implements CredentialSource {
  readonly #identity: AzureIdentity;
  readonly #scope: string;

  constructor({ args }: ExecCommand, identity: AzureIdentity) {
    const named = args?.[args.indexOf('--server-id') + 1];
    this.#identity = identity;
    this.#scope = `${args?.includes('--server-id') && named ? named : aksServerApplication}/.default`;
  }

  async credential(signal: AbortSignal): Promise<Credential> {
    const { token } = await this.#identity.token(this.#scope, signal);
    return { token: token.reveal() };
  }
}
