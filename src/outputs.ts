import { relative, resolve } from 'node:path';
import { debug, endGroup, error, info, notice, setOutput, setSecret, startGroup, summary, warning } from '@actions/core';
import { maskTextsOf, redacted } from './core/masks.ts';
import type { Secret } from './core/secret.ts';
import { describeError, type Fault, UserError } from './errors.ts';
import type { Log } from './flows/ports.ts';

/** Where the facts of a run go, every secret hidden. */
export interface Output extends Log {
  /** Hides the secret in all that is written after it. */
  mask(secret: Secret): void;
  /** The text with all masked secrets hidden. */
  redact(text: string): string;
  /** Shows what was thrown: faults of the user's without a stack, each at its place. */
  fail(thrown: unknown): void;
}

/** Largest job summary that the runner uploads, in bytes, less some room for its own. */
const summaryLimit = 1_000_000;

/** Output of an action: workflow commands on stdout. `directory` is what the places of faults are relative to. */
export function actionOutput(workspace: string, directory: () => string): Output {
  const masks = new Set<string>();
  const redact = (text: string) => redacted(text, masks);
  const show = (fault: Fault) => error(redact(fault.message), annotationOf(fault, workspace, directory()));
  return {
    redact,
    mask: secret => {
      for (const text of maskTextsOf(secret.reveal())) {
        masks.add(text);
        setSecret(text);
      }
    },
    info: line => info(redact(line)),
    notice: line => notice(redact(line)),
    warning: line => warning(redact(line)),
    debug: line => debug(redact(line)),
    group: async (title, work) => {
      startGroup(title);
      try {
        return await work();
      } finally {
        endGroup();
      }
    },
    fail: thrown => {
      if (thrown instanceof UserError) thrown.faults.forEach(show);
      else error(redact(describeError(thrown)));
    },
  };
}

/** Output of the command line: everything on stderr, so that stdout holds results only. */
export function terminalOutput(colours: boolean): Output {
  const masks = new Set<string>();
  const redact = (text: string) => redacted(text, masks);
  const write = (line: string) => {
    process.stderr.write(`${redact(line)}\n`);
  };
  const coloured = (code: number, text: string) => (colours ? `\u001b[${code}m${text}\u001b[0m` : text);
  return {
    redact,
    mask: secret => maskTextsOf(secret.reveal()).forEach(text => masks.add(text)),
    info: line => write(`  ${line}`),
    notice: line => write(`${coloured(36, 'Notice:')} ${line}`),
    warning: line => write(`${coloured(33, 'Warning:')} ${line}`),
    debug: () => {},
    group: (title, work) => {
      write(coloured(1, title));
      return work();
    },
    fail: thrown => write(`${coloured(31, 'Error:')} ${describeError(thrown)}`),
  };
}

/** Sets the outputs of an action; undefined ones stay unset. */
export function writeOutputs(outputs: Readonly<Record<string, string | undefined>>, redact: (text: string) => string): void {
  for (const [name, value] of Object.entries(outputs)) if (value !== undefined) setOutput(name, redact(value));
}

/** Appends Markdown to the job summary, cut where the runner would drop it; nothing outside a runner. */
export async function writeSummary(markdown: string, file: string | undefined): Promise<void> {
  if (!file) return;
  const cut = markdown.length > summaryLimit ? `${markdown.slice(0, summaryLimit)}\n\n… cut: the summary would be too large.\n` : markdown;
  await summary.addRaw(cut, true).write();
}

/** Writes the result of a command to stdout. */
export function writeResult(text: string): void {
  process.stdout.write(text.endsWith('\n') ? text : `${text}\n`);
}

function annotationOf({ place }: Fault, workspace: string, directory: string) {
  if (!place) return {};
  const file = relative(workspace, resolve(workspace, directory, place.file));
  return { file, ...(place.line ? { startLine: place.line } : {}), ...(place.column ? { startColumn: place.column } : {}) };
}
