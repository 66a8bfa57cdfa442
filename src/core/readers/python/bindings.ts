import type { SyntaxNode } from '@lezer/common';
import type { Binding } from '../../project.ts';
import { type BindingWriter, emptyRecord, known, type StaticValue, textOf } from '../static-value.ts';
import { type Container, inLowerCase } from './containers.ts';
import { type DecoratorRow, routeParameters } from './decorators.ts';
import type { Evaluator } from './evaluate.ts';
import type { Module } from './modules.ts';

type RecordValue = Extract<StaticValue, { kind: 'record' }>;

/** A decorator of a function that belongs to a container. */
export interface Decoration {
  readonly name: string;
  readonly container: Container;
  /** Its argument list; undefined without parentheses. */
  readonly list: SyntaxNode | undefined;
  readonly module: Module;
}

/** Arguments of a decorator by parameter. */
export function parametersOf(
  { list, module }: Decoration,
  parameters: readonly string[],
  evaluator: Evaluator,
): RecordValue {
  if (list === undefined) return emptyRecord;
  const { named, positional, open } = evaluator.arguments(list, module);
  const byPosition = positional.flatMap((value, index) => {
    const parameter = parameters[index];
    return parameter === undefined ? [] : [[parameter, value] as const];
  });
  const beyond = positional.length > parameters.length;
  const places = [...open, ...(beyond ? [list] : [])].map(node => module.placeAt(node.from));
  return { kind: 'record', entries: new Map([...byPosition, ...named]), open: places };
}

/** What the binding is called in the function's signature and what its place in the list of bindings is. */
interface Target {
  readonly index: number;
  readonly functionName: string;
}

/** The binding that a decorator adds; undefined when its type is not known. */
export function bindingOf(
  row: DecoratorRow,
  given: RecordValue,
  index: number,
  writer: BindingWriter,
): Binding | undefined {
  const type = row.type ?? textOf(given.entries.get('type') ?? known(null));
  if (type === undefined) return undefined;
  const name = textOf(given.entries.get(row.nameParameter) ?? known(null)) ?? '';
  const entries = [...given.entries]
    .filter(([key]) => key !== row.nameParameter && key !== 'type')
    .map(([key, value]) => [camelCase(key), value] as const);
  return {
    type,
    direction: row.direction,
    name,
    ...writer.record({ ...given, entries: new Map(entries) }, `bindings[${index}]`),
  };
}

/** Trigger and output of `route`. */
export function routeBindings(
  given: RecordValue,
  container: Container,
  { index, functionName }: Target,
  writer: BindingWriter,
): readonly [Binding, Binding] {
  const value = (parameter: string): StaticValue => given.entries.get(parameter) ?? { kind: 'absent' };
  const own = value('auth_level');
  const route = value('route');
  const entries: readonly (readonly [string, StaticValue])[] = [
    ['route', route.kind === 'absent' ? known(functionName) : route],
    ['methods', value('methods')],
    ['authLevel', own.kind === 'absent' ? container.authLevel : inLowerCase(own)],
    ...extraFields(value('trigger_extra_fields')),
  ];
  const declared = new Set(routeParameters);
  const others = [...given.entries]
    .filter(([key]) => !declared.has(key))
    .map(([key, item]) => [camelCase(key), item] as const);
  const written = writer.record({ ...given, entries: new Map([...entries, ...others]) }, `bindings[${index}]`);
  return [
    { type: 'httpTrigger', direction: 'in', name: textOf(value('trigger_arg_name')) ?? 'req', ...written },
    {
      type: 'http',
      direction: 'out',
      name: textOf(value('binding_arg_name')) ?? '$return',
      ...writer.record({ ...emptyRecord, entries: new Map(extraFields(value('binding_extra_fields'))) }, 'bindings'),
    },
  ];
}

function extraFields(value: StaticValue): readonly (readonly [string, StaticValue])[] {
  return value.kind === 'record' ? [...value.entries].map(([key, item]) => [camelCase(key), item] as const) : [];
}

/** `queue_name` as `queueName`, as the library does it. */
export function camelCase(name: string): string {
  const [first = '', ...rest] = name.split('_');
  return first + rest.map(word => word.charAt(0).toUpperCase() + word.slice(1).toLowerCase()).join('');
}
