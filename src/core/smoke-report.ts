/** How one check went. */
export interface CheckResult {
  readonly title: string;
  /** Where it was sent from and to. */
  readonly via: string;
  readonly attempts: number;
  /** Of the last attempt. */
  readonly milliseconds: number;
  /** What was expected and not met; empty when the check passed. */
  readonly faults: readonly string[];
}

/** Outputs of the action. */
export function smokeOutputs(results: readonly CheckResult[]): Readonly<Record<string, string>> {
  const report = results.map(result => ({
    ...result,
    milliseconds: Math.round(result.milliseconds),
    passed: result.faults.length === 0,
  }));
  const passed = results.filter(result => result.faults.length === 0).length;
  return { report: JSON.stringify(report), passed: String(passed), failed: String(results.length - passed) };
}

/** Markdown for the job summary; `brokenOff` says why not all checks were carried out. */
export function smokeSummary(app: string, results: readonly CheckResult[], brokenOff?: string): string {
  const rows = results.map(
    ({ title, via, attempts, milliseconds, faults }) =>
      `| ${faults.length === 0 ? '✅' : '❌'} | ${cell(title)} | ${cell(via)} | ${attempts} | ${Math.round(milliseconds)} | ${cell(faults.join('; ') || 'as expected')} |`,
  );
  return [
    `### Smoke test of ${cell(app)}: ${brokenOff === undefined ? verdictOf(results) : `broken off after ${results.length} check${results.length === 1 ? '' : 's'}`}`,
    '',
    ...(brokenOff === undefined ? [] : [`> ${cell(brokenOff)}`, '']),
    '| | check | by way of | attempts | ms | result |',
    '| --- | --- | --- | ---: | ---: | --- |',
    ...rows,
    '',
  ].join('\n');
}

/** The same for a terminal. */
export function smokeText(results: readonly CheckResult[]): string {
  return [...results.map(result => resultLine(result)), verdictOf(results)].join('\n');
}

/** One line for a check that has ended. */
export function resultLine({ title, via, attempts, milliseconds, faults }: CheckResult): string {
  const effort = `${Math.round(milliseconds)} ms${attempts > 1 ? `, ${attempts} attempts` : ''}`;
  return `${faults.length === 0 ? '✓' : '✗'} ${title} by way of ${via} (${effort})${faults.length === 0 ? '' : `: ${faults.join('; ')}`}`;
}

function verdictOf(results: readonly CheckResult[]): string {
  const failed = results.filter(result => result.faults.length > 0).length;
  return failed === 0
    ? `${results.length} of ${results.length} checks passed`
    : `${failed} of ${results.length} checks failed`;
}

/** A body of an answer stands in it: nothing may be taken for Markdown or HTML. */
function cell(text: string): string {
  return text
    .replace(/\s*\n\s*/g, ' ')
    .replace(/[|`*_[\]\\]/g, sign => `\\${sign}`)
    .replaceAll('<', '&lt;');
}
