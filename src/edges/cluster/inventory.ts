import { allOrFaults } from '../../errors.ts';
import type { LiveObject } from '../../flows/cluster-port.ts';
import type { Api, ApiAnswer, ApiRequest } from './api.ts';
import { errorOf } from './status-error.ts';

interface Discovered {
  readonly items?: readonly {
    readonly metadata?: { readonly name?: string };
    readonly versions?: readonly { readonly version: string; readonly resources?: readonly Resource[] }[];
  }[];
}

interface Resource {
  readonly resource: string;
  readonly scope?: string;
  readonly verbs?: readonly string[];
  readonly responseKind?: { readonly kind?: string };
}

/** A kind that has objects in namespaces, and where they are. */
interface ListedKind {
  readonly kind: string;
  readonly root: string;
  readonly plural: string;
}

const aggregated = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
const metadataOnly = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';

/** Metadata of every object of a namespace, of whatever kind the API server lists, and its `kind`. */
export async function fetchInventory(api: Api, namespace: string): Promise<readonly LiveObject[]> {
  const answers = await Promise.all(
    ['/api', '/apis'].map(path => api.send({ method: 'GET', path, headers: { accept: aggregated } })),
  );
  const kinds = answers.flatMap(answer => kindsIn(parsed<Discovered>('ask for the kinds of the cluster', answer)));
  const lists = await allOrFaults(kinds.map(kind => listKind(api, namespace, kind)));
  return lists.flat();
}

/** Each kind once, in the version that the server prefers, which comes first. */
function kindsIn({ items = [] }: Discovered): readonly ListedKind[] {
  return items.flatMap(({ metadata: { name: group = '' } = {}, versions = [] }) => {
    // Measurements are no objects, and their server may be out of order.
    if (group.endsWith('metrics.k8s.io')) return [];
    const found = new Map<string, ListedKind>();
    for (const { version, resources = [] } of versions)
      for (const { resource: plural, scope, verbs = [], responseKind } of resources)
        if (scope === 'Namespaced' && verbs.includes('list') && !found.has(plural)) {
          const root = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
          found.set(plural, { kind: responseKind?.kind ?? plural, root, plural });
        }
    return [...found.values()];
  });
}

async function listKind(
  api: Api,
  namespace: string,
  { kind, root, plural }: ListedKind,
): Promise<readonly LiveObject[]> {
  const path = `${root}/namespaces/${encodeURIComponent(namespace)}/${plural}`;
  const found: LiveObject[] = [];
  let next: string | undefined;
  do {
    const query = { limit: '500', ...(next ? { continue: next } : {}) };
    const request: ApiRequest = { method: 'GET', path, query, headers: { accept: metadataOnly } };
    const answer = await api.send(request);
    // The kind went while we asked, or its own server keeps no lists.
    if (answer.status === 404 || answer.status === 405) return found;
    const page = parsed<Page>(`list ${plural} in "${namespace}"`, answer);
    for (const { metadata } of page.items ?? []) if (metadata) found.push({ kind, metadata });
    next = page.metadata?.continue;
  } while (next);
  return found;
}

interface Page {
  readonly items?: readonly Pick<LiveObject, 'metadata'>[];
  readonly metadata?: { readonly continue?: string };
}

function parsed<Result>(doing: string, answer: ApiAnswer): Result {
  if (answer.status >= 300) throw errorOf(doing, answer);
  const result: Result = JSON.parse(answer.body);
  return result;
}
