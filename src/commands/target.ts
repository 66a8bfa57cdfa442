import type { TargetInputs } from '../core/inputs/target.ts';
import { connectCluster } from '../edges/cluster/kubernetes-cluster.ts';
import type { AzureIdentity, ManagedCluster, ResourceManager } from '../flows/azure-port.ts';
import type { Cluster } from '../flows/cluster-port.ts';
import type { Azure, AzureSetting } from './azure.ts';

/** The cluster of a command, and what it is reached through. */
export interface Target {
  readonly cluster: Cluster;
  readonly identity: AzureIdentity | undefined;
  readonly resourceManager: ResourceManager | undefined;
  /** There for an AKS cluster that the inputs name. */
  readonly managedCluster: ManagedCluster | undefined;
}

/** Connects to the cluster that the inputs name: that of a kubeconfig, or an AKS cluster that serves. */
export async function openTarget(
  inputs: TargetInputs,
  azure: Azure | undefined,
  setting: AzureSetting,
): Promise<Target> {
  const { signal, output } = setting;
  const [identity, resourceManager] = [azure?.identity, azure?.resourceManager];
  const ready = await azure?.readyCluster();
  if (!ready) {
    const { kubeconfig = '' } = inputs;
    const cluster = await connectCluster({ kubeconfig, mask: output.mask, signal, identity });
    return { cluster, identity, resourceManager, managedCluster: undefined };
  }
  const { cluster: managedCluster, kubeconfig } = ready;
  const name = inputs.cluster?.name ?? '';
  const cluster = await connectCluster({
    ...{ kubeconfig: kubeconfig.reveal(), mask: output.mask, signal, identity },
    advice: {
      refused: `Cluster "${name}" refused the signed-in identity (401 Unauthorized). Its Entra sign-in must be of the tenant of input "tenant-id".`,
      unreachable: unreachableAdvice(name, managedCluster),
    },
  });
  return { cluster, identity, resourceManager, managedCluster };
}

function unreachableAdvice(name: string, { isPrivate, privateFqdn, fqdn }: ManagedCluster): string {
  if (!isPrivate)
    return `Check that cluster "${name}" lets this machine in: its authorized IP ranges, and the network of a self-hosted runner.`;
  return `Cluster "${name}" is private: only its virtual network reaches "${privateFqdn ?? fqdn ?? ''}". Use a self-hosted runner in that network, or in one that is peered with it and resolves this name.`;
}
