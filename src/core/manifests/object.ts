import type { App, Workload } from '../app.ts';
import { definedOf } from '../defined.ts';
import { labelKeys } from '../names.ts';

/** Metadata of an object as we write it. */
export interface ObjectMeta {
  readonly name: string;
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** An object to apply; a `Secret` instance may stand for any text in it. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
  readonly [field: string]: unknown;
}

/** Labels of every object of the app, and of the workload where it belongs to one. */
export function labelsOf(app: App, workload?: Workload): Readonly<Record<string, string>> {
  return definedOf({
    'app.kubernetes.io/name': app.name,
    'app.kubernetes.io/instance': workload?.objectName ?? app.name,
    'app.kubernetes.io/managed-by': 'aks-functions',
    [labelKeys.app]: app.name,
    [labelKeys.workload]: workload?.name,
    [labelKeys.repositoryId]: app.repositoryId,
  });
}

/** Metadata of an object of the app with our labels. */
export function metadataOf(
  app: App,
  name: string,
  workload?: Workload,
): ObjectMeta & { readonly labels: Readonly<Record<string, string>> } {
  return { name, namespace: app.namespace, labels: labelsOf(app, workload) };
}
