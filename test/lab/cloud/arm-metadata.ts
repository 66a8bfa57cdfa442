import type { ArmAnswer } from './arm-answer.ts';

/** What a cloud says of its services, without sign-in. Versions before 2022 give a list. */
export function endpointsFor(origin: string, apiVersion: string): ArmAnswer {
  const body = {
    name: 'AksFunctionsLab',
    portal: origin,
    authentication: {
      loginEndpoint: origin,
      audiences: ['https://management.core.windows.net/', 'https://management.azure.com/'],
      tenant: 'common',
      identityProvider: 'AAD',
    },
    graph: 'https://graph.windows.net/',
    graphAudience: 'https://graph.windows.net/',
    resourceManager: `${origin}/`,
    suffixes: { acrLoginServer: 'azurecr.io', storage: 'core.windows.net', keyVaultDns: 'vault.azure.net' },
  };
  return { status: 200, body: apiVersion < '2022' ? [body] : body };
}
