import { randomUUID } from 'node:crypto';
import {
  addPrincipal,
  type CloudState,
  type ClusterAccess,
  type ContainerRegistry,
  type ManagedCluster,
  type Principal,
  type RegistryMode,
  resourcePath,
  type StorageAccount,
} from './state.ts';

/** Where a resource is made. */
export interface Place {
  readonly tenantId: string;
  readonly subscriptionId: string;
  readonly resourceGroup: string;
  readonly location: string;
}

export const kinds = {
  cluster: 'Microsoft.ContainerService/managedClusters',
  registry: 'Microsoft.ContainerRegistry/registries',
  identity: 'Microsoft.ManagedIdentity/userAssignedIdentities',
  storage: 'Microsoft.Storage/storageAccounts',
} as const;

function resourceOf({ subscriptionId, resourceGroup }: Place, kind: string, name: string) {
  return { id: resourcePath({ subscriptionId, resourceGroup }, kind, name), name, subscriptionId, resourceGroup };
}

/** What may be said of a cluster; the first of each is what a new one has. */
export interface ClusterTraits {
  readonly name: string;
  readonly access: ClusterAccess;
  /** Sign-in by Entra, with accounts of the cluster beside it or without. */
  readonly entra?: boolean;
  readonly localAccounts?: boolean;
  readonly keda?: boolean;
  readonly workloadIdentity?: boolean;
  readonly isPrivate?: boolean;
  readonly runCommand?: boolean;
  readonly stopped?: boolean;
  readonly kubernetesVersion?: string;
  readonly issuer?: string;
  /** Identity that pulls images; made with the cluster unless given. */
  readonly kubelet?: Principal;
}

/** Adds a cluster with Entra sign-in and without local accounts, unless the traits say else. */
export function addCluster(state: CloudState, place: Place, traits: ClusterTraits): ManagedCluster {
  const { name, access, kubelet = addKubeletIdentity(state, place, name) } = traits;
  const issuer = traits.issuer ?? `https://${place.location}.oic.prod-aks.azure.com/${place.tenantId}/${randomUUID()}/`;
  const cluster: ManagedCluster = {
    ...resourceOf(place, kinds.cluster, name),
    ...{ access, issuer },
    body: {
      location: place.location,
      tags: {},
      sku: { name: 'Base', tier: 'Standard' },
      identity: { type: 'SystemAssigned', principalId: randomUUID(), tenantId: place.tenantId },
      eTag: randomUUID(),
      properties: clusterProperties(place, traits, kubelet, issuer),
    },
  };
  state.clusters.push(cluster);
  return cluster;
}

function clusterProperties(place: Place, traits: ClusterTraits, kubelet: Principal, issuer: string) {
  const { name, entra = true, localAccounts = false, workloadIdentity = false, isPrivate = false } = traits;
  const host = `${name}-${place.resourceGroup}`.slice(0, 20);
  const address = `.${place.location}.azmk8s.io`;
  return {
    provisioningState: 'Succeeded',
    powerState: { code: traits.stopped ? 'Stopped' : 'Running' },
    kubernetesVersion: traits.kubernetesVersion ?? '1.36.3',
    currentKubernetesVersion: traits.kubernetesVersion ?? '1.36.3',
    dnsPrefix: name,
    ...(isPrivate
      ? { privateFQDN: `${host}.${randomUUID()}.privatelink${address}`, fqdn: '' }
      : { fqdn: `${host}${address}` }),
    agentPoolProfiles: [{ name: 'nodepool1', count: 1, vmSize: 'Standard_D2s_v5', mode: 'System', osType: 'Linux' }],
    nodeResourceGroup: `MC_${place.resourceGroup}_${name}_${place.location}`,
    enableRBAC: true,
    disableLocalAccounts: entra && !localAccounts,
    ...(entra ? { aadProfile: { managed: true, enableAzureRBAC: false, tenantID: place.tenantId } } : {}),
    apiServerAccessProfile: { enablePrivateCluster: isPrivate, disableRunCommand: traits.runCommand === false },
    oidcIssuerProfile: workloadIdentity ? { enabled: true, issuerURL: issuer } : { enabled: false },
    securityProfile: workloadIdentity ? { workloadIdentity: { enabled: true } } : {},
    workloadAutoScalerProfile: { keda: { enabled: traits.keda ?? false } },
    identityProfile: {
      kubeletidentity: {
        resourceId: kubelet.resourceId,
        clientId: kubelet.clientId,
        objectId: kubelet.objectId,
      },
    },
  };
}

/** Adds the identity by which the nodes of a cluster pull images, in the group of its nodes. */
export function addKubeletIdentity(state: CloudState, place: Place, cluster: string): Principal {
  const group = `MC_${place.resourceGroup}_${cluster}_${place.location}`;
  state.resourceGroups.push({ subscriptionId: place.subscriptionId, name: group, location: place.location });
  return addIdentity(state, { ...place, resourceGroup: group }, `${cluster}-agentpool`);
}

/** Adds a user-assigned identity. */
export function addIdentity(state: CloudState, place: Place, name: string): Principal {
  const { id } = resourceOf(place, kinds.identity, name);
  return addPrincipal(state, { name, tenantId: place.tenantId, resourceId: id, location: place.location });
}

/** What may be said of a registry. */
export interface RegistryTraits {
  readonly name: string;
  readonly loginServer: string;
  /** Host and port where it listens; the login server unless given. */
  readonly host?: string;
  /** Host and port of the real registry behind it; there is none unless given, and no image can be had. */
  readonly store?: string;
  readonly mode?: RegistryMode;
  readonly armAudience?: boolean;
  readonly quarantine?: boolean;
}

/** Adds a registry whose own roles count, which takes only tokens for registries, without quarantine, unless the traits say else. */
export function addRegistry(state: CloudState, place: Place, traits: RegistryTraits): ContainerRegistry {
  const { name, loginServer, mode = 'rbac', armAudience = false, quarantine = false, store = '127.0.0.1:1' } = traits;
  const { host = loginServer } = traits;
  const registry: ContainerRegistry = {
    ...resourceOf(place, kinds.registry, name),
    tenantId: place.tenantId,
    ...{ loginServer, host, store, mode, armAudience, quarantine, released: [], tokenLife: 4500 },
    body: {
      location: place.location,
      tags: {},
      sku: { name: 'Premium', tier: 'Premium' },
      properties: { creationDate: new Date().toISOString(), provisioningState: 'Succeeded', adminUserEnabled: false },
    },
  };
  state.registries.push(registry);
  return registry;
}

/** Adds a storage account; `queueEndpoint` is an address. */
export function addStorageAccount(
  state: CloudState,
  place: Place,
  { name, queueEndpoint }: { readonly name: string; readonly queueEndpoint: string },
): StorageAccount {
  const account: StorageAccount = {
    ...resourceOf(place, kinds.storage, name),
    body: {
      location: place.location,
      tags: {},
      sku: { name: 'Standard_LRS', tier: 'Standard' },
      kind: 'StorageV2',
      properties: { provisioningState: 'Succeeded', primaryEndpoints: { queue: queueEndpoint } },
    },
  };
  state.storageAccounts.push(account);
  return account;
}

/** Changes some properties of a cluster at once, such as `{ powerState: { code: 'Stopped' } }`. */
export function changeCluster(cluster: ManagedCluster, properties: Readonly<Record<string, unknown>>): void {
  cluster.body = { ...cluster.body, properties: { ...cluster.body.properties, ...properties } };
}
