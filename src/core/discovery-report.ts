import { describePlace } from '../errors.ts';
import { triggerText } from './discovery-rows.ts';
import type { Project, Unresolved } from './project.ts';

/** Further columns of a table of functions, by the function's name: title to text. */
export type FunctionRows = ReadonlyMap<string, Readonly<Record<string, string>>>;

/** Aligned table of the functions of an app, then the values that the source does not tell; ends with a line break. */
export function renderDiscovery(project: Project, rows: FunctionRows = new Map()): string {
  const extra = [...new Set([...rows.values()].flatMap(row => Object.keys(row)))];
  const header = ['FUNCTION', 'TRIGGER', 'SOURCE', ...extra.map(title => title.toUpperCase()), 'NOTE'];
  const lines = project.functions.map(fn => {
    const { name, place, disabled, unresolved } = fn;
    return [
      name,
      triggerText(project, fn),
      describePlace({ file: place.file, ...(place.line === undefined ? {} : { line: place.line }) }),
      ...extra.map(title => rows.get(name)?.[title] ?? ''),
      [...(disabled ? ['disabled'] : []), ...unresolved.map(({ what }) => `${what} unknown`)].join(', '),
    ];
  });
  const table = alignedText([header, ...lines]);
  const unknown = [...project.unresolved, ...project.functions.flatMap(({ unresolved }) => unresolved)].map(
    describeUnresolved,
  );
  return [
    `${project.folder}: ${project.runtime}, ${project.model}`,
    '',
    ...table,
    ...(unknown.length > 0 ? ['', ...unknown] : []),
    '',
  ].join('\n');
}

function describeUnresolved({ what, place, advice }: Unresolved): string {
  return `${describePlace(place)}: ${what} cannot be known from the source. ${advice}`;
}

function alignedText(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map(row => row[column]?.length ?? 0)));
  return rows.map(row =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

/** The project as `discover --format json` prints it. */
export function discoveryJson(project: Project): Readonly<Record<string, unknown>> {
  const { runtime, model, functions, unresolved } = project;
  return {
    runtime,
    model,
    functions: functions.map(({ name, bindings, place, disabled, unresolved: values }) => ({
      name,
      bindings,
      file: place.file,
      line: place.line ?? 1,
      disabled,
      unresolved: values.map(unresolvedJson),
    })),
    unresolved: unresolved.map(unresolvedJson),
  };
}

function unresolvedJson({ what, place, advice }: Unresolved): Readonly<Record<string, unknown>> {
  return { what, ...place, advice };
}
