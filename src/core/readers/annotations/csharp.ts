import type { Binding, Runtime, SourceTree, Unresolved } from '../../project.ts';
import type { FoundFunction, Reading } from '../reading.ts';
import { textOf, unknownFunctions } from '../static-value.ts';
import type { Annotation } from './declarations.ts';
import { type AnnotatedFunction, type AnnotatedSources, readSources } from './sources.ts';

/** What the C# sources of an app declare; the runtime is told by the attributes when the project file does not. */
export function readCsharp(tree: SourceTree, runtime: Runtime | undefined): Omit<Reading, 'lookedAt'> {
  const sources = readSources(tree, 'csharp');
  const durable = durableClasses(sources);
  const isolated = sources.functions.some(({ naming }) => naming === 'Function') || durable.functions.length > 0;
  const chosen = runtime ?? (isolated ? 'dotnet-isolated' : 'dotnet');
  const finish = chosen === 'dotnet' ? inProcess : isolatedFunction;
  return {
    runtime: chosen,
    functions: [...sources.functions.map(one => finish(one, sources)), ...durable.functions],
    unresolved: [...sources.unresolved, ...durable.unresolved],
    faults: sources.faults,
  };
}

/** The build adds the answer of an HTTP function. */
function isolatedFunction({ found }: AnnotatedFunction): FoundFunction {
  const isHttp = found.bindings[0]?.type === 'httpTrigger';
  const answer: Binding = { type: 'http', direction: 'out', name: '$return' };
  return isHttp ? { ...found, bindings: [...found.bindings, answer] } : found;
}

/** Attributes that name the connection of a trigger from outside of it. */
const accounts: Readonly<Record<string, string>> = {
  queueTrigger: 'StorageAccount',
  blobTrigger: 'StorageAccount',
  serviceBusTrigger: 'ServiceBusAccount',
};

function inProcess(one: AnnotatedFunction, { evaluator }: AnnotatedSources): FoundFunction {
  const { found, member, scope } = one;
  const around: readonly Annotation[] = [
    ...(member.parameters ?? []).flatMap(parameter => parameter.annotations),
    ...member.annotations,
    ...member.type.annotations,
  ];
  const textIn = (annotation: Annotation | undefined) =>
    annotation?.arguments[0] && textOf(evaluator.value(annotation.arguments[0].value, scope));
  const [trigger, ...others] = found.bindings;
  const account = textIn(around.find(({ name }) => name === accounts[trigger?.type ?? '']));
  const connected = trigger && account !== undefined && trigger.connection === undefined;
  const disable = around.find(({ name }) => name === 'Disable');
  const setting = textIn(disable);
  return {
    ...found,
    bindings: connected ? [{ ...trigger, connection: account }, ...others] : found.bindings,
    disabled: disable !== undefined && disable.arguments.length === 0,
    unresolved: [...found.unresolved, ...(setting && disable ? [disabledBy(setting, found, disable, one)] : [])],
  };
}

function disabledBy(
  setting: string,
  { name }: FoundFunction,
  disable: Annotation,
  { scope }: AnnotatedFunction,
): Unresolved {
  const advice = `The setting "${setting}" decides it. Set "AzureWebJobs.${name}.Disabled" instead.`;
  return { what: 'disabled', place: scope.file.placeAt(disable.offset), advice };
}

/** Triggers by the base class of a class with `[DurableTask]`, for which the build makes the function. */
const durableBases: Readonly<Record<string, string>> = {
  TaskOrchestrator: 'orchestrationTrigger',
  TaskActivity: 'activityTrigger',
  TaskEntity: 'entityTrigger',
};

function durableClasses({ files, evaluator }: AnnotatedSources) {
  const functions: FoundFunction[] = [];
  const unresolved: Unresolved[] = [];
  for (const file of files) {
    for (const { path, annotations, bases } of file.types) {
      const task = annotations.find(({ name }) => name === 'DurableTask');
      const type = durableBases[bases.find(base => base in durableBases) ?? ''];
      if (task === undefined) continue;
      const [given] = task.arguments;
      const name = given ? textOf(evaluator.value(given.value, { file, path })) : path.at(-1);
      const place = file.placeAt(task.offset);
      if (name === undefined || type === undefined)
        unresolved.push(unknownFunctions(place, 'The name or the kind of this Durable class cannot be told.'));
      else
        functions.push({
          name,
          place,
          disabled: false,
          unresolved: [],
          bindings: [{ type, direction: 'in', name: 'context' }],
        });
    }
  }
  return { functions, unresolved };
}
