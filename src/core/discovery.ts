import { assertNoFaults, type Fault, UserError } from '../errors.ts';
import { type DeclaredFunctions, withDeclared } from './declared-functions.ts';
import type { AppFunction, Binding, HostJson, Project, SourceTree } from './project.ts';
import { dotnetReader } from './readers/dotnet.ts';
import { functionJsonReader } from './readers/function-json.ts';
import { javaReader } from './readers/java.ts';
import { type JsonDocument, parseJson } from './readers/json.ts';
import { largeFileFaults } from './readers/large-files.ts';
import { nodeReader } from './readers/node/node-v4.ts';
import { pythonReader } from './readers/python/python-v2.ts';
import type { FoundFunction, ModelReading, Reader, Reading } from './readers/reading.ts';
import { isTrigger } from './triggers.ts';

/** Tried in this order; a model in code comes before `function.json`, as in the host, and a project file before both. */
const readers: readonly Reader[] = [dotnetReader, javaReader, pythonReader, nodeReader, functionJsonReader];

/**
 * The functions of an app from its source and from what `aks-functions.yml` declares. Throws UserError with every
 * fault, each with its place.
 */
export async function discoverProject(tree: SourceTree, declared: DeclaredFunctions = new Map()): Promise<Project> {
  assertNoFaults(largeFileFaults(tree));
  const host = readHost(tree);
  const read = await firstReading(tree, host.value);
  const reading = declared.size === 0 ? read : withDeclared(read, declared, 'aks-functions.yml');
  if (reading === undefined) {
    throw new UserError([
      ...host.faults,
      nothingFound('function_app.py, "main" in package.json, and function.json in the folders of the app'),
    ]);
  }
  assertNoFaults([...host.faults, ...faultsIn(reading)]);
  if (reading.functions.length === 0) throw new UserError([...unknownOnly(reading), nothingFound(reading.lookedAt)]);
  return projectOf(tree, host.value, reading);
}

/** What the first reader finds that finds anything, else what the last one says. */
async function firstReading(tree: SourceTree, host: HostJson): Promise<ModelReading | undefined> {
  let last: ModelReading | undefined;
  for (const reader of readers.filter(candidate => candidate.matches(tree))) {
    const reading = await reader.read(tree, host);
    last = { ...reading, model: reading.model ?? reader.model };
    if (reading.functions.length > 0 || reading.unresolved.length > 0 || reading.faults.length > 0) break;
  }
  return last;
}

function projectOf(tree: SourceTree, host: HostJson, reading: ModelReading): Project {
  const functions = reading.functions.flatMap(found => withTriggerFirst(found));
  return {
    folder: tree.folder,
    runtime: reading.runtime,
    model: reading.model,
    host,
    functions,
    unresolved: reading.unresolved,
  };
}

function withTriggerFirst(found: FoundFunction): readonly AppFunction[] {
  const trigger = found.bindings.find(isTrigger);
  if (trigger === undefined) return [];
  const others: readonly Binding[] = found.bindings.filter(binding => binding !== trigger);
  return [{ ...found, bindings: [trigger, ...others] }];
}

/** Without any function that is certain, what could not be told is what is wrong. */
function unknownOnly({ unresolved }: Reading): readonly Fault[] {
  return unresolved.map(({ place, advice }) => ({ message: advice, place }));
}

function nothingFound(lookedAt: string): Fault {
  return {
    message: `No functions were found; looked at ${lookedAt}. Point "app-directory" at the folder of the app, and build it first if its functions are only in the build output.`,
    place: { file: 'host.json' },
  };
}

function readHost(tree: SourceTree): { readonly value: HostJson; readonly faults: readonly Fault[] } {
  const file = 'host.json';
  const text = tree.texts.get(file);
  if (text === undefined)
    throw new UserError(
      'The app folder has no "host.json". Point the input "app-directory" at the folder that has it.',
    );
  try {
    const document = parseJson(text, file);
    return checkedHost(document);
  } catch (error) {
    if (error instanceof UserError) return { value: {}, faults: error.faults };
    throw error;
  }
}

function checkedHost(document: JsonDocument): { readonly value: HostJson; readonly faults: readonly Fault[] } {
  const { value } = document;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return {
      value: {},
      faults: [
        {
          message: 'The file must be a JSON object with "version". Write {"version": "2.0"}.',
          place: document.placeOf(),
        },
      ],
    };
  }
  const host: HostJson = { ...value };
  if (host.version === '2.0') return { value: host, faults: [] };
  const given = host.version === undefined ? 'it is missing' : `got ${JSON.stringify(host.version)}`;
  return {
    value: host,
    faults: [{ message: `Key "version" must be "2.0", ${given}.`, place: document.placeOf('version') }],
  };
}

/** Names that the host takes. */
const validName = /^(?!host$)[a-z][a-z0-9_-]{0,127}$/i;

function faultsIn({ functions, faults }: Reading): readonly Fault[] {
  return [
    ...faults,
    ...functions.flatMap(nameFaults),
    ...duplicateFaults(functions),
    ...functions.flatMap(triggerFaults),
  ];
}

function nameFaults({ name, place }: FoundFunction): readonly Fault[] {
  if (validName.test(name)) return [];
  return [
    {
      message: `Function name "${name}" is refused by the host. Start with a letter, use at most 128 letters, digits, "_" and "-", and not the word "host".`,
      place,
    },
  ];
}

function duplicateFaults(functions: readonly FoundFunction[]): readonly Fault[] {
  const first = new Map<string, FoundFunction>();
  const faults = functions.flatMap(fn => {
    const key = fn.name.toLowerCase();
    const other = first.get(key);
    if (other === undefined) first.set(key, fn);
    if (other === undefined) return [];
    const { file, line } = other.place;
    return [
      {
        message: `Function name "${fn.name}" is used a second time; the first is in ${file}${line === undefined ? '' : `:${line}`}. Rename one of them.`,
        place: fn.place,
      },
    ];
  });
  // A loop registers the same name at the same place again and again.
  return [...new Map(faults.map(fault => [JSON.stringify(fault), fault])).values()];
}

function triggerFaults({ name, bindings, place }: FoundFunction): readonly Fault[] {
  const triggers = bindings.filter(isTrigger);
  if (triggers.length === 1) return [];
  if (triggers.length === 0)
    return [{ message: `Function "${name}" has no trigger. Add one binding whose type ends in "Trigger".`, place }];
  return [
    {
      message: `Function "${name}" has ${triggers.length} triggers: ${triggers.map(({ type }) => type).join(', ')}. Make one function for each.`,
      place,
    },
  ];
}
