import { randomUUID } from 'node:crypto';

/** A directory of Entra. */
export interface Tenant {
  readonly id: string;
  /** Such as `acme.onmicrosoft.com`: sign-in takes it in place of the id. */
  readonly domain: string;
}

export interface Subscription {
  readonly id: string;
  readonly name: string;
  readonly tenantId: string;
  state: 'Enabled' | 'Disabled';
}

export interface ResourceGroup {
  readonly subscriptionId: string;
  readonly name: string;
  readonly location: string;
}

/** A trust in somebody else's token. */
export interface FederatedCredential {
  readonly name: string;
  readonly issuer: string;
  readonly subject: string;
  readonly audiences: readonly string[];
  /** Milliseconds since 1970. */
  readonly createdAt: number;
}

/** An application or managed identity as one tenant knows it. */
export interface Principal {
  readonly objectId: string;
  readonly clientId: string;
  readonly tenantId: string;
  readonly name: string;
  /** Path of the user-assigned identity; absent for applications. */
  readonly resourceId?: string;
  /** Of the user-assigned identity. */
  readonly location?: string;
  /** Object ids. */
  readonly groups: readonly string[];
  /** Password for the client-secret grant. */
  readonly secret?: string;
  federated: readonly FederatedCredential[];
}

export interface RoleAssignment {
  readonly guid: string;
  /** Path of the resource, resource group or subscription. */
  readonly scope: string;
  readonly roleId: string;
  readonly principalId: string;
  /** In Azure's language of conditions. */
  readonly condition?: string;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  /** From when on it gives its rights. */
  readonly effectiveAt: number;
}

/** How an emulated cluster is reached. */
export interface ClusterAccess {
  /** Address of the real API server. */
  readonly server: string;
  /** PEM text of its CA. */
  readonly ca: string;
  /** PEM texts of the local account. */
  readonly cert: string;
  readonly key: string;
  /** Path of the program that commands are run with; there is none in a cloud without a lab. */
  readonly kubectl?: string;
}

/** What the Resource Manager holds of a resource beside its path. */
export interface ResourceBody {
  location: string;
  tags: Readonly<Record<string, string>>;
  properties: Readonly<Record<string, unknown>>;
  [field: string]: unknown;
}

/** A resource of any kind. */
export interface CloudResource {
  /** Path with the letters as it was made. */
  readonly id: string;
  readonly name: string;
  readonly subscriptionId: string;
  readonly resourceGroup: string;
}

export interface ManagedCluster extends CloudResource {
  body: ResourceBody;
  /** Address that its OIDC issuer has once it is enabled. */
  readonly issuer: string;
  readonly access: ClusterAccess;
}

/** Whose rights count: `rbac` the registry's roles, `abac` those on repositories. */
export type RegistryMode = 'rbac' | 'abac';

export interface ContainerRegistry extends CloudResource {
  readonly tenantId: string;
  /** The name that images have in it. */
  loginServer: string;
  /** Host and port where it listens, whatever its name. */
  readonly host: string;
  mode: RegistryMode;
  /** Whether tokens for the Resource Manager are taken in exchange as well. */
  armAudience: boolean;
  /** Whether images must be released before they can be pulled. */
  quarantine: boolean;
  /** Digests of images that were released. */
  readonly released: string[];
  /** Seconds that its own access tokens live. */
  tokenLife: number;
  /** Host and port of the real registry that has the images, over plain HTTP. */
  readonly store: string;
  body: ResourceBody;
}

export interface StorageAccount extends CloudResource {
  body: ResourceBody;
}

/** How much of something a region lets a subscription use. */
export interface Quota {
  readonly location: string;
  /** Such as `cores` or `standardDSv3Family`. */
  readonly name: string;
  readonly localName: string;
  readonly current: number;
  readonly limit: number;
}

export type RequestKind = 'reads' | 'writes' | 'deletes';

/** A bucket of requests. */
export interface Limit {
  readonly size: number;
  readonly perSecond: number;
}

/** All the emulated cloud knows. Its parts read and change it; a test may too. */
export interface CloudState {
  readonly tenants: Tenant[];
  readonly subscriptions: Subscription[];
  readonly resourceGroups: ResourceGroup[];
  readonly principals: Principal[];
  readonly roleAssignments: RoleAssignment[];
  readonly clusters: ManagedCluster[];
  readonly registries: ContainerRegistry[];
  readonly storageAccounts: StorageAccount[];
  readonly quotas: Quota[];
  /** Milliseconds until a new role assignment gives its rights. */
  roleDelay: number;
  /** Milliseconds that a change of a cluster takes. */
  updateTime: number;
  /** How many entries a page of a list has. */
  pageSize: number;
  /** How many requests each caller may make at once, by kind, and how many more each second. */
  readonly limits: Record<RequestKind, Limit>;
}

/** Ids of what every emulated cloud has. */
export interface Home {
  readonly tenantId: string;
  readonly subscriptionId: string;
  readonly resourceGroup: string;
  readonly location: string;
}

/** A cloud with one tenant, one subscription and one resource group, named by `home`. */
export function newCloud(): { readonly state: CloudState; readonly home: Home } {
  const home = {
    tenantId: randomUUID(),
    subscriptionId: randomUUID(),
    resourceGroup: 'shop-group',
    location: 'westeurope',
  };
  const { tenantId, subscriptionId, resourceGroup, location } = home;
  const state: CloudState = {
    tenants: [{ id: tenantId, domain: 'acme.onmicrosoft.com' }],
    subscriptions: [{ id: subscriptionId, name: 'Shop', tenantId, state: 'Enabled' }],
    resourceGroups: [{ subscriptionId, name: resourceGroup, location }],
    ...{ principals: [], roleAssignments: [], clusters: [], registries: [], storageAccounts: [] },
    quotas: [{ location, name: 'cores', localName: 'Total Regional vCPUs', current: 8, limit: 100 }],
    ...{ roleDelay: 0, updateTime: 300, pageSize: 100 },
    limits: {
      reads: { size: 250, perSecond: 25 },
      writes: { size: 200, perSecond: 10 },
      deletes: { size: 200, perSecond: 10 },
    },
  };
  return { state, home };
}

/** Path of a resource; `kind` as in `Microsoft.ContainerService/managedClusters`. */
export function resourcePath(
  where: { readonly subscriptionId: string; readonly resourceGroup: string },
  kind: string,
  name: string,
): string {
  return `/subscriptions/${where.subscriptionId}/resourceGroups/${where.resourceGroup}/providers/${kind}/${name}`;
}

/** Adds an application, or a managed identity when `resourceId` is given; what is not given is made up. */
export function addPrincipal(
  state: CloudState,
  given: Partial<Principal> & Pick<Principal, 'name' | 'tenantId'>,
): Principal {
  const principal = { objectId: randomUUID(), clientId: randomUUID(), groups: [], federated: [], ...given };
  state.principals.push(principal);
  return principal;
}

/** Lets a principal be whoever has a token of that issuer with that subject. */
export function trust(
  principal: Principal,
  given: Pick<FederatedCredential, 'issuer' | 'subject'> & Partial<FederatedCredential>,
): void {
  const credential = {
    name: `trust-${principal.federated.length + 1}`,
    audiences: ['api://AzureADTokenExchange'],
    createdAt: Date.now(),
    ...given,
  };
  principal.federated = [...principal.federated, credential];
}

/** Whether two paths of the Resource Manager name the same thing: it does not look at the case of letters. */
export function samePath(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}

/** Whether `scope` is `path` or something that holds it. */
export function holds(scope: string, path: string): boolean {
  return samePath(scope, path) || path.toLowerCase().startsWith(`${scope.toLowerCase().replace(/\/$/, '')}/`);
}
