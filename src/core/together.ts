import type { Fault } from '../errors.ts';
import type { Notice } from './app.ts';
import type { Config } from './config/config.ts';
import type { AppFunction } from './project.ts';
import { rowOfTrigger } from './triggers.ts';

/** Where functions run that must not be separated. */
export interface Together {
  /** Workload by the function's name, for members alone. */
  readonly workloads: ReadonlyMap<string, string>;
  readonly faults: readonly Fault[];
  readonly notices: readonly Notice[];
}

/** Functions that one host must load together, and why. */
interface Company {
  readonly who: string;
  readonly reason: string;
  readonly members: readonly AppFunction[];
  /** Workload unless the file names another. */
  readonly home: string;
}

const durableTypes: ReadonlySet<string> = new Set([
  'orchestrationtrigger',
  'activitytrigger',
  'entitytrigger',
  'durableclient',
  'orchestrationclient',
]);

/** Whether a function is part of Durable, by its trigger or by a client among its bindings. */
export function isDurable(fn: AppFunction): boolean {
  return fn.bindings.some(({ type }) => durableTypes.has(type.toLowerCase()));
}

/** The workload that the file names for a function, or undefined when it names none. */
export function workloadInFile({ name }: AppFunction, { workloads = {}, functions = {} }: Config): string | undefined {
  const options = Object.hasOwn(functions, name) ? functions[name] : undefined;
  const listed = Object.entries(workloads).find(([, workload]) => workload.functions?.includes(name));
  return options?.workload ?? listed?.[0];
}

/** Companies of the app and the workload of each; a function in two of them joins both. */
export function togetherOf(functions: readonly AppFunction[], config: Config): Together {
  const settled = joined([durableOf(functions), blobsOf(functions, config)]).map(company => settle(company, config));
  return {
    workloads: new Map(settled.flatMap(one => [...one.workloads])),
    faults: settled.flatMap(one => one.faults),
    notices: settled.flatMap(one => one.notices),
  };
}

function durableOf(functions: readonly AppFunction[]): Company {
  return {
    who: 'Durable functions and their clients',
    reason: 'any host of a task hub may be handed any step of an orchestration',
    members: functions.filter(isDurable),
    home: 'http',
  };
}

function blobsOf(functions: readonly AppFunction[], config: Config): Company {
  const members = functions.filter(fn => fn.bindings[0].type.toLowerCase() === 'blobtrigger');
  const overHttp = members.some(fn => String(fn.bindings[0].source).toLowerCase() === 'eventgrid');
  const byHand = members.every(({ name }) => typeof config.functions?.[name]?.trigger === 'object');
  return {
    who: 'Blob functions',
    reason: 'a host that is handed a blob for a function it does not load drops it',
    members,
    home: overHttp ? 'http' : byHand ? 'events' : 'always',
  };
}

/** Companies with a member in common are one. */
function joined([first, second]: readonly [Company, Company]): readonly Company[] {
  if (!first.members.some(fn => second.members.includes(fn))) return [first, second];
  const members = [...new Set([...first.members, ...second.members])];
  return [
    {
      who: `${first.who} and blob functions`,
      reason: `${first.reason}, and ${second.reason}`,
      members,
      home: first.home,
    },
  ];
}

function settle({ who, reason, members, home }: Company, config: Config): Together {
  const named = members.flatMap(fn => {
    const workload = workloadInFile(fn, config);
    return workload === undefined ? [] : [{ fn, workload }];
  });
  const choices = [...new Set(named.map(one => one.workload))];
  const workload = choices[0] ?? home;
  const workloads = new Map(members.map(fn => [fn.name, workload]));
  if (choices.length < 2) return { workloads, faults: [], notices: followers(members, workload, config, reason) };
  const where = named.map(one => `"${one.fn.name}" into "${one.workload}"`).join(', ');
  const message = `${who} must run in one workload, since ${reason}, but aks-functions.yml puts ${where}. Put them all into one.`;
  return { workloads, faults: [{ message }], notices: [] };
}

/** Says it for members that their own trigger would have put elsewhere. */
function followers(
  members: readonly AppFunction[],
  workload: string,
  config: Config,
  reason: string,
): readonly Notice[] {
  return members
    .filter(fn => workloadInFile(fn, config) === undefined && rowOfTrigger(fn.bindings[0]).workload !== workload)
    .map(fn => ({
      function: fn.name,
      message: `Function "${fn.name}" runs in workload "${workload}" with its companions, since ${reason}.`,
    }));
}
