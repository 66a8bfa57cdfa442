import type { Binding, Unresolved } from '../../project.ts';
import type { FoundFunction } from '../reading.ts';
import { type BindingWriter, emptyRecord, known, type StaticValue, textOf, unknownFunctions } from '../static-value.ts';
import type { Annotation, Member } from './declarations.ts';
import { type AnnotationRow, annotationRow } from './tables.ts';
import type { Language } from './tokens.ts';
import type { ConstantEvaluator, Scope } from './values.ts';

/** A function, or why it cannot be told. */
export type MemberResult = { readonly fn: FoundFunction } | { readonly unresolved: Unresolved };

/** What reading the annotations of a member needs. */
export interface BindingContext {
  readonly scope: Scope;
  readonly evaluator: ConstantEvaluator;
  readonly language: Language;
  readonly writer: BindingWriter;
  /** What an annotation is called by its alias in the file. */
  readonly aliased: (name: string) => string;
}

/** The binding that an annotation makes, under the name of what it stands on; undefined when it makes none. */
export function bindingOf(
  annotation: Annotation,
  name: string,
  index: number,
  context: BindingContext,
): Binding | undefined {
  const called = context.aliased(annotation.name);
  const values = valuesOf(annotation, context);
  const row = called === 'CustomBinding' ? customRow(values) : annotationRow(called, context.language);
  if (row === undefined) return undefined;
  const entries = new Map(
    [...byPosition(values, row, called), ...values.named].map(([key, value]) => fitted(key, value)),
  );
  if (called === 'HttpTrigger' && context.language === 'csharp') addHttp(entries, values.positional);
  const given = textOf(entries.get('name') ?? known(null));
  for (const key of ['name', ...(called === 'CustomBinding' ? ['type', 'direction'] : [])]) entries.delete(key);
  const what = `bindings[${index}]`;
  const tooMany = called !== 'HttpTrigger' && values.positional.length > byPosition(values, row, called).length;
  const written = context.writer.record({ ...emptyRecord, entries }, what);
  if (tooMany && row.type.endsWith('Trigger')) context.writer.note(what, context.scope.file.placeAt(annotation.offset));
  return { type: row.type, direction: row.direction, name: given ?? name, ...written };
}

interface Values {
  readonly positional: readonly StaticValue[];
  readonly named: readonly (readonly [string, StaticValue])[];
}

function valuesOf(annotation: Annotation, { evaluator, scope }: BindingContext): Values {
  const values = annotation.arguments.map(({ name, value }) => ({ name, value: evaluator.value(value, scope) }));
  return {
    positional: values.filter(({ name }) => name === undefined).map(({ value }) => value),
    named: values.flatMap(({ name, value }) => (name === undefined ? [] : [[lowerFirst(name), value] as const])),
  };
}

function byPosition({ positional, named }: Values, row: AnnotationRow, called: string) {
  const list = row.positional.find(names => names.length >= positional.length) ?? row.positional.at(-1) ?? [];
  // The attribute of the extension's third version has the older word.
  const isOld = named.some(([key]) => /^(connectionStringSetting|leaseCollectionName|collectionName)$/.test(key));
  const names = called.startsWith('CosmosDB') && isOld ? ['databaseName', 'collectionName'] : list;
  return names.flatMap((name, index) => {
    const value = positional[index];
    return value === undefined ? [] : [[name, value] as const];
  });
}

/** Keys and values as the build writes them into its output. */
function fitted(key: string, value: StaticValue): readonly [string, StaticValue] {
  if (key === 'blobPath') return ['path', value];
  if (key === 'isBatched' && value.kind === 'known')
    return ['cardinality', known(value.value === true ? 'Many' : 'One')];
  if (key === 'authLevel') return [key, lowerCase(value)];
  return [key, value];
}

function addHttp(entries: Map<string, StaticValue>, positional: readonly StaticValue[]): void {
  const [first, ...rest] = positional;
  const hasLevel = first?.kind === 'enum';
  const methods = hasLevel ? rest : positional;
  if (hasLevel) entries.set('authLevel', lowerCase(first));
  const [only] = methods;
  const list: StaticValue = methods.length === 1 && only?.kind === 'list' ? only : { kind: 'list', items: methods };
  if (methods.length > 0) entries.set('methods', list);
}

function lowerCase(value: StaticValue): StaticValue {
  return value.kind === 'enum' ? known(value.name.toLowerCase()) : value;
}

function customRow({ named }: Values): AnnotationRow | undefined {
  const values = new Map(named);
  const type = textOf(values.get('type') ?? known(null));
  const out = textOf(values.get('direction') ?? known(null))?.toLowerCase() === 'out';
  return type === undefined ? undefined : { type, direction: out ? 'out' : 'in', positional: [] };
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

/** The function that a member with a name declares, its bindings on parameters, on itself and on `outputs`. */
export function functionOf(
  member: Member,
  naming: Annotation,
  outputs: readonly Member[],
  contextOf: (functionName: string) => BindingContext,
): MemberResult {
  const { evaluator, scope } = contextOf('');
  const place = scope.file.placeAt(naming.offset);
  const [argument] = naming.arguments;
  const name = argument && textOf(evaluator.value(argument.value, scope));
  if (name === undefined) return { unresolved: unknownFunctions(place, 'The name of this function is computed.') };
  const context = contextOf(name);
  const found: { readonly annotation: Annotation; readonly name: string }[] = [
    ...(member.parameters ?? []).flatMap(parameter =>
      parameter.annotations.map(annotation => ({ annotation, name: parameter.name })),
    ),
    ...member.annotations.map(annotation => ({ annotation, name: '$return' })),
    ...outputs.flatMap(output => output.annotations.map(annotation => ({ annotation, name: output.name }))),
  ];
  const isTrigger = ({ annotation }: { readonly annotation: Annotation }) =>
    context.aliased(annotation.name).endsWith('Trigger') ||
    (annotation.name === 'CustomBinding' && customTrigger(annotation, context));
  const bindings: Binding[] = [];
  for (const one of [...found.filter(isTrigger), ...found.filter(other => !isTrigger(other))]) {
    const binding = bindingOf(one.annotation, one.name, bindings.length, context);
    if (binding) bindings.push(binding);
  }
  return { fn: { name, place, bindings, disabled: false, unresolved: context.writer.unresolved } };
}

function customTrigger(annotation: Annotation, context: BindingContext): boolean {
  return customRow(valuesOf(annotation, context))?.type.endsWith('Trigger') ?? false;
}
