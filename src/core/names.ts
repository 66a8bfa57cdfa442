import { createHash } from 'node:crypto';

/** Field manager of every object that we apply. */
export const fieldManager = 'aks-functions';
/** Field manager that holds the replicas of a Deployment from when we let go of them until its scaler changes them. */
export const replicasManager = 'aks-functions-replicas';

/** Label keys of the objects that belong to an app; nothing without `app` is ever changed or deleted. */
export const labelKeys = {
  app: 'aks-functions.io/app',
  workload: 'aks-functions.io/workload',
  repositoryId: 'aks-functions.io/repository-id',
  release: 'aks-functions.io/release',
  state: 'aks-functions.io/state',
  /** On the record of what the doctor made for an app. */
  doctor: 'aks-functions.io/doctor',
} as const;

/** First `length` hex digits of the SHA-256 of the text. */
export function shortHash(text: string, length: number): string {
  return createHash('sha256').update(text).digest('hex').slice(0, length);
}

/** Fault message for a name that cannot be the base name of Kubernetes objects, or undefined when it can. */
export function faultOfAppName(name: string): string | undefined {
  if (/^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$/.test(name)) return undefined;
  return `must have 1 to 40 characters, only "a-z", "0-9" and "-", start with a letter and not end with "-", got "${name}". Choose such a name with the input "name" or the key "name" of aks-functions.yml.`;
}

/** Fault message for a text that cannot be a namespace, or undefined when it can. */
export function faultOfNamespace(name: string): string | undefined {
  if (/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(name)) return undefined;
  return `must have 1 to 63 characters, only "a-z", "0-9" and "-", and neither start nor end with "-", got "${name}".`;
}

/** Name of the objects of a workload: the app's own name for `events`, else `<app>-<workload>`. */
export function objectNameOf(app: string, workload: string): string {
  return workload === 'events' ? app : `${app}-${workload}`;
}

/** Name of the Secret with host and function keys, as `func kubernetes deploy` names it. */
export function keysSecretName(app: string): string {
  return `func-keys-kube-secret-${app}`;
}

/** Name of the record of a release. */
export function releaseName(app: string, release: number): string {
  return `${app}.release.v${release}`;
}

/** Host id shared by all workloads of an app in a namespace: at most 32 characters of `a-z0-9-`. */
export function hostIdOf(app: string, namespace: string): string {
  return `${app.slice(0, 21).replace(/-+$/, '')}-${shortHash(`${namespace}/${app}`, 10)}`;
}

/** Label selector, in text form, for all objects of an app. */
export function selectorOf(app: string): string {
  return `${labelKeys.app}=${app}`;
}
