import { curveRows, renderChart } from './chart.ts';
import type { Curve, Limits, Sample } from './scale-curve.ts';

/** What a scale test saw and what it thinks of it. */
export interface ScaleResult {
  readonly app: string;
  readonly function: string;
  readonly queue: string;
  /** Messages that were put. */
  readonly messages: number;
  readonly minReplicas: number;
  readonly maxReplicas: number;
  readonly samples: readonly Sample[];
  readonly curve: Curve;
  readonly limits: Limits;
  /** Why the test failed; empty when it passed. */
  readonly faults: readonly string[];
  /** Messages that the function gave up, now in the poison queue. */
  readonly poisoned: number;
}

/** Outputs of the action. */
export function scaleOutputs(result: ScaleResult): Readonly<Record<string, string | undefined>> {
  const { curve, samples } = result;
  const { app, function: name, queue, messages, minReplicas, maxReplicas, poisoned, faults, limits } = result;
  const report = {
    app,
    function: name,
    queue,
    messages,
    minReplicas,
    maxReplicas,
    passed: faults.length === 0,
    peakReplicas: curve.peak,
    steps: curve.steps,
    firstReplicaSeconds: tenths(curve.firstReplicaSeconds),
    drainedSeconds: tenths(curve.drainedSeconds),
    settledSeconds: tenths(curve.settledSeconds),
    poisoned,
    limits,
    faults,
    samples: samples.map(({ seconds, wanted, ready, messages: waiting }) => ({
      seconds: tenths(seconds),
      wanted,
      ready,
      messages: waiting,
    })),
  };
  return {
    report: JSON.stringify(report),
    'peak-replicas': String(curve.peak),
    'first-replica-seconds': tenths(curve.firstReplicaSeconds)?.toString(),
    'drained-seconds': tenths(curve.drainedSeconds)?.toString(),
  };
}

/** Markdown for the job summary: verdict, chart, and a table of the same facts. */
export function scaleSummary(result: ScaleResult): string {
  const { samples, function: name, faults } = result;
  const rows = curveRows(samples).map(
    row => `| ${row.seconds} | ${row.wanted} | ${row.ready} | ${row.messages} | ${row.bar} |`,
  );
  return [
    `### ${faults.length === 0 ? '✅' : '❌'} Scale test of ${cell(name)}`,
    '',
    factsOf(result)
      .map(fact => `- ${cell(fact)}`)
      .join('\n'),
    '',
    ...faults.flatMap(fault => [`> ${cell(fault)}`, '']),
    ...(samples.length > 0
      ? [
          renderChart(samples, name),
          '',
          '| seconds | wanted | ready | messages | |',
          '| ---: | ---: | ---: | ---: | :--- |',
          ...rows,
          '',
        ]
      : []),
  ].join('\n');
}

/** Markdown for the job summary of a test that failed before its first message. */
export function scaleFailure(app: string, reason: string): string {
  return `### ❌ Scale test of ${cell(app)}: not carried out\n\n> ${cell(reason)}\n`;
}

/** The same for a terminal. */
export function scaleText(result: ScaleResult): string {
  const rows = curveRows(result.samples).map(
    ({ seconds, wanted, ready, messages, bar }) =>
      `${seconds.padStart(7)} ${String(wanted).padStart(6)} ${String(ready).padStart(6)} ${String(messages).padStart(9)}  ${bar}`,
  );
  return [
    ...factsOf(result),
    ...result.faults,
    ...(rows.length > 0 ? ['', 'seconds wanted  ready  messages', ...rows] : []),
  ].join('\n');
}

function factsOf({
  app,
  function: name,
  queue,
  messages,
  curve,
  minReplicas,
  maxReplicas,
  poisoned,
}: ScaleResult): readonly string[] {
  const seconds = (value: number | undefined) => (value === undefined ? 'not seen' : `${value.toFixed(1)} s`);
  return [
    `${messages} message${messages === 1 ? '' : 's'} for function ${name} of ${app} in queue ${queue}, ${minReplicas} to ${maxReplicas} replicas`,
    `Steps: ${curve.steps.join(' → ')}`,
    `Most replicas ready at once: ${curve.peak}`,
    `First replica ready: ${seconds(curve.firstReplicaSeconds)}; queue empty: ${seconds(curve.drainedSeconds)}; back at ${minReplicas}: ${seconds(curve.settledSeconds)}`,
    ...(poisoned > 0 ? [`The function gave up ${poisoned} messages; they are in queue ${queue}-poison`] : []),
  ];
}

function tenths(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : Math.round(seconds * 10) / 10;
}

/** Text in which nothing is taken for Markdown's own signs of a table or of HTML. */
function cell(text: string): string {
  return text
    .replace(/\s*\n\s*/g, ' ')
    .replaceAll('|', '\\|')
    .replaceAll('<', '&lt;');
}
