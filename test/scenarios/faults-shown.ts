import assert from 'node:assert/strict';
import type { StepResult } from '../support/action.ts';

/** A fault as the runner would annotate it. */
export interface ShownFault {
  readonly file?: string;
  readonly line?: string;
  readonly message: string;
}

/** Every fault of a step's log, in order, with the escapes of workflow commands undone. */
export function faultsOf({ log }: Pick<StepResult, 'log'>): readonly ShownFault[] {
  return [...log.matchAll(/^::error(?: ([^:]*))?::(.*)$/gm)].map(([, properties = '', message = '']) => {
    const { file, line } = propertiesOf(properties);
    return {
      ...(file === undefined ? {} : { file }),
      ...(line === undefined ? {} : { line }),
      message: unescaped(message),
    };
  });
}

/** Messages of every fault, one a line. */
export function messagesOf(result: Pick<StepResult, 'log'>): string {
  return faultsOf(result)
    .map(fault => fault.message)
    .join('\n');
}

/** Fails when one of the secrets, or its Base64 form, is in what a step shows or hands on. */
export function assertHidden({ log, outputs, summary }: StepResult, secrets: readonly string[]): void {
  // The runner takes masks out of the log and hides what they say.
  const shown = [log.replace(/^::add-mask::.*$/gm, ''), JSON.stringify(outputs), summary].join('\n');
  for (const secret of secrets) {
    for (const form of [secret, Buffer.from(secret).toString('base64').replace(/=+$/, '')]) {
      assert(!shown.includes(form), `${form} is shown in:\n${shown}`);
    }
  }
}

function propertiesOf(text: string): Readonly<Record<string, string>> {
  const pairs = text.split(',').map(pair => pair.split('='));
  return Object.fromEntries(pairs.map(([name = '', value = '']) => [name, unescaped(value)]));
}

function unescaped(text: string): string {
  return text
    .replaceAll('%0A', '\n')
    .replaceAll('%0D', '\r')
    .replaceAll('%3A', ':')
    .replaceAll('%2C', ',')
    .replaceAll('%25', '%');
}
