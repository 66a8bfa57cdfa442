import { environmentNames, faultOfResourceManager } from '../azure/environments.ts';
import type { ClusterId } from '../azure/managed-cluster.ts';
import { faultOfClusterName, faultOfResourceGroup, isUuid } from '../azure/resource-id.ts';
import { authKinds, type SignIn } from '../azure/sign-in.ts';
import { faultOfNamespace } from '../names.ts';
import type { InputReader } from './reader.ts';
import type { InputName } from './table.ts';

/** Where to deploy, as whom, and for how long to try. */
export type TargetInputs = ReturnType<typeof readTarget>;

/** Inputs for the target; `needed` when a cluster must be named. */
export function readTarget(read: InputReader, needed: boolean) {
  const namespace = read.text('namespace') ?? 'default';
  const fault = faultOfNamespace(namespace);
  if (fault) read.fault(`Input "namespace" ${fault}`);
  const azure = readAzure(read);
  const kubeconfig = read.text('kubeconfig');
  if (kubeconfig !== undefined && azure.cluster !== undefined)
    read.fault('Inputs "cluster" and "kubeconfig" exclude each other. Remove one of them.');
  if (needed && kubeconfig === undefined && !azure.isNamed)
    read.fault(
      'Inputs "cluster" and "kubeconfig" are both missing. Name the AKS cluster with "cluster" and "resource-group", or give a kubeconfig.',
    );
  const kubeconfigFile = read.text('kubeconfig-file');
  if (kubeconfigFile !== undefined && !needed)
    read.fault('Input "kubeconfig-file" needs a cluster, which "mode: render" does not reach. Remove one of them.');
  const { cluster, signIn, subscriptionId, azureEnvironment } = azure;
  return {
    kubeconfig,
    kubeconfigFile,
    cluster,
    signIn,
    subscriptionId,
    azureEnvironment,
    namespace,
    timeout: read.duration('timeout') ?? 600,
  };
}

/** Fault of a `kubeconfig-file` that is there before this run has made it. */
export function faultOfTakenFile(path: string): string {
  return `Input "kubeconfig-file" names "${path}", which is there already and is not overwritten. Remove it, or name another path.`;
}

/** Fault of a `kubeconfig-file` in a folder that an image is built from, which would take the credential into the image. */
export function faultOfBuiltFile(path: string, folder: string): string {
  return `Input "kubeconfig-file" names "${path}" inside "${folder}", from where it could get into an image. Name a path outside, such as one in the folder RUNNER_TEMP.`;
}

function readAzure(read: InputReader) {
  const azureEnvironment = read.text('azure-environment') ?? 'AzureCloud';
  const isBuiltIn = environmentNames.some(name => name === azureEnvironment);
  const fault = isBuiltIn ? undefined : faultOfResourceManager(azureEnvironment);
  if (fault) read.fault(`Input "azure-environment" ${fault}`);
  const subscriptionId = uuid(read, 'subscription-id');
  const [name, resourceGroup] = [read.text('cluster'), read.text('resource-group')];
  const isNamed = name !== undefined || resourceGroup !== undefined;
  const signIn = readSignIn(read, isNamed);
  return {
    azureEnvironment,
    subscriptionId,
    signIn,
    isNamed,
    cluster: isNamed ? readCluster(read, { name, resourceGroup, subscriptionId }) : undefined,
  };
}

type Given = { readonly [Key in keyof ClusterId]: string | undefined };

function readCluster(read: InputReader, given: Given): ClusterId | undefined {
  const { name, resourceGroup, subscriptionId } = given;
  const missing = [
    ...(name === undefined ? ['cluster'] : []),
    ...(resourceGroup === undefined ? ['resource-group'] : []),
    ...(subscriptionId === undefined && read.text('subscription-id') === undefined ? ['subscription-id'] : []),
  ];
  for (const input of missing) read.fault(`Input "${input}" is missing. ${cures[input]}`);
  const faults = [
    name === undefined ? undefined : prefixed('cluster', faultOfClusterName(name)),
    resourceGroup === undefined ? undefined : prefixed('resource-group', faultOfResourceGroup(resourceGroup)),
  ];
  for (const fault of faults) if (fault) read.fault(fault);
  if (name === undefined || resourceGroup === undefined || subscriptionId === undefined) return undefined;
  return { name, resourceGroup, subscriptionId };
}

const cures: Readonly<Record<string, string>> = {
  cluster: 'Name the AKS cluster; "resource-group" alone does not say which.',
  'resource-group': 'Name the resource group of the AKS cluster, as "az aks list --output table" shows it.',
  'subscription-id': 'Give the subscription of the AKS cluster, as "az account show --query id" prints it.',
};

function prefixed(input: InputName, fault: string | undefined): string | undefined {
  return fault && `Input "${input}" ${fault}`;
}

/** Undefined when nothing is signed in to: with `auth: none`, or when no input asks for it. */
function readSignIn(read: InputReader, isNeeded: boolean): SignIn | undefined {
  const auth = read.choice('auth', authKinds) ?? 'oidc';
  const [clientId, tenantId, clientSecret] = [
    uuid(read, 'client-id'),
    uuid(read, 'tenant-id'),
    read.secret('client-secret'),
  ];
  const given = (['client-id', 'tenant-id', 'client-secret'] as const).filter(name => read.isGiven(name));
  if (auth === 'none') {
    if (isNeeded)
      read.fault('Input "auth" is "none", but an AKS cluster needs a sign-in. Use "auth: oidc", or give a kubeconfig.');
    for (const name of given)
      read.fault(`Input "${name}" is given, though "auth: none" signs in to nothing. Remove one of them.`);
    return undefined;
  }
  if (clientSecret && auth !== 'client-secret')
    read.fault(
      'Input "client-secret" goes with "auth: client-secret" alone. Remove it; "auth: oidc" needs no secret and is recommended.',
    );
  if (auth === 'managed-identity' || auth === 'azure-cli') return { auth, clientId, tenantId };
  if (auth === 'oidc' && !isNeeded && given.length === 0) return undefined;
  assertGiven(
    read,
    ['client-id', 'tenant-id'],
    `"auth: ${auth}" signs in as the identity of that id, as "az identity show" prints it.`,
  );
  if (auth === 'oidc') return clientId && tenantId ? { auth, clientId, tenantId } : undefined;
  assertGiven(read, ['client-secret'], 'Give it from a secret; better, use "auth: oidc", which needs none.');
  return clientId && tenantId && clientSecret ? { auth, clientId, tenantId, clientSecret } : undefined;
}

function assertGiven(read: InputReader, names: readonly InputName[], cure: string): void {
  for (const name of names) if (!read.isGiven(name)) read.fault(`Input "${name}" is missing. ${cure}`);
}

function uuid(read: InputReader, name: InputName): string | undefined {
  const value = read.text(name);
  if (value === undefined || isUuid(value)) return value;
  read.fault(
    `Input "${name}" must be an id such as "11111111-2222-3333-4444-555555555555", got "${value}". Ids are what "az account show" and "az identity show" print.`,
  );
  return undefined;
}
