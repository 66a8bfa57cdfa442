import type { Remedy } from './remedies.ts';

/** `unknown` where it could not be looked at, `skipped` where it does not apply or something before it failed. */
export type CheckState = 'ok' | 'problem' | 'unknown' | 'skipped';

/** What mends a problem: one command, objects to apply, or a sentence. */
export interface Cure {
  readonly kind: 'command' | 'manifest' | 'advice';
  readonly text: string;
}

/** What a check came to. */
export interface Verdict {
  readonly state: CheckState;
  /** What was found, in one or two sentences. */
  readonly evidence: string;
  readonly cure?: Cure;
  /** What `fix` may do about it. */
  readonly remedies?: readonly Remedy[];
}

/** One thing that can make a deployment fail, looked at. */
export interface Check extends Verdict {
  readonly id: string;
  readonly title: string;
}

/** What looking for a fact came to. */
export type Finding<Value> =
  | { readonly kind: 'known'; readonly value: Value }
  /** It was refused or did not work; the reason says what to do. */
  | { readonly kind: 'failed'; readonly reason: string }
  /** The identity may not look. */
  | { readonly kind: 'forbidden'; readonly reason: string }
  /** It does not apply, or what it needs is not there. */
  | { readonly kind: 'skipped'; readonly reason: string };

/** A fact that was found. */
export function known<Value>(value: Value): Finding<Value> {
  return { kind: 'known', value };
}

/** A fact that was not looked for. */
export function skipped(reason: string): Finding<never> {
  return { kind: 'skipped', reason };
}

/** The verdict `ok`. */
export function ok(evidence: string): Verdict {
  return { state: 'ok', evidence };
}

/** The verdict `problem` with what mends it. */
export function problem(evidence: string, cure?: Cure, remedies?: readonly Remedy[]): Verdict {
  return { state: 'problem', evidence, ...(cure ? { cure } : {}), ...(remedies ? { remedies } : {}) };
}

/** The verdict `unknown` with what lets the user look. */
export function unknown(evidence: string, cure?: Cure): Verdict {
  return { state: 'unknown', evidence, ...(cure ? { cure } : {}) };
}

/** The verdict `skipped` with its reason. */
export function skip(reason: string): Verdict {
  return { state: 'skipped', evidence: reason };
}

/** The verdict of a known fact; a failure is a problem, and what may not be looked at stays unknown. */
export function judge<Value>(finding: Finding<Value>, verdict: (value: Value) => Verdict): Verdict {
  switch (finding.kind) {
    case 'known':
      return verdict(finding.value);
    case 'failed':
      return problem(finding.reason);
    case 'forbidden':
      return unknown(finding.reason);
    case 'skipped':
      return skip(finding.reason);
  }
}

/** The verdict where the fact belongs to another check, named by `title`, which tells what is wrong with it. */
export function given<Value>(finding: Finding<Value>, title: string, verdict: (value: Value) => Verdict): Verdict {
  if (finding.kind === 'known') return verdict(finding.value);
  return skip(finding.kind === 'skipped' ? finding.reason : `Needs "${title}", see there.`);
}

/** A command as cure. */
export function command(text: string): Cure {
  return { kind: 'command', text };
}

/** A sentence as cure. */
export function advice(text: string): Cure {
  return { kind: 'advice', text };
}
