import type { Command } from './commands/command.ts';
import type { RawInputs } from './core/inputs/reader.ts';
import { Secret } from './core/secret.ts';
import { describeError } from './errors.ts';
import { readSurroundings, secretTextsOf } from './inputs.ts';
import { actionOutput, type Output } from './outputs.ts';
import { runToEnd } from './run.ts';

/** Runs a command as an action: secrets masked first, outputs and summary written, the exit code set. */
export async function runAction(command: Command, raw: RawInputs): Promise<void> {
  const surroundings = readSurroundings();
  const output = actionOutput(surroundings, () => raw.get('app-directory')?.trim() || '.');
  for (const text of secretTextsOf(raw)) output.mask(new Secret(text));
  const code = await runToEnd(output, async signal => {
    const result = await command(raw, surroundings, output, signal);
    await output.report(result.outputs, result.summary);
    return result.ok ? 0 : 1;
  });
  process.exitCode = code === 0 ? 0 : 1;
}

/** Runs the cleanup of an action. What it cannot remove is a warning, since the result of the job is that of its steps. */
export async function runPost(cleanUp: (output: Output) => Promise<void>): Promise<void> {
  const output = actionOutput(readSurroundings(), () => '.');
  try {
    await cleanUp(output);
  } catch (thrown) {
    output.warning(describeError(thrown));
  }
}
