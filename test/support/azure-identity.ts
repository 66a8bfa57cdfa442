import type { AzureEnvironment } from '../../src/core/azure/environment.ts';
import { Secret } from '../../src/core/secret.ts';
import type { AzureIdentity } from '../../src/flows/azure-port.ts';

/** An environment at the addresses of Azure, which no test contacts. */
export const azureEnvironment: AzureEnvironment = {
  name: 'AzureCloud',
  resourceManager: 'https://management.azure.com',
  authority: 'https://login.microsoftonline.com',
  isKnownAuthority: true,
  tokenExchangeAudience: 'api://AzureADTokenExchange',
  registrySuffix: 'azurecr.io',
  storageSuffix: 'core.windows.net',
  scopes: {
    resourceManager: 'https://management.azure.com/.default',
    registry: 'https://containerregistry.azure.net/.default',
    cluster: '6dae42f8-4368-4678-94ff-3960e28e3630/.default',
    storage: 'https://storage.azure.com/.default',
  },
};

/** An identity whose token names its scope. */
export function identityOf(clientId = 'client-1'): AzureIdentity & { readonly asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    environment: azureEnvironment,
    async token(scope) {
      asked.push(scope);
      return { token: new Secret(`token for ${scope}`), expires: Date.now() + 3_600_000 };
    },
    principal: async () => ({ objectId: 'object-1', clientId, tenantId: 'tenant-1' }),
  };
}
