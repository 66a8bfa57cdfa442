import { resolve } from 'node:path';
import type { TargetInputs } from '../core/inputs/target.ts';
import type { ConnectionOptions } from '../edges/cluster/connection.ts';
import { connectCluster } from '../edges/cluster/kubernetes-cluster.ts';
import { writeCredentialFile } from '../edges/credential-file.ts';
import type { AzureIdentity, ManagedCluster, ResourceManager } from '../flows/azure-port.ts';
import type { Cluster } from '../flows/cluster-port.ts';
import type { ReadyCluster } from '../flows/ready-cluster.ts';
import type { Output } from '../outputs.ts';
import type { Azure, AzureSetting } from './azure.ts';

/** The cluster of a command, and what it is reached through. */
export interface Target {
  readonly cluster: Cluster;
  readonly identity: AzureIdentity | undefined;
  readonly resourceManager: ResourceManager | undefined;
  /** There for an AKS cluster that the inputs name. */
  readonly managedCluster: ManagedCluster | undefined;
}

/**
 * Connects to the cluster that the inputs name: that of a kubeconfig, or an AKS cluster that serves; writes the
 * kubeconfig for later steps where the inputs ask for it.
 */
export async function openTarget(
  inputs: TargetInputs,
  azure: Azure | undefined,
  setting: AzureSetting,
): Promise<Target> {
  const [identity, resourceManager] = [azure?.identity, azure?.resourceManager];
  const ready = await azure?.readyCluster();
  const handOn = kubeconfigWriter(inputs, setting.output);
  const cluster = await connectCluster({ ...connectionOptions(inputs, ready, { ...setting, azure }), handOn });
  return { cluster, identity, resourceManager, managedCluster: ready?.cluster };
}

function kubeconfigWriter({ kubeconfigFile }: TargetInputs, output: Output): ConnectionOptions['handOn'] {
  if (kubeconfigFile === undefined) return undefined;
  const path = resolve(kubeconfigFile);
  return async kubeconfig => {
    await writeCredentialFile(path, kubeconfig, () => output.remember('kubeconfig-file', path));
    output.info(`Wrote the kubeconfig "${path}"`);
  };
}

/** How to connect to the cluster of the kubeconfig, or to an AKS cluster that serves. */
export function connectionOptions(
  inputs: TargetInputs,
  ready: ReadyCluster | undefined,
  { azure, output, signal }: AzureSetting & { readonly azure: Azure | undefined },
): ConnectionOptions {
  const common = { mask: output.mask, signal, identity: azure?.identity };
  if (!ready) return { ...common, kubeconfig: inputs.kubeconfig ?? '' };
  const name = inputs.cluster?.name ?? '';
  return {
    ...common,
    kubeconfig: ready.kubeconfig.reveal(),
    advice: {
      refused: `Cluster "${name}" refused the signed-in identity (401 Unauthorized). Its Entra sign-in must be of the tenant of input "tenant-id".`,
      unreachable: unreachableAdvice(name, ready.cluster),
    },
  };
}

function unreachableAdvice(name: string, { isPrivate, privateFqdn, fqdn }: ManagedCluster): string {
  if (!isPrivate)
    return `Check that cluster "${name}" lets this machine in: its authorized IP ranges, and the network of a self-hosted runner.`;
  return `Cluster "${name}" is private: only its virtual network reaches "${privateFqdn ?? fqdn ?? ''}". Use a self-hosted runner in that network, or in one that is peered with it and resolves this name.`;
}
