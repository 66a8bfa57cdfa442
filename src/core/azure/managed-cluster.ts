import * as v from 'valibot';
import { resourcePath } from './resource-id.ts';

/** Which cluster. */
export interface ClusterId {
  readonly subscriptionId: string;
  readonly resourceGroup: string;
  readonly name: string;
}

/** What the Resource Manager says of a cluster; absent where it does not say. */
export interface ManagedCluster {
  readonly id: string;
  readonly location: string | undefined;
  readonly provisioningState: string | undefined;
  readonly powerState: string | undefined;
  readonly kubernetesVersion: string | undefined;
  readonly fqdn: string | undefined;
  readonly privateFqdn: string | undefined;
  readonly isPrivate: boolean;
  readonly runCommandDisabled: boolean;
  readonly nodeResourceGroup: string | undefined;
  readonly entra: { readonly tenantId: string | undefined; readonly azureRbac: boolean } | undefined;
  readonly localAccountsDisabled: boolean;
  readonly kedaAddOn: boolean;
  readonly oidcIssuer: string | undefined;
  readonly workloadIdentity: boolean;
  readonly kubeletIdentity:
    | { readonly objectId: string; readonly clientId: string | undefined; readonly resourceId: string | undefined }
    | undefined;
}

/** Version of the Resource Manager's API for clusters; one that every cloud has. */
export const clusterApiVersion = '2025-05-01';

const kind = 'Microsoft.ContainerService';

/** Path of a cluster. */
export function clusterPath({ subscriptionId, resourceGroup, name }: ClusterId): string {
  return resourcePath(subscriptionId, resourceGroup, kind, 'managedClusters', name);
}

/** Path of the list of all clusters of a subscription. */
export function clustersPath(subscriptionId: string): string {
  return resourcePath(subscriptionId, undefined, kind, 'managedClusters');
}

const text = v.nullish(v.string());
const flag = v.nullish(v.boolean());
const part = <Fields extends v.ObjectEntries>(fields: Fields) => v.nullish(v.object(fields));

const bodySchema = v.object({
  id: v.string(),
  location: text,
  properties: v.object({
    provisioningState: text,
    powerState: part({ code: text }),
    currentKubernetesVersion: text,
    kubernetesVersion: text,
    fqdn: text,
    privateFQDN: text,
    nodeResourceGroup: text,
    disableLocalAccounts: flag,
    aadProfile: part({ tenantID: text, enableAzureRBAC: flag }),
    apiServerAccessProfile: part({ enablePrivateCluster: flag, disableRunCommand: flag }),
    workloadAutoScalerProfile: part({ keda: part({ enabled: flag }) }),
    oidcIssuerProfile: part({ enabled: flag, issuerURL: text }),
    securityProfile: part({ workloadIdentity: part({ enabled: flag }) }),
    identityProfile: v.nullish(v.record(v.string(), v.object({ objectId: text, clientId: text, resourceId: text }))),
  }),
});

type Properties = v.InferOutput<typeof bodySchema>['properties'];

/** A cluster from the body that the Resource Manager gives for it; undefined for a body that is none. */
export function parseManagedCluster(body: unknown): ManagedCluster | undefined {
  const { success, output } = v.safeParse(bodySchema, body);
  if (!success) return undefined;
  const { id, location, properties } = output;
  return {
    id,
    location: location ?? undefined,
    provisioningState: properties.provisioningState ?? undefined,
    powerState: properties.powerState?.code ?? undefined,
    kubernetesVersion: properties.currentKubernetesVersion ?? properties.kubernetesVersion ?? undefined,
    fqdn: properties.fqdn ?? undefined,
    privateFqdn: properties.privateFQDN ?? undefined,
    nodeResourceGroup: properties.nodeResourceGroup ?? undefined,
    isPrivate: properties.apiServerAccessProfile?.enablePrivateCluster === true,
    runCommandDisabled: properties.apiServerAccessProfile?.disableRunCommand === true,
    localAccountsDisabled: properties.disableLocalAccounts === true,
    kedaAddOn: properties.workloadAutoScalerProfile?.keda?.enabled === true,
    workloadIdentity: properties.securityProfile?.workloadIdentity?.enabled === true,
    ...identitiesOf(properties),
  };
}

function identitiesOf({ aadProfile, oidcIssuerProfile, identityProfile }: Properties) {
  const kubelet = identityProfile?.kubeletidentity;
  return {
    entra: aadProfile
      ? { tenantId: aadProfile.tenantID ?? undefined, azureRbac: aadProfile.enableAzureRBAC === true }
      : undefined,
    oidcIssuer: oidcIssuerProfile?.enabled ? (oidcIssuerProfile.issuerURL ?? undefined) : undefined,
    kubeletIdentity: kubelet?.objectId
      ? {
          objectId: kubelet.objectId,
          clientId: kubelet.clientId ?? undefined,
          resourceId: kubelet.resourceId ?? undefined,
        }
      : undefined,
  };
}

/** Whether the cluster serves now, will soon, or only after someone has acted. */
export type ClusterReadiness =
  | { readonly kind: 'ready' }
  | { readonly kind: 'changing'; readonly state: string }
  | { readonly kind: 'unusable'; readonly fault: string };

/** Readiness by power and provisioning state, with the command that cures what no waiting will. */
export function readinessOf(
  id: ClusterId,
  { powerState, provisioningState = 'Succeeded' }: ManagedCluster,
): ClusterReadiness {
  const { name, resourceGroup, subscriptionId } = id;
  const where = `--name ${name} --resource-group ${resourceGroup} --subscription ${subscriptionId}`;
  if (provisioningState === 'Deleting')
    return { kind: 'unusable', fault: `Cluster "${name}" is being deleted. Name another one in the input "cluster".` };
  if (powerState === 'Stopped' && provisioningState !== 'Starting')
    return {
      kind: 'unusable',
      fault: `Cluster "${name}" is stopped. Start it by "az aks start ${where}", then run again.`,
    };
  // A cluster whose last change failed, or was called off, mostly serves; what it asks for shows what is wrong.
  if (['Succeeded', 'Failed', 'Canceled'].includes(provisioningState)) return { kind: 'ready' };
  return { kind: 'changing', state: provisioningState };
}
