import type { Place } from '../../../errors.ts';
import { emptyRecord, known, type StaticValue } from '../static-value.ts';

type RecordValue = Extract<StaticValue, { kind: 'record' }>;

/** What a method of a library's `app` registers. */
export interface Registration {
  /** Type of the trigger; undefined when the call names it. */
  readonly type: string | undefined;
  /** Entries that the library adds when they are missing. */
  readonly defaults: ReadonlyMap<string, StaticValue>;
  /** Entries that the library sets whatever the call says. */
  readonly fixed: ReadonlyMap<string, StaticValue>;
  /** The function gets a Durable client as well. */
  readonly durableClient: boolean;
}

const functionsLibrary = '@azure/functions';
const durableLibrary = 'durable-functions';

/** Trigger types by the name that both `app` and `trigger` use. */
const triggerTypes: Readonly<Record<string, string>> = {
  http: 'httpTrigger',
  timer: 'timerTrigger',
  storageBlob: 'blobTrigger',
  storageQueue: 'queueTrigger',
  serviceBusQueue: 'serviceBusTrigger',
  serviceBusTopic: 'serviceBusTrigger',
  eventHub: 'eventHubTrigger',
  eventGrid: 'eventGridTrigger',
  cosmosDB: 'cosmosDBTrigger',
  warmup: 'warmupTrigger',
  sql: 'sqlTrigger',
  mySql: 'mysqlTrigger',
  webPubSub: 'webPubSubTrigger',
  mcpTool: 'mcpToolTrigger',
  mcpResource: 'mcpResourceTrigger',
  mcpPrompt: 'mcpPromptTrigger',
  connectorTrigger: 'connectorTrigger',
};

/** Types of the other bindings by the name that `input` and `output` use. */
const bindingTypes: Readonly<Record<string, string>> = {
  http: 'http',
  storageBlob: 'blob',
  storageQueue: 'queue',
  serviceBusQueue: 'serviceBus',
  serviceBusTopic: 'serviceBus',
  eventHub: 'eventHub',
  eventGrid: 'eventGrid',
  table: 'table',
  cosmosDB: 'cosmosDB',
  sql: 'sql',
  mySql: 'mysql',
  webPubSub: 'webPubSub',
  webPubSubConnection: 'webPubSubConnection',
  webPubSubContext: 'webPubSubContext',
};

/** Methods of `app` for one HTTP method. */
const httpMethods: Readonly<Record<string, string>> = {
  get: 'GET',
  put: 'PUT',
  post: 'POST',
  patch: 'PATCH',
  deleteRequest: 'DELETE',
};

const durableTypes: Readonly<Record<string, string>> = {
  orchestration: 'orchestrationTrigger',
  activity: 'activityTrigger',
  entity: 'entityTrigger',
};

/** Members of `app` that register no function. */
const otherMembers = new Set(['setup', 'hook']);

const httpDefaults: ReadonlyMap<string, StaticValue> = new Map([
  ['authLevel', known('anonymous')],
  ['methods', list('GET', 'POST')],
]);
const none: ReadonlyMap<string, StaticValue> = new Map();

function list(...texts: readonly string[]): StaticValue {
  return { kind: 'list', items: texts.map(text => known(text)) };
}

/** What calling the member of a library registers; `unknown` for a method that is not in the tables, undefined for what registers nothing. */
export function registrationOf(path: readonly string[]): Registration | 'unknown' | undefined {
  const [library, object, ...rest] = path;
  if (object !== 'app' || (library !== functionsLibrary && library !== durableLibrary)) return undefined;
  if (library === functionsLibrary) return rest.length === 1 ? methodOf(rest[0] ?? '', false) : undefined;
  if (rest[0] === 'client') return rest.length === 2 ? methodOf(rest[1] ?? '', true) : undefined;
  const type = durableTypes[rest[0] ?? ''];
  return rest.length === 1 && type !== undefined
    ? { type, defaults: none, fixed: none, durableClient: false }
    : undefined;
}

function methodOf(method: string, durableClient: boolean): Registration | 'unknown' | undefined {
  const single = httpMethods[method];
  if (single)
    return { type: 'httpTrigger', defaults: httpDefaults, fixed: new Map([['methods', list(single)]]), durableClient };
  const type = triggerTypes[method];
  if (method === 'generic' || type)
    return { type, defaults: type === 'httpTrigger' ? httpDefaults : none, fixed: none, durableClient };
  return otherMembers.has(method) ? undefined : 'unknown';
}

/** Whether the member of a library is the object on which functions are registered, or the whole library. */
export function canRegister(path: readonly string[]): boolean {
  const [library, object] = path;
  return (
    (library === functionsLibrary || library === durableLibrary) &&
    (path.length === 1 || (object === 'app' && path.length === 2))
  );
}

/** The binding that a call of `trigger.…`, `input.…` or `output.…` makes; undefined for any other member. */
export function bindingHelper(path: readonly string[], optionsOf: () => StaticValue): StaticValue | undefined {
  const [library, kind, name = ''] = path;
  if (path.length !== 3 || (kind !== 'trigger' && kind !== 'input' && kind !== 'output')) return undefined;
  const types = typesOf(library ?? '', kind);
  if (types === undefined || (name !== 'generic' && types[name] === undefined)) return undefined;
  const options = optionsOf();
  const given: RecordValue = options.kind === 'record' ? options : emptyRecord;
  const open = options.kind === 'unknown' ? [options.place] : given.open;
  const defaults = kind === 'trigger' && name === 'http' ? httpDefaults : none;
  const fixed = types[name] === undefined ? none : new Map([['type', known(types[name])]]);
  return { kind: 'record', entries: new Map([...defaults, ...given.entries, ...fixed]), open };
}

function typesOf(library: string, kind: 'trigger' | 'input' | 'output'): Readonly<Record<string, string>> | undefined {
  if (library === functionsLibrary) return kind === 'trigger' ? triggerTypes : bindingTypes;
  if (library !== durableLibrary) return undefined;
  return kind === 'trigger' ? durableTypes : kind === 'input' ? { durableClient: 'durableClient' } : {};
}

/** A member of a package or of Node itself; one of `process.env` is a setting. */
export function referenceMember(given: readonly string[], place: Place): StaticValue {
  // The default export of a CommonJS package is the package itself.
  const path = given[1] === 'default' ? given.toSpliced(1, 1) : given;
  const [root, member, name] = path;
  if (root !== 'process' || member !== 'env' || name === undefined) return { kind: 'reference', path };
  return { kind: 'setting', name, place };
}
