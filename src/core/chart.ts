import type { Sample } from './scale-curve.ts';

/** Most points that a chart shows without its labels running into each other. */
const pointLimit = 60;
/** Longest bar of a table, in characters. */
const barLimit = 30;
/** Most rows of a table. */
const rowLimit = 24;

/**
 * Samples at evenly spaced times, at most `limit` and at least two: of each span the greatest values, so that no peak is lost.
 * A span without a sample repeats the one before.
 */
export function resampled(samples: readonly Sample[], limit = pointLimit): readonly Sample[] {
  const last = samples.at(-1);
  if (!last) return [];
  const count = Math.max(2, Math.min(limit, Math.ceil(last.seconds) + 1));
  const step = Math.max(last.seconds, 1) / (count - 1);
  const points: Sample[] = [];
  for (let index = 0; index < count; index += 1) {
    const span = samples.filter(one => Math.min(count - 1, Math.max(0, Math.round(one.seconds / step))) === index);
    points.push(greatestOf(span, index * step) ?? { ...(points.at(-1) ?? last), seconds: index * step });
  }
  return points;
}

/** A Mermaid block with the curve: bars for the ready replicas, a line for the messages in a unit that the title names. */
export function renderChart(samples: readonly Sample[], name: string): string {
  const points = resampled(samples);
  const replicas = Math.max(1, ...points.map(one => Math.max(one.ready, one.wanted)));
  const messages = Math.max(0, ...points.map(one => one.messages));
  const unit = messages / replicas;
  const line = points.map(one => rounded(unit === 0 ? 0 : one.messages / unit));
  return [
    '```mermaid',
    `%%{init: {"xyChart": {"width": 900, "height": 320}, "themeVariables": {"xyChart": {"backgroundColor": "transparent", "plotColorPalette": "#0969da, #bf8700"}}}}%%`,
    'xychart-beta',
    `  title "${titleText(`${name}: ready replicas (blue), messages in units of ${rounded(unit === 0 ? 1 : unit)} (yellow)`)}"`,
    `  x-axis "seconds" 0 --> ${Math.ceil(Math.max(1, points.at(-1)?.seconds ?? 0))}`,
    `  y-axis "replicas" 0 --> ${replicas + 1}`,
    `  bar [${points.map(one => one.ready).join(', ')}]`,
    `  line [${line.join(', ')}]`,
    '```',
  ].join('\n');
}

/** One row of the table below the chart. */
export interface CurveRow {
  readonly seconds: string;
  readonly wanted: number;
  readonly ready: number;
  readonly messages: number;
  /** `█` for each ready replica, fewer where there are very many. */
  readonly bar: string;
}

/** The moments at which replicas changed, thinned out to a table that can be read. */
export function curveRows(samples: readonly Sample[]): readonly CurveRow[] {
  const changes = samples.filter((one, index) => {
    const before = samples[index - 1];
    return !before || index === samples.length - 1 || one.wanted !== before.wanted || one.ready !== before.ready;
  });
  const most = Math.max(1, ...samples.map(one => one.ready));
  const scale = Math.min(1, barLimit / most);
  const shown = changes.length <= rowLimit ? changes : resampled(samples, rowLimit);
  return shown.map(({ seconds, wanted, ready, messages }) => ({
    seconds: seconds.toFixed(1),
    wanted,
    ready,
    messages,
    bar: '█'.repeat(Math.ceil(ready * scale)),
  }));
}

function greatestOf(span: readonly Sample[], seconds: number): Sample | undefined {
  if (span.length === 0) return undefined;
  const most = (value: (sample: Sample) => number) => Math.max(...span.map(value));
  return {
    seconds,
    countedSeconds: seconds,
    wanted: most(one => one.wanted),
    ready: most(one => one.ready),
    messages: most(one => one.messages),
  };
}

/** A quotation mark or a line break would end the title and spoil the whole block. */
function titleText(text: string): string {
  return text.replace(/["`\s]+/g, ' ');
}

function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}
