import * as v from 'valibot';
import type { Api } from './api.ts';
import type { Cloud } from './cloud/cloud.ts';
import { answerJson, type NamedPart } from './cloud/exchange.ts';

const path = '/mutate-v1-pod';
const folder = '/var/run/secrets/azure/tokens';
const label = 'azure.workload.identity/use';
const authority = 'aks-functions-lab/authority';

/** Audience of the service account tokens that Entra takes. */
export const exchangeAudience = 'api://AzureADTokenExchange';

const review = v.object({
  request: v.object({
    uid: v.string(),
    namespace: v.string(),
    object: v.object({
      metadata: v.object({ annotations: v.optional(v.record(v.string(), v.string()), {}) }),
      spec: v.looseObject({
        serviceAccountName: v.optional(v.string(), 'default'),
        containers: v.array(
          v.looseObject({
            env: v.optional(v.array(v.unknown()), []),
            volumeMounts: v.optional(v.array(v.unknown()), []),
          }),
        ),
        volumes: v.optional(v.array(v.unknown()), []),
      }),
    }),
  }),
});
const account = v.object({
  metadata: v.object({ annotations: v.optional(v.record(v.string(), v.string()), {}) }),
});

/** Variables by which a process signs in as a service account of the cluster; the proxy is the cloud's. */
export function workloadVariables(
  { home, proxy }: Cloud,
  { tokenFile, host }: { readonly tokenFile: string; readonly host: string },
): Readonly<Record<string, string>> {
  return {
    AZURE_TENANT_ID: home.tenantId,
    AZURE_FEDERATED_TOKEN_FILE: tokenFile,
    AZURE_AUTHORITY_HOST: 'https://login.microsoftonline.com/',
    HTTPS_PROXY: `http://${host}:${new URL(proxy.address).port}`,
  };
}

/**
 * The admission webhook of AKS that gives pods of a workload identity its token and variables. Pods here also get the
 * way to the cloud at `host` and its CA, since the real names lead elsewhere.
 */
export function workloadWebhook(cloud: Cloud, api: Api, host: string): NamedPart {
  return {
    name: 'workload-identity-webhook',
    paths: /^\/mutate-v1-pod$/,
    async serve(exchange) {
      const { request } = v.parse(review, JSON.parse(await exchange.body()));
      const { serviceAccountName, containers, volumes } = request.object.spec;
      const at = `/api/v1/namespaces/${request.namespace}/serviceaccounts/${serviceAccountName}`;
      const { metadata } = v.parse(account, (await api.request('GET', at)).json());
      const clientId = metadata.annotations['azure.workload.identity/client-id'] ?? '';
      const annotations = { ...request.object.metadata.annotations, [authority]: cloud.ca };
      const variables = Object.entries(podVariables(cloud, host, clientId)).map(([name, value]) => ({ name, value }));
      const mounts = [{ name: 'azure-identity-token', mountPath: folder, readOnly: true }];
      const changed = containers.map(container => ({
        ...container,
        env: [...variables, ...container.env],
        volumeMounts: [...container.volumeMounts, ...mounts],
      }));
      const patch = [
        { op: 'add', path: '/metadata/annotations', value: annotations },
        { op: 'replace', path: '/spec/containers', value: changed },
        { op: 'add', path: '/spec/volumes', value: [...volumes, tokenVolume] },
      ];
      const response = { uid: request.uid, allowed: true, patchType: 'JSONPatch', patch: base64(patch) };
      return answerJson(exchange, 200, { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response });
    },
  };
}

function podVariables(cloud: Cloud, host: string, clientId: string): Readonly<Record<string, string>> {
  return {
    AZURE_CLIENT_ID: clientId,
    ...workloadVariables(cloud, { tokenFile: `${folder}/azure-identity-token`, host }),
    NO_PROXY: '$(KUBERNETES_SERVICE_HOST),127.0.0.1,localhost',
    NODE_USE_ENV_PROXY: '1',
    NODE_EXTRA_CA_CERTS: `${folder}/ca.crt`,
  };
}

const tokenVolume = {
  name: 'azure-identity-token',
  projected: {
    sources: [
      { serviceAccountToken: { audience: exchangeAudience, expirationSeconds: 3600, path: 'azure-identity-token' } },
      { downwardAPI: { items: [{ path: 'ca.crt', fieldRef: { fieldPath: `metadata.annotations['${authority}']` } }] } },
    ],
  },
};

function base64(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64');
}

/** Lets the API server ask the webhook about each pod that says it has a workload identity. */
export async function registerWebhook(api: Api, { address, ca }: Cloud): Promise<void> {
  await api.apply({
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    metadata: { name: 'azure-wi-webhook-mutating-webhook-configuration' },
    webhooks: [
      {
        name: 'mutation.azure-workload-identity.io',
        clientConfig: { url: address + path, caBundle: Buffer.from(ca).toString('base64') },
        rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }],
        objectSelector: { matchLabels: { [label]: 'true' } },
        admissionReviewVersions: ['v1'],
        sideEffects: 'None',
        failurePolicy: 'Fail',
      },
    ],
  });
}
