import type { AzureEnvironment } from '../../core/azure/environment.ts';
import type { SignIn } from '../../core/azure/sign-in.ts';
import { UserError } from '../../errors.ts';
import { type HttpSender, NoAnswer } from '../../flows/http-port.ts';
import type { TokenCredential } from './azure-identity.ts';
import type { GitHubToken } from './github-token.ts';
import type { Wire } from './wire.ts';

/** Milliseconds for `az`, which may have to renew its own sign-in. */
const commandDeadline = 60_000;
const probeDeadline = 3000;
const retries = 3;

/** What a credential is made with. */
export interface CredentialOptions {
  readonly environment: AzureEnvironment;
  readonly wire: Wire;
  readonly http: HttpSender;
  /** The job's OIDC token; there with `auth: oidc`. */
  readonly github: GitHubToken | undefined;
  /** Variables of this machine, which say where its managed identity is. */
  readonly variables: NodeJS.ProcessEnv;
}

/** The credential of Azure's library for a way to sign in; nothing is asked of Azure yet. */
export async function credentialFor(signIn: SignIn, options: CredentialOptions): Promise<TokenCredential> {
  const library = await import('./azure-identity.ts');
  const { environment, wire, github } = options;
  const common = {
    authorityHost: environment.authority,
    // It would ask Microsoft about an authority that it does not know, and fail where that cannot be reached.
    disableInstanceDiscovery: !environment.isKnownAuthority,
    additionalPolicies: [{ policy: wire.policy, position: 'perRetry' as const }],
    retryOptions: { maxRetries: retries },
  };
  switch (signIn.auth) {
    case 'oidc': {
      if (!github) throw new Error('no source of OIDC tokens');
      const assertion = async () => (await github.fetch()).token.reveal();
      return new library.ClientAssertionCredential(signIn.tenantId, signIn.clientId, assertion, common);
    }
    case 'client-secret': {
      const { tenantId, clientId, clientSecret } = signIn;
      return new library.ClientSecretCredential(tenantId, clientId, clientSecret.reveal(), common);
    }
    case 'managed-identity': {
      await assertMachineIdentity(options);
      return new library.ManagedIdentityCredential({
        ...(signIn.clientId ? { clientId: signIn.clientId } : {}),
        retryOptions: { maxRetries: 1 },
      });
    }
    case 'azure-cli':
      return new library.AzureCliCredential({
        ...(signIn.tenantId ? { tenantId: signIn.tenantId } : {}),
        processTimeoutInMs: commandDeadline,
      });
  }
}

/** Outside Azure the library would wait for minutes for an address that nobody has. */
async function assertMachineIdentity({ http, variables }: CredentialOptions): Promise<void> {
  if (variables.IDENTITY_ENDPOINT || variables.MSI_ENDPOINT) return;
  const base = variables.AZURE_POD_IDENTITY_AUTHORITY_HOST || 'http://169.254.169.254';
  const url = URL.parse('/metadata/instance?api-version=2021-02-01', base);
  if (!url) throw new UserError(`The variable AZURE_POD_IDENTITY_AUTHORITY_HOST is no URL, got "${base}". Correct it.`);
  // Any answer shows that the service is there.
  await http.send({ method: 'GET', url, headers: { metadata: 'true' }, deadline: probeDeadline }).catch(error => {
    if (!(error instanceof NoAnswer)) throw error;
    throw new UserError(
      'This machine has no managed identity service, which "auth: managed-identity" needs: it is for self-hosted runners in Azure. Use "auth: oidc" elsewhere.',
      { cause: error },
    );
  });
}
