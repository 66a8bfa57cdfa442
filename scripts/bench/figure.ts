/** One line of a figure: what was measured, and the value of each run. */
export interface Row {
  readonly name: string;
  readonly values: readonly number[];
}

/** A limit, what was measured, and whether it is kept. */
export interface Goal {
  readonly text: string;
  readonly measured: string;
  readonly met: boolean;
}

/** Rows that were measured together, and may be compared with each other only. */
export interface Figure {
  readonly title: string;
  /** Of every value, such as `ms`; a count has none. */
  readonly unit?: string;
  /** Digits after the point; one without it. */
  readonly digits?: number;
  /** The first row is what the others are compared with, unless `ratios` is `false`. */
  readonly rows: readonly Row[];
  readonly ratios?: boolean;
  readonly goals?: readonly Goal[];
  /** Sentences on what the rows leave out or cannot be compared in. */
  readonly notes?: readonly string[];
}

/** The middle of the sorted values, of an even number the lower one of two; NaN of none. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) / 2)] ?? Number.NaN;
}

/** Goal for the difference between the medians of a row and of what it is compared with. */
export function atMostOver(limit: number, row: Row, floor: Row): Goal {
  const over = median(row.values) - median(floor.values);
  return {
    text: `"${row.name}" at most ${limit} ms over "${floor.name}"`,
    measured: `${over.toFixed(1)} ms`,
    met: over <= limit,
  };
}

/** Goal for every single value of a row. */
export function neverAbove(limit: number, unit: string, row: Row): Goal {
  const worst = Math.max(...row.values);
  return {
    text: `"${row.name}" at most ${limit} ${unit}`,
    measured: `${worst.toFixed(0)} ${unit}`,
    met: worst <= limit,
  };
}

/** The figure in Markdown: a table, goals and notes. */
export function renderFigure({ title, unit, digits = 1, rows, ratios = true, goals = [], notes = [] }: Figure): string {
  const runs = Math.max(...rows.map(row => row.values.length));
  const single = runs === 1;
  const floor = median(rows[0]?.values ?? []);
  const body = rows.map(row => [row.name, ...numbersOf(row, digits, single), ...(ratios ? [ratioOf(row, floor)] : [])]);
  const head = ['', ...(single ? [unit ?? 'count'] : ['median', 'min', 'max']), ...(ratios ? ['ratio'] : [])];
  const heading = single ? title : `${title} (${[unit, `${runs} runs`].filter(Boolean).join(', ')})`;
  const verdicts = goals.map(
    goal => `- Goal: ${goal.text}. Measured ${goal.measured}: ${goal.met ? 'met' : 'NOT met'}.`,
  );
  const lines = [...verdicts, ...notes.map(note => `- ${note}`)];
  return [`### ${heading}`, '', table([head, ...body]), ...(lines.length > 0 ? ['', ...lines] : []), ''].join('\n');
}

function numbersOf({ values }: Row, digits: number, single: boolean): readonly string[] {
  const numbers = single ? values : [median(values), Math.min(...values), Math.max(...values)];
  return numbers.map(value => value.toFixed(digits));
}

function ratioOf({ values }: Row, floor: number): string {
  return (median(values) / floor).toFixed(2);
}

/** Markdown whose columns also line up as plain text; the first is of words, the others of numbers. */
function table(cells: readonly (readonly string[])[]): string {
  const [head = [], ...body] = cells;
  const widths = head.map((_, column) => Math.max(3, ...cells.map(row => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0))).join(' | ')} |`;
  const rule = widths.map((width, column) => (column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`));
  return [line(head), line(rule), ...body.map(line)].join('\n');
}
