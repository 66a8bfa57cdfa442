/** A role: what it allows on resources and on their content. */
export interface RoleDefinition {
  readonly id: string;
  readonly name: string;
  readonly actions: readonly string[];
  readonly notActions?: readonly string[];
  readonly dataActions?: readonly string[];
}

const aks = 'Microsoft.ContainerService/managedClusters';
const acr = 'Microsoft.ContainerRegistry/registries';
const authorization = 'Microsoft.Authorization';
const identity = 'Microsoft.ManagedIdentity/userAssignedIdentities';
const messages = 'Microsoft.Storage/storageAccounts/queueServices/queues/messages';
const queues = 'Microsoft.Storage/storageAccounts/queueServices/queues';

/** Azure's own roles, as far as this product has to do with them. A test may add more. */
export const roleDefinitions: RoleDefinition[] = [
  { id: '8e3af657-a8ff-443c-a75c-2fe8c4bcb635', name: 'Owner', actions: ['*'] },
  {
    id: 'b24988ac-6180-42a0-ab88-20f7382dd24c',
    name: 'Contributor',
    actions: ['*'],
    notActions: [`${authorization}/*/Delete`, `${authorization}/*/Write`, `${authorization}/elevateAccess/Action`],
  },
  { id: 'acdd72a7-3385-48ef-bd42-f606fba81ae7', name: 'Reader', actions: ['*/read'] },
  {
    id: '18d7d88d-d35e-4fb5-a5c3-7773c20a72d9',
    name: 'User Access Administrator',
    actions: ['*/read', `${authorization}/*`],
  },
  {
    id: 'f58310d9-a9f6-439a-9e8d-f62e7b41a168',
    name: 'Role Based Access Control Administrator',
    actions: [`${authorization}/roleAssignments/write`, `${authorization}/roleAssignments/delete`, '*/read'],
  },
  {
    id: '4abbcc35-e782-43d8-92c5-2d3f1bd2253f',
    name: 'Azure Kubernetes Service Cluster User Role',
    actions: [`${aks}/read`, `${aks}/listClusterUserCredential/action`],
  },
  {
    id: '0ab0b1a8-8aac-4efd-b8c2-3ee1fb270be8',
    name: 'Azure Kubernetes Service Cluster Admin Role',
    actions: [
      `${aks}/read`,
      `${aks}/listClusterAdminCredential/action`,
      `${aks}/accessProfiles/listCredential/action`,
      `${aks}/runcommand/action`,
    ],
  },
  {
    id: 'ed7f3fbd-7b88-4dd4-9017-9adb7ce333f8',
    name: 'Azure Kubernetes Service Contributor Role',
    actions: [
      ...[`${aks}/read`, `${aks}/write`, `${aks}/listClusterUserCredential/action`],
      'Microsoft.Resources/deployments/*',
    ],
  },
  { id: '7f951dda-4ed3-4680-a7ca-43fe172d538d', name: 'AcrPull', actions: [`${acr}/pull/read`] },
  { id: '8311e382-0749-4cb8-b61a-304f252e45ec', name: 'AcrPush', actions: [`${acr}/pull/read`, `${acr}/push/write`] },
  { id: 'c2f4ef07-c644-48eb-af81-4b1b4947fb11', name: 'AcrDelete', actions: [`${acr}/artifacts/delete`] },
  {
    id: 'c8d4ff99-41c3-41a8-9f60-21dfdad59608',
    name: 'AcrQuarantineWriter',
    actions: [`${acr}/quarantine/read`, `${acr}/quarantine/write`],
  },
  {
    id: 'b93aa761-3e63-49ed-ac28-beffa264f7ac',
    name: 'Container Registry Repository Reader',
    actions: [],
    dataActions: repositoryRights('read'),
  },
  {
    id: '2a1e307c-b015-4ebd-883e-5b7698a07328',
    name: 'Container Registry Repository Writer',
    actions: [],
    dataActions: repositoryRights('read', 'write'),
  },
  {
    id: '2efddaa5-3f1f-4df3-97df-af3f13818f4c',
    name: 'Container Registry Repository Contributor',
    actions: [],
    dataActions: repositoryRights('read', 'write', 'delete'),
  },
  {
    id: 'bfdb9389-c9a5-478a-bb2f-ba9ca092c3c7',
    name: 'Container Registry Repository Catalog Lister',
    actions: [],
    dataActions: [`${acr}/catalog/read`],
  },
  {
    id: 'e40ec5ca-96e0-45a2-b4ff-59039f2c2b59',
    name: 'Managed Identity Contributor',
    actions: ['read', 'write', 'delete'].flatMap(verb => [
      `${identity}/${verb}`,
      `${identity}/federatedIdentityCredentials/${verb}`,
    ]),
  },
  {
    id: 'f1a07417-d97a-45cb-824c-7a7467783830',
    name: 'Managed Identity Operator',
    actions: [`${identity}/*/read`, `${identity}/read`, `${identity}/*/assign/action`],
  },
  {
    id: '19e7f393-937e-4f77-808e-94535e297925',
    name: 'Storage Queue Data Reader',
    actions: [`${queues}/read`],
    dataActions: [`${messages}/read`],
  },
  {
    id: '8a0f0c08-91a1-4084-bc3d-661d67233fed',
    name: 'Storage Queue Data Message Processor',
    actions: [],
    dataActions: [`${messages}/read`, `${messages}/process/action`],
  },
  {
    id: '974c5e8b-45b9-4653-ba55-5f855dd0fb88',
    name: 'Storage Queue Data Contributor',
    actions: [`${queues}/delete`, `${queues}/read`, `${queues}/write`],
    dataActions: ['read', 'write', 'delete', 'process/action'].map(verb => `${messages}/${verb}`),
  },
];

function repositoryRights(...verbs: readonly string[]): readonly string[] {
  return verbs.flatMap(verb => ['content', 'metadata'].map(part => `${acr}/repositories/${part}/${verb}`));
}
