import type { Notice, Scaling, Workload } from './app.ts';
import type { Config, Scale } from './config/config.ts';
import { definedOf } from './defined.ts';

/** What says how an app scales. */
export interface ScaleSources {
  readonly config: Config;
  /** Inputs of the event workload. */
  readonly inputs: Scale;
}

const intervals = ['pollingInterval', 'cooldownPeriod'] as const;

/** Notices for keys about scaling that have no effect on the workloads as they are resolved. */
export function scaleNotices(workloads: readonly Workload[], sources: ScaleSources): readonly Notice[] {
  return [
    ...workloads.flatMap(workload => keyNotices(workload, sources)),
    ...workloads.flatMap(workload => functionNotices(workload, sources.config)),
    ...sharedNotices(workloads, sources),
  ];
}

function keyNotices({ name, scaling }: Workload, { config, inputs }: ScaleSources): readonly Notice[] {
  const { scale = {}, scaling: wanted } = config.workloads?.[name] ?? {};
  const shared = name === 'events' ? { ...config.scale, ...definedOf(scaleOf(inputs)) } : {};
  const byCpu = wanted === 'cpu' && scaling.kind === 'events';
  return [
    ...uselessKeys(shared, scaling, 'scale'),
    ...uselessKeys(scale, scaling, `workloads.${name}.scale`),
    ...(byCpu
      ? [{ message: `Key "workloads.${name}.scaling" has no effect: the events of its functions scale the workload.` }]
      : []),
  ];
}

function uselessKeys(given: Scale, scaling: Scaling, prefix: string): readonly Notice[] {
  const { keys, reason } = ignoredBy(scaling);
  const useless = keys.filter(key => given[key] !== undefined).map(key => ({ key, why: reason }));
  const least = scaling.kind === 'fixed' ? scaling.replicas : scaling.minReplicas;
  const raised = given.minReplicas !== undefined && given.minReplicas < least;
  const floor = { key: 'minReplicas', why: `the workload needs at least ${least} replica${least === 1 ? '' : 's'}` };
  return [...useless, ...(raised ? [floor] : [])].map(({ key, why }) => ({
    message: `Key "${prefix}.${key}" has no effect: ${why}.`,
  }));
}

function ignoredBy(scaling: Scaling): { readonly keys: readonly (keyof Scale)[]; readonly reason: string } {
  if (scaling.kind === 'fixed')
    return { keys: ['maxReplicas', ...intervals], reason: 'the number of replicas is fixed by "minReplicas"' };
  if (scaling.kind === 'cpu') return { keys: intervals, reason: 'use of CPU decides the number of replicas' };
  return scaling.minReplicas > 0
    ? { keys: intervals, reason: 'a replica always stays, and KEDA uses it only to start and stop the first one' }
    : { keys: [], reason: '' };
}

/** `threshold` and `activation` belong to a scaler that we make. */
function functionNotices({ functions, scaling }: Workload, config: Config): readonly Notice[] {
  const scaled = new Set(scaling.kind === 'events' ? scaling.scalers.map(one => one.function) : []);
  return functions
    .filter(fn => !scaled.has(fn.name))
    .flatMap(({ name }) => {
      const { threshold, activation } = config.functions?.[name] ?? {};
      const keys = Object.keys(definedOf({ threshold, activation }));
      return keys.map(key => ({
        function: name,
        message: `Key "functions.${name}.${key}" has no effect: no scaler watches for this function.`,
      }));
    });
}

/** The shared `scale` and the inputs reach the event workload and those that the file names. */
function sharedNotices(workloads: readonly Workload[], { config, inputs }: ScaleSources): readonly Notice[] {
  if (workloads.some(({ name }) => name !== 'http' && name !== 'always')) return [];
  const keys = Object.keys(definedOf({ ...config.scale, ...definedOf(scaleOf(inputs)) }));
  return keys.map(key => ({
    message: `Key "scale.${key}" has no effect: no function is scaled by events. Other workloads are scaled in "workloads" of aks-functions.yml.`,
  }));
}

function scaleOf({ minReplicas, maxReplicas, pollingInterval, cooldownPeriod }: Scale): Scale {
  return { minReplicas, maxReplicas, pollingInterval, cooldownPeriod };
}
