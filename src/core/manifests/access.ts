import type { App } from '../app.ts';
import { definedOf } from '../defined.ts';
import { keysSecretName } from '../names.ts';
import { type Manifest, metadataOf } from './object.ts';

/** Name of the app's service account, or undefined when no pod needs one. */
export function serviceAccountOf(app: App): string | undefined {
  return hasHttp(app) || app.identityClientId ? app.name : undefined;
}

/** Service account of the app; with HTTP functions also the right to read and change its one Secret of keys. */
export function accessObjectsOf(app: App): readonly Manifest[] {
  const name = serviceAccountOf(app);
  if (!name) return [];
  const metadata = metadataOf(app, name);
  const annotations = app.identityClientId ? { 'azure.workload.identity/client-id': app.identityClientId } : undefined;
  const account: Manifest = {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { ...metadata, ...definedOf({ annotations }) },
  };
  return hasHttp(app) ? [account, ...keyAccessOf(app, name)] : [account];
}

function keyAccessOf(app: App, account: string): readonly Manifest[] {
  const name = `${app.name}-keys`;
  const metadata = metadataOf(app, name);
  return [
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'Role',
      metadata,
      rules: [
        {
          apiGroups: [''],
          resources: ['secrets'],
          resourceNames: [keysSecretName(app.name)],
          verbs: ['get', 'watch', 'patch'],
        },
      ],
    },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata,
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name },
      subjects: [{ kind: 'ServiceAccount', name: account, namespace: app.namespace }],
    },
  ];
}

function hasHttp(app: App): boolean {
  return app.workloads.some(workload => workload.servesHttp);
}
