/** Fault of a text that is no name of a resource group, to go on from the input's name; undefined for a good one. */
export function faultOfResourceGroup(name: string): string | undefined {
  if (/^[\p{L}\p{N}_.()-]{1,90}$/u.test(name) && !name.endsWith('.')) return undefined;
  return `must have 1 to 90 letters, digits, "_", "-", ".", "(" and ")", and not end with ".", got "${name}". "az group list --output table" shows all groups.`;
}

/** Fault of a text that is no name of an AKS cluster, to go on from the input's name; undefined for a good one. */
export function faultOfClusterName(name: string): string | undefined {
  if (/^[A-Za-z0-9](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?$/.test(name)) return undefined;
  return `must have 1 to 63 letters, digits, "_" and "-", and start and end with a letter or digit, got "${name}". "az aks list --output table" shows all clusters.`;
}

/** Whether the text has the form of the ids of Azure. */
export function isUuid(text: string): boolean {
  return /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);
}

/** Path of a resource, or of a list, from `/subscriptions` on; no name can reach another path, since each is one segment. */
export function resourcePath(
  subscriptionId: string,
  resourceGroup: string | undefined,
  ...segments: readonly string[]
): string {
  const group = resourceGroup === undefined ? [] : ['resourceGroups', resourceGroup];
  return ['', 'subscriptions', subscriptionId, ...group, 'providers', ...segments].map(encodeURIComponent).join('/');
}

/** The value after a key in a resource's id, such as its `resourceGroups`; Azure does not heed upper and lower case. */
export function partOfId(id: string, key: string): string | undefined {
  const parts = id.split('/');
  const at = parts.findIndex(part => part.toLowerCase() === key.toLowerCase());
  return at < 0 ? undefined : parts[at + 1];
}
