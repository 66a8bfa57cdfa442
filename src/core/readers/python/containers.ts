import type { Place } from '../../../errors.ts';
import type { FoundFunction } from '../reading.ts';
import { known, type StaticValue } from '../static-value.ts';

/** An object whose decorators declare functions: the app, or a blueprint that it may register. */
export interface Container {
  readonly isApp: boolean;
  readonly place: Place;
  /** Level of HTTP functions that state none. */
  readonly authLevel: StaticValue;
  /** Filled while the modules are read. */
  readonly functions: FoundFunction[];
  readonly registered: Container[];
}

interface ClassRow {
  readonly isApp: boolean;
  /** Position of the argument with the level. */
  readonly authLevelAt: number;
  /** The class itself adds one HTTP function for all routes. */
  readonly wrapsApp?: boolean;
}

const classes: Readonly<Record<string, ClassRow>> = {
  'azure.functions.FunctionApp': { isApp: true, authLevelAt: 0 },
  'azure.functions.Blueprint': { isApp: false, authLevelAt: -1 },
  'azure.functions.AsgiFunctionApp': { isApp: true, authLevelAt: 1, wrapsApp: true },
  'azure.functions.WsgiFunctionApp': { isApp: true, authLevelAt: 1, wrapsApp: true },
  'azure.durable_functions.DFApp': { isApp: true, authLevelAt: 0 },
  'azure.durable_functions.Blueprint': { isApp: false, authLevelAt: -1 },
};

/** Arguments of a call by name and by position. */
export interface CallArguments {
  readonly named: ReadonlyMap<string, StaticValue>;
  readonly positional: readonly StaticValue[];
}

/** Whether the dotted name is a class of containers. */
export function isContainerClass(name: string): boolean {
  return Object.hasOwn(classes, name);
}

/** The container that calling a class makes; undefined for any other class. */
export function newContainer(name: string, { named, positional }: CallArguments, place: Place): Container | undefined {
  const row = classes[name];
  if (row === undefined) return undefined;
  const given = named.get('http_auth_level') ?? positional[row.authLevelAt];
  const authLevel = given === undefined || given.kind === 'absent' ? known('function') : inLowerCase(given);
  const functionName = named.get('function_name') ?? positional[2];
  const functions = row.wrapsApp ? [wrapperFunction(functionName, authLevel, place)] : [];
  return { isApp: row.isApp, place, authLevel, functions, registered: [] };
}

/** Levels are written in either case in Python and in lower case in `function.json`. */
export function inLowerCase(value: StaticValue): StaticValue {
  return value.kind === 'known' && typeof value.value === 'string' ? known(value.value.toLowerCase()) : value;
}

/** The function through which an ASGI or WSGI app serves all its routes. */
function wrapperFunction(name: StaticValue | undefined, authLevel: StaticValue, place: Place): FoundFunction {
  const given = name?.kind === 'known' ? String(name.value) : 'http_app_func';
  const level = authLevel.kind === 'known' ? { authLevel: authLevel.value } : {};
  const methods = ['GET', 'POST', 'DELETE', 'HEAD', 'PATCH', 'PUT', 'OPTIONS'];
  return {
    name: given,
    place,
    disabled: false,
    unresolved: [],
    bindings: [
      { type: 'httpTrigger', direction: 'in', name: 'req', route: '/{*route}', methods, ...level },
      { type: 'http', direction: 'out', name: '$return' },
    ],
  };
}

const modelActivity = 'run_model_activity';

/** Adds the activity that calls the model for the orchestrators of AI agents, once for each container as the library does. */
export function addModelActivity({ functions }: Container, place: Place): void {
  if (functions.some(({ name }) => name === modelActivity)) return;
  const binding = { type: 'activityTrigger', direction: 'in', name: 'input', activity: 'run_model' } as const;
  functions.push({ name: modelActivity, place, disabled: false, unresolved: [], bindings: [binding] });
}
