import type { App, Workload } from './app.ts';
import { accessObjectsOf } from './manifests/access.ts';
import { deploymentOf } from './manifests/deployment.ts';
import { type Manifest, metadataOf } from './manifests/object.ts';
import { scalingObjectsOf } from './manifests/scaling.ts';
import { networkObjectsOf } from './manifests/service.ts';
import { settingsObjectsOf } from './manifests/settings-objects.ts';
import { shortHash } from './names.ts';
import type { Secret } from './secret.ts';

/** What the image brings into the plan. */
export interface PlannedImage {
  /** Text form with digest, or with the tag that `render` was given. */
  readonly reference: string;
  /** Docker configuration for a pull secret, when the registry needs credentials that the cluster does not have. */
  readonly pullConfig?: Secret | undefined;
}

/** Everything that a deployment makes of the cluster, as data: the same app and image give the same plan. */
export interface Plan {
  readonly app: App;
  readonly image: string;
  /** In the order in which they are applied. */
  readonly objects: readonly Manifest[];
}

/** The plan for an app and its image. */
export function planDeployment(app: App, image: PlannedImage): Plan {
  const pullSecret = pullSecretOf(app, image);
  const before = [...accessObjectsOf(app), ...settingsObjectsOf(app), ...(pullSecret ? [pullSecret] : [])];
  const perWorkload = (workload: Workload) => [
    deploymentOf(app, workload, image.reference, pullSecret?.metadata.name),
    ...networkObjectsOf(app, workload),
    ...scalingObjectsOf(app, workload),
  ];
  const objects = [...before, ...app.workloads.flatMap(perWorkload)];
  return { app, image: image.reference, objects: uniqueObjects(objects) };
}

/** Identity of an object in a namespace, e.g. `Deployment/orders-http`. */
export function keyOf(object: { readonly kind: string; readonly metadata: { readonly name: string } }): string {
  return `${object.kind}/${object.metadata.name}`;
}

/** Whether two lists of objects are the same; secret values count by the names of their objects, which are made of them. */
export function sameObjects(one: readonly Manifest[], other: readonly Manifest[]): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function pullSecretOf(app: App, { pullConfig }: PlannedImage): Manifest | undefined {
  if (!pullConfig || app.workloads.every(workload => workload.pod.imagePullSecrets)) return undefined;
  const name = `${app.name}-pull-${shortHash(pullConfig.digest(), 8)}`;
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: metadataOf(app, name),
    type: 'kubernetes.io/dockerconfigjson',
    immutable: true,
    data: { '.dockerconfigjson': pullConfig.toBase64() },
  };
}

/** Two workloads may share a TriggerAuthentication. */
function uniqueObjects(objects: readonly Manifest[]): readonly Manifest[] {
  return [...new Map(objects.map(object => [keyOf(object), object])).values()];
}
