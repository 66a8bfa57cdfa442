import type { Fault } from '../errors.ts';
import type { Notice } from './app.ts';
import type { Config, FunctionConfig } from './config/config.ts';
import { placeInFile } from './config/places.ts';
import type { Measure } from './measure.ts';
import { didYouMean, nearest } from './nearest.ts';
import type { AppFunction, Project } from './project.ts';
import { togetherOf, workloadInFile } from './together.ts';
import { rowOfTrigger, type TriggerRow } from './triggers.ts';

/** A function and the workload that it runs in. */
export interface Placed {
  readonly fn: AppFunction;
  readonly row: TriggerRow;
  readonly config: FunctionConfig;
  readonly measure: Measure;
  readonly workload: string;
}

/** Where the functions of an app run. */
export interface Placement {
  /** Every function that is not disabled, in the order of the project. */
  readonly placed: readonly Placed[];
  readonly faults: readonly Fault[];
  readonly notices: readonly Notice[];
}

/** Workloads that exist without the file. */
const ownWorkloads = ['http', 'events', 'always'] as const;

/** The workload of each function by its trigger, its companions and the file. Faults say what the file names and does not exist. */
export function placeFunctions(
  project: Project,
  config: Config,
  measures: ReadonlyMap<AppFunction, Measure>,
): Placement {
  const measureOf = (fn: AppFunction) => measures.get(fn) ?? unmeasured;
  const enabled = project.functions.filter(fn => !fn.disabled);
  const running = enabled.filter(fn => !isWarmUp(fn));
  const together = togetherOf(running, config);
  const placed = running.map(fn =>
    placedIn(together.workloads.get(fn.name) ?? workloadOf(fn, config, measureOf(fn)), fn, config, measureOf(fn)),
  );
  const warmUps = placeWarmUps(enabled.filter(isWarmUp), placed, config);
  const all = [...placed, ...warmUps.placed];
  return {
    placed: enabled.flatMap(fn => all.filter(one => one.fn === fn)),
    faults: [...nameFaults(project, config), ...together.faults, ...warmUps.faults, ...workloadFaults(all, config)],
    notices: [...together.notices, ...warmUps.notices, ...emptyNotices(all, config)],
  };
}

const unmeasured: Measure = { scalers: [], reasons: [] };

function workloadOf(fn: AppFunction, config: Config, { scalers, reasons }: Measure): string {
  const row = rowOfTrigger(fn.bindings[0]);
  const { trigger } = optionsOf(fn, config);
  const named = workloadInFile(fn, config);
  if (named !== undefined) return named;
  if (typeof trigger === 'object') return 'events';
  const isMeasured = scalers.length > 0 && reasons.length === 0;
  return row.workload === 'events' && !isMeasured ? 'always' : row.workload;
}

function placedIn(workload: string, fn: AppFunction, config: Config, measure: Measure): Placed {
  return { fn, row: rowOfTrigger(fn.bindings[0]), config: optionsOf(fn, config), measure, workload };
}

function optionsOf(fn: AppFunction, { functions = {} }: Config): FunctionConfig {
  return Object.hasOwn(functions, fn.name) ? (functions[fn.name] ?? {}) : {};
}

/** Whether a function is a warm-up, which fires when the platform adds an instance: never outside Azure's own plans. */
export function isWarmUp(fn: AppFunction): boolean {
  return rowOfTrigger(fn.bindings[0]).rides === true;
}

/** A warm-up joins other functions, since a pod for it alone would never do anything. */
function placeWarmUps(warmUps: readonly AppFunction[], others: readonly Placed[], config: Config): Placement {
  const used = new Set(others.map(one => one.workload));
  const home = used.has('http') ? 'http' : [...used].sort()[0];
  const placed: Placed[] = [];
  const faults: Fault[] = [];
  for (const fn of warmUps) {
    const named = workloadInFile(fn, config);
    if (home === undefined) {
      faults.push({
        message: `Function "${fn.name}" is a warm-up, and no other function is there to run. Add one, since a warm-up fires only in Azure's own plans.`,
        place: fn.place,
      });
    } else if (named !== undefined && !used.has(named)) {
      faults.push({
        message: `Function "${fn.name}" is a warm-up and would be alone in workload "${named}". Put it with other functions, or remove its workload from aks-functions.yml.`,
        place: fn.place,
      });
    } else placed.push(placedIn(named ?? home, fn, config, unmeasured));
  }
  const notices = placed.map(({ fn, workload }) => ({
    function: fn.name,
    message: `Function "${fn.name}" is loaded in workload "${workload}" but never runs: its trigger "${fn.bindings[0].type}" fires only in Azure's own plans.`,
  }));
  return { placed, faults, notices };
}

/** Faults for functions that the file names and the code does not have. */
function nameFaults(project: Project, config: Config): readonly Fault[] {
  const known = project.functions.map(fn => fn.name);
  const named = [
    ...Object.keys(config.functions ?? {}).map(name => ({
      key: `functions.${name}`,
      name,
      at: placeInFile(config, 'functions', name),
    })),
    ...Object.entries(config.workloads ?? {}).flatMap(([key, { functions = [] }]) =>
      functions.map((name, index) => ({
        key: `workloads.${key}.functions`,
        name,
        at: placeInFile(config, 'workloads', key, 'functions', index),
      })),
    ),
  ];
  return named
    .filter(({ name }) => !known.includes(name))
    .map(({ key, name, at }) => {
      const close = nearest(name, known);
      return {
        message: `Key "${key}" of aks-functions.yml names the function "${name}", which the code does not have. ${close ? `Did you mean "${close}"?` : `Its functions are ${known.join(', ')}.`}`,
        ...at,
      };
    });
}

/** Faults for workloads that a function names and the file does not have, and for keys that are a misspelt name of ours. */
function workloadFaults(placed: readonly Placed[], config: Config): readonly Fault[] {
  const { workloads = {}, functions = {} } = config;
  const known = [...new Set([...ownWorkloads, ...Object.keys(workloads)])];
  const unknown = Object.entries(functions).flatMap(([name, { workload }]) =>
    workload === undefined || known.includes(workload) ? [] : [{ name, workload }],
  );
  const misspelt = emptyWorkloads(placed, { workloads }).flatMap(name => {
    const meant = isOwn(name) ? undefined : nearest(name, ownWorkloads);
    return meant === undefined ? [] : [{ name, meant }];
  });
  return [
    ...unknown.map(({ name, workload }) => ({
      message: `Key "functions.${name}.workload" of aks-functions.yml names the workload "${workload}", which does not exist.${didYouMean(workload, known) || ` Add "workloads.${workload}", or use ${known.map(one => `"${one}"`).join(', ')}.`}`,
      ...placeInFile(config, 'functions', name, 'workload'),
    })),
    ...misspelt.map(({ name, meant }) => ({
      message: `Key "workloads.${name}" of aks-functions.yml has no functions. Did you mean "${meant}"? List its functions otherwise.`,
      ...placeInFile(config, 'workloads', name),
    })),
  ];
}

function emptyNotices(placed: readonly Placed[], config: Config): readonly Notice[] {
  return emptyWorkloads(placed, config).map(name => ({
    message: `Key "workloads.${name}" of aks-functions.yml has no effect: no function of the app runs in it.`,
  }));
}

function emptyWorkloads(placed: readonly Placed[], { workloads = {} }: Pick<Config, 'workloads'>): readonly string[] {
  return Object.keys(workloads).filter(name => placed.every(one => one.workload !== name));
}

function isOwn(name: string): boolean {
  return ownWorkloads.some(one => one === name);
}
