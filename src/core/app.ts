import type { Expose, Patch, PodOptions, Resources } from './config/config.ts';
import type { AppFunction, Project } from './project.ts';
import type { Settings } from './settings.ts';
import type { Scaler } from './triggers.ts';

/** How many replicas a workload has and who decides it. */
export type Scaling =
  | { readonly kind: 'fixed'; readonly replicas: number }
  | { readonly kind: 'cpu'; readonly minReplicas: number; readonly maxReplicas: number }
  | {
      readonly kind: 'events';
      readonly minReplicas: number;
      readonly maxReplicas: number;
      /** Seconds. */
      readonly pollingInterval: number;
      /** Seconds. */
      readonly cooldownPeriod: number;
      readonly scalers: readonly FunctionScaler[];
    };

/** A scaler and the function that it scales for. */
export interface FunctionScaler {
  readonly function: string;
  readonly scaler: Scaler;
  /** Existing TriggerAuthentication of a hand-written trigger. */
  readonly authenticationRef?: string;
}

/** Functions that run in one Deployment. */
export interface Workload {
  /** `http`, `events`, `always` or a name from the file. */
  readonly name: string;
  readonly objectName: string;
  readonly functions: readonly AppFunction[];
  readonly servesHttp: boolean;
  readonly scaling: Scaling;
  readonly pod: PodOptions;
  readonly resources: Resources;
}

/** Something that the user should know: why a fallback was taken, and for which function. */
export interface Notice {
  readonly message: string;
  readonly function?: string;
  /** Said only because the version of KEDA is not known yet. */
  readonly provisional?: boolean;
}

/** A function app as it will be deployed, apart from its image and the cluster's facts. */
export interface App {
  readonly name: string;
  readonly namespace: string;
  readonly project: Project;
  readonly settings: Settings;
  readonly identityClientId: string | undefined;
  /** Numeric id of the repository that deploys, for the ownership label. */
  readonly repositoryId: string | undefined;
  readonly expose: Expose & { readonly type: NonNullable<Expose['type']> };
  readonly workloads: readonly Workload[];
  /** Changes that the file makes to the planned objects. */
  readonly patches?: readonly Patch[] | undefined;
  readonly notices: readonly Notice[];
}

/** The `httpTrigger`'s or webhook's path of a function below the host's root, or undefined when it has none. */
export function pathOf(project: Project, fn: AppFunction): string | undefined {
  const [trigger] = fn.bindings;
  if (trigger.type.toLowerCase() !== 'httptrigger') return undefined;
  const prefix = routePrefixOf(project);
  const route = typeof trigger.route === 'string' && trigger.route !== '' ? trigger.route : fn.name;
  return `/${[prefix, route].filter(part => part !== '').join('/')}`;
}

function routePrefixOf(project: Project): string {
  const http = project.host.extensions?.http;
  if (typeof http !== 'object' || http === null || !('routePrefix' in http)) return 'api';
  return typeof http.routePrefix === 'string' ? http.routePrefix.replace(/^\/+|\/+$/g, '') : 'api';
}
