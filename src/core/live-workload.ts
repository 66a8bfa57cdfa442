import type { V1Container, V1Deployment } from '@kubernetes/client-node';
import { fieldManager, labelKeys } from './names.ts';

/** A workload as its Deployment in the cluster tells it. */
export interface LiveWorkload {
  readonly objectName: string;
  /** Workload name, e.g. `http`; undefined when the label is missing. */
  readonly name: string | undefined;
  /** Functions that its host loads. */
  readonly functions: readonly string[];
  readonly port: number;
  readonly environment: LiveEnvironment;
}

/** Where the environment of a container comes from. */
export interface LiveEnvironment {
  /** Existing objects, a later one winning. */
  readonly sources: readonly SettingsObject[];
  /** Values that stand in the Deployment itself and win over all sources. */
  readonly values: ReadonlyMap<string, string>;
}

/** An object with settings. */
export interface SettingsObject {
  readonly kind: 'Secret' | 'ConfigMap';
  readonly name: string;
}

/** The workloads behind Deployments of an app. */
export function liveWorkloadsOf(deployments: readonly V1Deployment[]): readonly LiveWorkload[] {
  return deployments.flatMap(deployment => {
    const objectName = deployment.metadata?.name;
    const containers = deployment.spec?.template.spec?.containers ?? [];
    const container = containers.find(one => one.name === objectName) ?? containers[0];
    if (objectName === undefined || container === undefined) return [];
    const environment = environmentOf(container);
    return [
      {
        objectName,
        environment,
        name: deployment.metadata?.labels?.[labelKeys.workload],
        functions: functionsIn(environment.values),
        port:
          container.ports?.find(port => port.name === 'http')?.containerPort ??
          container.ports?.[0]?.containerPort ??
          80,
      },
    ];
  });
}

function environmentOf({ envFrom = [], env = [] }: V1Container): LiveEnvironment {
  const sources = envFrom.flatMap(({ secretRef, configMapRef }): readonly SettingsObject[] => {
    if (secretRef?.name) return [{ kind: 'Secret', name: secretRef.name }];
    return configMapRef?.name ? [{ kind: 'ConfigMap', name: configMapRef.name }] : [];
  });
  return {
    sources,
    values: new Map(env.flatMap(({ name, value }) => (value === undefined ? [] : [[name, value] as const]))),
  };
}

function functionsIn(values: ReadonlyMap<string, string>): readonly string[] {
  return [...values].filter(([name]) => /^AzureFunctionsJobHost__functions__\d+$/.test(name)).map(([, value]) => value);
}

/** Replicas of a live Deployment that are ours by an earlier plan; undefined when a scaler or somebody else decided them. */
export function ownReplicasOf({ metadata, spec }: DeploymentFields): number | undefined {
  const own = (metadata?.managedFields ?? []).find(
    ({ manager, operation }) => manager === fieldManager && operation === 'Apply',
  );
  const fields: { readonly 'f:spec'?: object } = own?.fieldsV1 ?? {};
  return 'f:replicas' in (fields['f:spec'] ?? {}) ? spec?.replicas : undefined;
}

interface DeploymentFields {
  readonly metadata?: {
    readonly managedFields?: readonly {
      readonly manager?: string;
      readonly operation?: string;
      readonly fieldsV1?: object;
    }[];
  };
  readonly spec?: { readonly replicas?: number };
}
