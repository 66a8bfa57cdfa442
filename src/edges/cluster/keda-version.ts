import type { Api } from './api.ts';

/**
 * Version of KEDA from the label of its CRD, which released artefacts carry; `unknown` where reading CRDs is forbidden or the
 * label is missing; undefined when the API server does not know ScaledObjects.
 */
export async function fetchKedaVersion(api: Api): Promise<string | undefined> {
  const [group, crd] = await Promise.all([
    api.send({ method: 'GET', path: '/apis/keda.sh/v1alpha1' }),
    api.send({
      method: 'GET',
      path: '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/scaledobjects.keda.sh',
      headers: { accept: metadataOnly },
    }),
  ]);
  if (group.status === 404) return undefined;
  return crd.status === 200 ? versionOf(crd.body) : 'unknown';
}

/** The CRD itself is large; its metadata is enough. */
const metadataOnly = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1';

function versionOf(body: string): string {
  const crd: { readonly metadata?: { readonly labels?: Readonly<Record<string, string>> } } = JSON.parse(body);
  return crd.metadata?.labels?.['app.kubernetes.io/version'] ?? 'unknown';
}
