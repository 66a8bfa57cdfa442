import { relative, resolve } from 'node:path';
import {
  debug,
  endGroup,
  error,
  info,
  notice,
  saveState,
  setOutput,
  setSecret,
  startGroup,
  warning,
} from '@actions/core';
import type { InputName } from './core/inputs/table.ts';
import { maskTextsOf, redacted } from './core/masks.ts';
import type { Secret } from './core/secret.ts';
import { describeError, describeFault, type Fault, type Place, UserError } from './errors.ts';
import type { Log } from './flows/ports.ts';
import type { Surroundings } from './inputs.ts';

/** Values by the names of action.yml; what is not known is undefined and stays unset. */
export type Outputs = Readonly<Record<string, string | undefined>>;

/** Where the facts of a run go, every secret hidden. */
export interface Output extends Log {
  /** Hides the secret in all that is written after it. */
  mask(secret: Secret): void;
  /** The text with all masked secrets hidden. */
  redact(text: string): string;
  /** Hands over outputs and the job summary of an action, also of a failed one; the command line shows its result itself. */
  report(outputs: Outputs, summary: string): Promise<void>;
  /** Tells the post step of an action what was made for an input; the command line has none. */
  remember(input: InputName, made: string): void;
  /** Shows what was thrown: faults of the user's without a stack, each at its place. */
  fail(thrown: unknown): void;
}

/** Largest job summary that the runner uploads, in bytes, less some room for its own. */
const summaryLimit = 1_000_000;

/** Output of an action: workflow commands on stdout. `directory` is what the places of faults are relative to. */
export function actionOutput(
  { workspace, summaryFile }: Pick<Surroundings, 'workspace' | 'summaryFile'>,
  directory: () => string,
): Output {
  const masks = new Set<string>();
  const redact = (text: string) => redacted(text, masks);
  const show = (line: string) => info(harmless(redact(line)));
  const showFault = (fault: Fault) => {
    const place = placeIn(workspace, directory(), fault.place);
    const { reason, details } = partsOf({ ...fault, ...(place ? { place } : {}) });
    details.forEach(show);
    error(redact(reason), place ? annotationOf(place) : {});
  };
  return {
    redact,
    mask: secret => {
      for (const text of maskTextsOf(secret.reveal())) {
        masks.add(text);
        setSecret(text);
      }
    },
    info: show,
    notice: line => notice(redact(line)),
    warning: line => warning(redact(line)),
    debug: line => debug(redact(line)),
    group: async (title, work) => {
      startGroup(title);
      try {
        return await timed(show, work);
      } finally {
        endGroup();
      }
    },
    report: async (outputs, summary) => {
      for (const [name, value] of Object.entries(outputs)) if (value !== undefined) setOutput(name, redact(value));
      await writeSummary(redact(summary), summaryFile);
    },
    remember: saveState,
    fail: thrown => {
      if (thrown instanceof UserError) thrown.faults.forEach(showFault);
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
    mask: secret => {
      for (const text of maskTextsOf(secret.reveal())) masks.add(text);
    },
    info: line => write(`  ${line}`),
    notice: line => write(`${coloured(36, 'Notice:')} ${line}`),
    warning: line => write(`${coloured(33, 'Warning:')} ${line}`),
    debug: () => {},
    group: (title, work) => {
      write(coloured(1, title));
      return timed(line => write(`  ${line}`), work);
    },
    report: async () => {},
    remember: () => {},
    fail: thrown => {
      const faults = thrown instanceof UserError ? thrown.faults : [{ message: describeError(thrown) }];
      for (const { reason, details } of faults.map(partsOf)) {
        details.forEach(write);
        write(`${coloured(31, 'Error:')} ${reason}`);
      }
    },
  };
}

/** Does the work of a group, and says at its end how long that took, whether it went well or not. */
async function timed<Result>(say: (line: string) => void, work: () => Promise<Result>): Promise<Result> {
  const began = performance.now();
  try {
    return await work();
  } finally {
    say(`Took ${((performance.now() - began) / 1000).toFixed(1)} s`);
  }
}

/** Appends Markdown to the job summary, cut where the runner would drop it; nothing outside a runner. */
async function writeSummary(markdown: string, file: string | undefined): Promise<void> {
  if (!file) return;
  const cut =
    markdown.length > summaryLimit
      ? `${markdown.slice(0, summaryLimit)}\n\n… cut: the summary would be too large.\n`
      : markdown;
  // The runner's own writer would load this before the first request, which is sent sooner without it.
  const { appendFile } = await import('node:fs/promises');
  await appendFile(file, `${cut}\n`);
}

/** Writes the result of a command to stdout. */
export function writeResult(text: string): void {
  process.stdout.write(text.endsWith('\n') ? text : `${text}\n`);
}

/** The reason in one line, to be shown last, and what the cluster or a program said about it. */
function partsOf(fault: Fault): { readonly reason: string; readonly details: readonly string[] } {
  const [reason = '', ...details] = describeFault(fault).split(/\r?\n/);
  return { reason, details };
}

/** The place relative to the checkout instead of the app folder. */
function placeIn(workspace: string, directory: string, place: Place | undefined): Place | undefined {
  return place && { ...place, file: relative(workspace, resolve(workspace, directory, place.file)) };
}

function annotationOf({ file, line, column }: Place) {
  return { file, ...(line ? { startLine: line } : {}), ...(column ? { startColumn: column } : {}) };
}

/** Lines of containers and programs must not be taken for commands by the runner, which ignores leading space and knows two forms. */
function harmless(text: string): string {
  return text.replace(/^(\s*):(?=:)/gm, '$1: ').replaceAll('##[', '## [');
}
