import type { Check, CheckState, Cure } from './check.ts';
import { countProblems } from './checks.ts';

/** What a visit of the doctor came to. */
export interface DoctorResult {
  readonly app: string;
  readonly namespace: string;
  readonly checks: readonly Check[];
  /** What `fix` changed, each in words. */
  readonly changes: readonly string[];
  /** What `fix` tried in vain, each as a sentence with what to do. */
  readonly failures: readonly string[];
}

/** Outputs of the action. */
export function doctorOutputs(result: DoctorResult): Readonly<Record<string, string>> {
  const { app, namespace, checks, changes, failures } = result;
  const shown = checks.map(({ id, title, state, evidence, cure }) => ({
    ...{ id, title, state, evidence },
    ...(cure ? { cure } : {}),
  }));
  return {
    report: JSON.stringify({ app, namespace, checks: shown, changes, failures }),
    problems: String(countProblems(checks)),
  };
}

/** Markdown for the job summary: the problems with their cures first, then every check in a table. */
export function doctorSummary(result: DoctorResult): string {
  const { checks, changes, failures } = result;
  return [
    `### Doctor: ${headlineOf(result)}`,
    '',
    ...listOf('Changed', changes),
    ...listOf('Could not be changed', failures),
    ...checks.filter(needsCare).flatMap(curePart),
    '| | Check | Found |',
    '| --- | --- | --- |',
    ...checks.map(({ state, title, evidence }) => `| ${signs[state]} | ${title} | ${cell(evidence)} |`),
    '',
  ].join('\n');
}

/** The same for a terminal. */
export function doctorText(result: DoctorResult): string {
  const { checks, changes, failures } = result;
  const width = Math.max(...checks.map(check => check.title.length));
  return [
    headlineOf(result),
    ...changes.map(change => `  Changed: ${change}`),
    ...failures.map(failure => `  Could not be changed: ${failure}`),
    ...checks.map(({ state, title, evidence }) => `${marks[state]} ${title.padEnd(width)}  ${oneLine(evidence)}`),
    ...checks.filter(needsCare).flatMap(({ title, cure }) => (cure ? ['', `${title}:`, indented(cure.text)] : [])),
  ].join('\n');
}

const signs: Readonly<Record<CheckState, string>> = { ok: '✅', problem: '❌', unknown: '❔', skipped: '➖' };
const marks: Readonly<Record<CheckState, string>> = { ok: '✓', problem: '✗', unknown: '?', skipped: '-' };

function headlineOf({ app, namespace, checks }: DoctorResult): string {
  const problems = countProblems(checks);
  const unseen = checks.filter(check => check.state === 'unknown').length;
  const found = problems === 0 ? 'no problem' : `${problems} problem${problems === 1 ? '' : 's'}`;
  return `${app} in ${namespace}: ${found}${unseen > 0 ? `, ${unseen} not known` : ''}`;
}

function needsCare({ state }: Check): boolean {
  return state === 'problem' || state === 'unknown';
}

function curePart({ state, title, evidence, cure }: Check): readonly string[] {
  return [`**${signs[state]} ${title}**`, '', escaped(evidence), '', ...(cure ? cureLines(cure) : [])];
}

function cureLines({ kind, text }: Cure): readonly string[] {
  if (kind === 'advice') return [escaped(text), ''];
  return [
    kind === 'command' ? 'This cures it:' : 'Let somebody who may apply this with `kubectl apply -f`:',
    '',
    `\`\`\`${kind === 'command' ? 'sh' : 'yaml'}`,
    text.trimEnd(),
    '```',
    '',
  ];
}

function listOf(title: string, items: readonly string[]): readonly string[] {
  if (items.length === 0) return [];
  return [`${title}:`, '', ...items.map(item => `- ${escaped(oneLine(item))}`), ''];
}

function cell(text: string): string {
  return escaped(oneLine(text)).replaceAll('|', '\\|');
}

function escaped(text: string): string {
  return text.replaceAll('<', '&lt;');
}

function oneLine(text: string): string {
  return text.replace(/\s*\r?\n\s*/g, ' ').trim();
}

function indented(text: string): string {
  return text
    .trimEnd()
    .split('\n')
    .map(line => `  ${line}`)
    .join('\n');
}
