import { clusterApiVersion, clusterPath, clustersPath, parseManagedCluster } from '../../core/azure/managed-cluster.ts';
import { partOfId } from '../../core/azure/resource-id.ts';
import { isRecord } from '../../core/json.ts';
import { nearest } from '../../core/nearest.ts';
import { Secret } from '../../core/secret.ts';
import { RemoteError, UserError } from '../../errors.ts';
import type { ClusterId, ManagedCluster, ManagedClusters, ResourceManager } from '../../flows/azure-port.ts';

const apiVersion = clusterApiVersion;

/** AKS clusters of a Resource Manager. */
export class AksClusters implements ManagedClusters {
  readonly #manager: ResourceManager;

  constructor(manager: ResourceManager) {
    this.#manager = manager;
  }

  async find(id: ClusterId, signal: AbortSignal): Promise<ManagedCluster> {
    const doing = `read cluster "${id.name}" in resource group "${id.resourceGroup}"`;
    const { status, body, code } = await this.#manager.call({
      ...{ method: 'GET', path: clusterPath(id), apiVersion, doing, signal },
      accepts: [404],
    });
    if (status === 404) throw await this.#notFound(id, code, signal);
    const cluster = parseManagedCluster(body);
    if (cluster) return cluster;
    throw new UserError(
      `Could not ${doing}: the answer is not that of a cluster. Check the input "azure-environment".`,
    );
  }

  async kubeconfig(id: ClusterId, signal: AbortSignal): Promise<Secret> {
    const doing = `get the credentials of cluster "${id.name}"`;
    const { status, body } = await this.#manager.call({
      ...{ method: 'POST', path: `${clusterPath(id)}/listClusterUserCredential`, apiVersion, doing, signal },
      // Of no account for a cluster without Entra, so that the cluster need not be known before.
      query: { format: 'exec' },
      accepts: [404],
    });
    if (status === 404)
      throw new RemoteError(
        `Could not ${doing}: it is not there, or was deleted meanwhile. Check the inputs "cluster" and "resource-group".`,
        404,
      );
    const text = kubeconfigIn(body);
    if (text) return text;
    throw new UserError(`Could not ${doing}: the answer has no kubeconfig. Check the input "azure-environment".`);
  }

  async #notFound(id: ClusterId, code: string | undefined, signal: AbortSignal): Promise<RemoteError> {
    const { name, resourceGroup, subscriptionId } = id;
    if (code === 'SubscriptionNotFound' || code === 'InvalidSubscriptionId')
      return new RemoteError(
        `The signed-in identity sees no subscription "${subscriptionId}". Correct the input "subscription-id", or give the identity a role in that subscription.`,
        404,
      );
    const known = await this.#knownIds(signal);
    return new RemoteError(
      `There is no cluster "${name}" in resource group "${resourceGroup}" of subscription "${subscriptionId}". ${adviceOf(id, known)}`,
      404,
    );
  }

  /** Ids of the clusters that the identity may see; none when it may not list them, since that is not what was asked. */
  async #knownIds(signal: AbortSignal): Promise<readonly string[]> {
    const path = clustersPath(this.#manager.subscriptionId);
    try {
      const entries = await this.#manager.list({ path, apiVersion, doing: 'list the clusters', signal });
      return entries.flatMap(entry => (isRecord(entry) && typeof entry.id === 'string' ? [entry.id] : []));
    } catch (error) {
      if (error instanceof UserError) return [];
      throw error;
    }
  }
}

function adviceOf({ name, resourceGroup }: ClusterId, ids: readonly string[]): string {
  const known = ids.map(id => ({
    name: partOfId(id, 'managedClusters') ?? '',
    group: partOfId(id, 'resourceGroups') ?? '',
  }));
  const elsewhere = known.filter(one => one.name.toLowerCase() === name.toLowerCase());
  if (elsewhere.length > 0)
    return `A cluster of that name is in ${elsewhere.map(one => `"${one.group}"`).join(', ')}; correct the input "resource-group".`;
  const here = known.filter(one => one.group.toLowerCase() === resourceGroup.toLowerCase());
  const meant = nearest(
    name,
    (here.length > 0 ? here : known).map(one => one.name),
  );
  const found = known.find(one => one.name === meant);
  if (found) return `Did you mean "${found.name}" in "${found.group}"?`;
  return known.length === 0
    ? 'Correct the inputs "cluster", "resource-group" and "subscription-id"; "az aks list --output table" shows all clusters.'
    : `Correct the inputs; it has ${known
        .map(one => `"${one.name}" in "${one.group}"`)
        .slice(0, 5)
        .join(', ')}.`;
}

function kubeconfigIn(body: unknown): Secret | undefined {
  const list = isRecord(body) && Array.isArray(body.kubeconfigs) ? body.kubeconfigs : [];
  const [first]: readonly unknown[] = list;
  if (!isRecord(first) || typeof first.value !== 'string') return undefined;
  const text = Buffer.from(first.value, 'base64').toString('utf8');
  return text.includes('clusters') ? new Secret(text) : undefined;
}
