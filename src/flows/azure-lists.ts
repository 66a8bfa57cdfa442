import { type ContainerRegistry, parseContainerRegistry } from '../core/azure/container-registry.ts';
import { clusterApiVersion } from '../core/azure/managed-cluster.ts';
import { parseRoleAssignment, type RoleAssignment } from '../core/azure/role-assignment.ts';
import type { IdentityFacts, SubscriptionFacts } from '../core/doctor/facts.ts';
import { isRecord, strings } from '../core/json.ts';
import type { ResourceManager } from './azure-port.ts';

/** Versions of the APIs, each the newest stable one that has all we read. */
export const apiVersions = {
  subscriptions: '2022-12-01',
  roleAssignments: '2022-04-01',
  registries: '2025-11-01',
  identities: '2024-11-30',
  storageAccounts: '2024-01-01',
  managedClusters: clusterApiVersion,
} as const;

type Fields = Readonly<Record<string, unknown>>;

/** The subscription as the Resource Manager describes it. */
export async function fetchSubscription(manager: ResourceManager, signal: AbortSignal): Promise<SubscriptionFacts> {
  const id = manager.subscriptionId;
  const { body } = await manager.call({
    method: 'GET',
    path: `/subscriptions/${encodeURIComponent(id)}`,
    apiVersion: apiVersions.subscriptions,
    doing: `read the subscription "${id}"`,
    signal,
  });
  const { displayName, state } = fieldsOf(body);
  return { id, name: textOf(displayName), state: textOf(state) };
}

/** The registry with that login server; undefined when the subscription has none. */
export async function findRegistry(
  manager: ResourceManager,
  host: string,
  signal: AbortSignal,
): Promise<ContainerRegistry | undefined> {
  const all = await manager.list({
    path: providerPath(manager, 'Microsoft.ContainerRegistry/registries'),
    apiVersion: apiVersions.registries,
    doing: 'list the registries of the subscription',
    signal,
  });
  return all.map(parseContainerRegistry).find(registry => registry?.loginServer === host.toLowerCase());
}

/** Roles that a principal has on a resource, also by what is above it. */
export async function listRoles(
  manager: ResourceManager,
  scope: string,
  principalId: string,
  signal: AbortSignal,
): Promise<readonly RoleAssignment[]> {
  const all = await manager.list({
    path: `${scope}/providers/Microsoft.Authorization/roleAssignments`,
    apiVersion: apiVersions.roleAssignments,
    query: { $filter: `atScope() and assignedTo('${principalId}')` },
    doing: `list the role assignments on "${scope}"`,
    signal,
  });
  return all.map(parseRoleAssignment).filter(found => found !== undefined);
}

/** Managed identities of the subscription with these client ids, and whom they trust. */
export async function findIdentities(
  manager: ResourceManager,
  clientIds: readonly string[],
  signal: AbortSignal,
): Promise<readonly IdentityFacts[]> {
  const all = await manager.list({
    path: providerPath(manager, 'Microsoft.ManagedIdentity/userAssignedIdentities'),
    apiVersion: apiVersions.identities,
    doing: 'list the managed identities of the subscription',
    signal,
  });
  const found = all.map(fieldsOf);
  return Promise.all(
    clientIds.map(async clientId => {
      const entry = found.find(
        one => textOf(fieldsOf(one.properties).clientId)?.toLowerCase() === clientId.toLowerCase(),
      );
      if (!entry) return { clientId, resource: undefined, credentials: [] };
      const [id, principalId] = [String(entry.id), textOf(fieldsOf(entry.properties).principalId) ?? ''];
      const resource = { id, name: String(entry.name), principalId };
      return { clientId, resource, credentials: await listCredentials(manager, id, signal) };
    }),
  );
}

async function listCredentials(
  manager: ResourceManager,
  identity: string,
  signal: AbortSignal,
): Promise<IdentityFacts['credentials']> {
  const all = await manager.list({
    path: `${identity}/federatedIdentityCredentials`,
    apiVersion: apiVersions.identities,
    doing: `list the federated credentials of "${identity}"`,
    signal,
  });
  return all.map(entry => {
    const { name, properties } = fieldsOf(entry);
    const { issuer, subject, audiences } = fieldsOf(properties);
    return {
      name: String(name),
      issuer: textOf(issuer) ?? '',
      subject: textOf(subject) ?? '',
      audiences: strings(audiences),
    };
  });
}

/** Paths of the storage accounts of the subscription by their names, which are unique in the world. */
export async function listStorageAccounts(
  manager: ResourceManager,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  const all = await manager.list({
    path: providerPath(manager, 'Microsoft.Storage/storageAccounts'),
    apiVersion: apiVersions.storageAccounts,
    doing: 'list the storage accounts of the subscription',
    signal,
  });
  return new Map(all.map(fieldsOf).map(({ name, id }) => [String(name).toLowerCase(), String(id)]));
}

function providerPath({ subscriptionId }: ResourceManager, kind: string): string {
  return `/subscriptions/${encodeURIComponent(subscriptionId)}/providers/${kind}`;
}

function fieldsOf(value: unknown): Fields {
  return isRecord(value) ? value : {};
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
