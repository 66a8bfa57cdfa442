import { UserError } from '../errors.ts';
import { pathOf } from './app.ts';
import type { Config } from './config/config.ts';
import type { FunctionRows } from './discovery-report.ts';
import { noShape } from './inputs/inputs.ts';
import { measuresOf } from './measure.ts';
import { placeFunctions } from './placement.ts';
import type { AppFunction, Binding, Project } from './project.ts';
import { scalingText } from './report.ts';
import { resolveApp } from './resolve-app.ts';
import type { Settings } from './settings.ts';

/** What the settings are when only the code is there: every name may be in an object that nobody has read. */
const unknownSettings: Settings = {
  plain: new Map(),
  secret: new Map(),
  sources: [{ kind: 'Secret', name: 'unknown' }],
};

/** Workload and scaling of each function, as far as code and file tell them; what needs settings is "by its settings". */
export function discoveryRows(project: Project, config: Config): FunctionRows {
  // Each function's own faults show below, where it is resolved by itself.
  const ignore = () => {};
  const measures = measuresOf({ config, project, settings: unknownSettings, fault: ignore, notice: ignore });
  const { placed } = placeFunctions(project, config, measures);
  const alone = placed.map(({ fn, workload }) => ({
    name: fn.name,
    workload,
    scaling: scalingOf(fn, project, config),
  }));
  return new Map(
    alone.map(({ name, workload, scaling }) => {
      const scaled = alone.find(one => one.workload === workload && !one.scaling.endsWith(' fixed'));
      // Replicas belong to the workload: beside a scaled function no other is fixed.
      const shown = scaled && scaling.endsWith(' fixed') ? `with "${scaled.name}"` : scaling;
      return [name, { workload, scaling: shown }];
    }),
  );
}

/** Each function by itself, so that a fault of one leaves the others known. */
function scalingOf(fn: AppFunction, project: Project, config: Config): string {
  const alone = { ...project, functions: [fn], unresolved: [] };
  const { functions = {}, workloads = {} } = config;
  const own = {
    ...config,
    patches: [],
    workloads: onlyOf(fn, workloads),
    functions: Object.hasOwn(functions, fn.name) ? { [fn.name]: functions[fn.name] ?? {} } : {},
  };
  try {
    const [workload] = resolveApp({
      inputs: { ...noShape(), name: 'app', namespace: 'default' },
      config: own,
      project: alone,
      settings: unknownSettings,
    }).workloads;
    return workload ? scalingText(workload, fn.name) : '';
  } catch (error) {
    if (error instanceof UserError) return 'by its settings';
    throw error;
  }
}

/** Workloads of the file as they are for one function. */
function onlyOf(fn: AppFunction, workloads: NonNullable<Config['workloads']>): NonNullable<Config['workloads']> {
  return Object.fromEntries(
    Object.entries(workloads).map(([name, { functions, ...workload }]) => [
      name,
      functions?.includes(fn.name) ? { ...workload, functions: [fn.name] } : workload,
    ]),
  );
}

/** Keys of a trigger that say what it listens to; the first that is there counts. */
const details = [
  'schedule',
  'queueName',
  'topicName',
  'topic',
  'eventHubName',
  'path',
  'containerName',
  'collectionName',
  'tableName',
  'channel',
  'key',
  'hubName',
  'toolName',
] as const;

/** A trigger with what it listens to: `httpTrigger GET /api/orders`, `queueTrigger orders`. */
export function triggerText(project: Project, fn: AppFunction): string {
  const [trigger] = fn.bindings;
  const path = pathOf(project, fn);
  const detail =
    path === undefined ? detailOf(trigger) : [methodsOf(trigger), path].filter(part => part !== '').join(' ');
  return detail === undefined ? trigger.type : `${trigger.type} ${detail}`;
}

function detailOf(trigger: Binding): string | undefined {
  const key = details.find(name => typeof trigger[name] === 'string' && trigger[name] !== '');
  return key === undefined ? undefined : String(trigger[key]);
}

function methodsOf({ methods }: Binding): string {
  return Array.isArray(methods) ? methods.map(method => String(method).toUpperCase()).join(',') : '';
}
