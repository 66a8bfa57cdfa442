import type * as ast from '@babel/types';
import type { Binding, Unresolved } from '../../project.ts';
import type { FoundFunction } from '../reading.ts';
import { BindingWriter, emptyRecord, known, type StaticValue, textOf, unknownFunctions } from '../static-value.ts';
import type { Evaluator, JsValue } from './evaluate.ts';
import type { Registration } from './library.ts';
import type { Call } from './registrations.ts';
import { placeOfNode } from './syntax.ts';

type RecordValue = Extract<StaticValue, { kind: 'record' }>;

/** A function or what stands in its way. */
export type CallResult = { readonly fn: FoundFunction } | { readonly unresolved: Unresolved };

/** Options of a registration that are no properties of its trigger. */
const ownOptions = new Set(['handler', 'return', 'trigger', 'extraInputs', 'extraOutputs', 'retry']);

/** The function that a call registers. */
export function functionOf(call: Call, evaluator: Evaluator): CallResult {
  const { node, module, registration, reason } = call;
  const place = placeOfNode((call.site?.module ?? module).path, call.site?.node ?? node);
  const [nameNode, optionsNode] = call.arguments;
  const name = nameNode && textOf(evaluator.plain(nameNode, module));
  const shown = name === undefined || name.includes('%') ? '' : `It names "${name}". `;
  if (registration === undefined || reason !== undefined)
    return { unresolved: unknownFunctions(place, `${shown}${reason ?? ''}`) };
  if (name === undefined || name.includes('%'))
    return { unresolved: unknownFunctions(place, 'The name of this function is computed.') };
  const options = optionsOf(optionsNode, evaluator, call);
  const writer = new BindingWriter(name, place);
  const trigger = triggerOf(options, registration, writer);
  if (trigger === undefined)
    return { unresolved: unknownFunctions(place, `The type of the trigger of "${name}" is computed.`) };
  const bindings = uniqueNames([trigger, ...otherBindings(options, registration, writer)]);
  return { fn: { name, place, bindings, disabled: false, unresolved: writer.unresolved } };
}

/** The options as a record; a handler alone has none. */
function optionsOf(node: ast.Node | undefined, evaluator: Evaluator, { module }: Call): RecordValue {
  const value: JsValue = node ? evaluator.value(node, module) : { kind: 'absent' };
  if (value.kind === 'record') return value;
  const isHandler = value.kind === 'function' || value.kind === 'callable' || value.kind === 'absent';
  return isHandler || node === undefined ? emptyRecord : { ...emptyRecord, open: [placeOfNode(module.path, node)] };
}

function triggerOf(options: RecordValue, registration: Registration, writer: BindingWriter): Binding | undefined {
  const given = options.entries.get('trigger');
  const entries = [...options.entries].filter(([key]) => !ownOptions.has(key));
  const source =
    given?.kind === 'record' ? given : { ...options, entries: new Map(given === undefined ? entries : []) };
  const type = textOf(source.entries.get('type') ?? known(null)) ?? registration.type;
  if (type === undefined || (given !== undefined && given.kind !== 'record')) return undefined;
  const all = new Map([...registration.defaults, ...source.entries, ...registration.fixed]);
  const fullType = type.toLowerCase().endsWith('trigger') ? type : `${type}Trigger`;
  return bindingOf(
    { ...source, entries: all },
    { type: fullType, direction: 'in', index: 0, suffix: 'Trigger' },
    writer,
  );
}

interface BindingShape {
  readonly type: string;
  readonly direction: 'in' | 'out';
  readonly index: number;
  readonly suffix: string;
  readonly name?: string;
}

function bindingOf(
  record: RecordValue,
  { type, direction, index, suffix, name }: BindingShape,
  writer: BindingWriter,
): Binding {
  const entries = new Map(
    [...record.entries].filter(([key]) => key !== 'type' && key !== 'direction' && key !== 'name'),
  );
  const written = writer.record({ ...record, entries }, `bindings[${index}]`);
  const given = textOf(record.entries.get('name') ?? known(null));
  const made = type.toLowerCase().endsWith(suffix.toLowerCase()) ? type : type + suffix;
  return { type, direction, name: name ?? given ?? made, ...written };
}

function otherBindings(
  options: RecordValue,
  { type, durableClient }: Registration,
  writer: BindingWriter,
): readonly Binding[] {
  const client: StaticValue = { ...emptyRecord, entries: new Map([['type', known('durableClient')]]) };
  const returned =
    options.entries.get('return') ??
    (type === 'httpTrigger' ? { ...emptyRecord, entries: new Map([['type', known('http')]]) } : undefined);
  const found = [
    ...[...itemsOf(options, 'extraInputs', writer), ...(durableClient ? [client] : [])].map(
      value => ({ value, direction: 'in', suffix: 'Input' }) as const,
    ),
    ...(returned ? [{ value: returned, direction: 'out', suffix: 'Output', name: '$return' } as const] : []),
    ...itemsOf(options, 'extraOutputs', writer).map(value => ({ value, direction: 'out', suffix: 'Output' }) as const),
  ];
  let index = 0;
  return found.flatMap(({ value, ...shape }) => {
    const bindingType = value.kind === 'record' ? textOf(value.entries.get('type') ?? known(null)) : undefined;
    if (value.kind === 'unknown') writer.note(`bindings[${index + 1}]`, value.place);
    if (value.kind !== 'record' || bindingType === undefined) return [];
    index++;
    return [bindingOf(value, { ...shape, type: bindingType, index }, writer)];
  });
}

function itemsOf(options: RecordValue, key: string, writer: BindingWriter): readonly StaticValue[] {
  const value = options.entries.get(key);
  if (value?.kind === 'unknown') writer.note(key, value.place);
  return value?.kind === 'list' ? value.items : [];
}

/** Names must differ within a function; a second one of the same kind gets a number. */
function uniqueNames(bindings: readonly Binding[]): readonly Binding[] {
  const used = new Map<string, number>();
  return bindings.map(binding => {
    const count = (used.get(binding.name) ?? 0) + 1;
    used.set(binding.name, count);
    return count === 1 ? binding : { ...binding, name: `${binding.name}${count}` };
  });
}
