import { type Fault, UserError } from '../errors.ts';
import type { Check } from './config/config.ts';
import { parseConfig } from './config/parse.ts';

const key = 'checks';

/** Checks of the input, a YAML list in the form of `checks` of the file; throws UserError with every fault and its line. */
export function parseChecks(text: string): readonly Check[] {
  // One space more before each line makes the list the value of the key, whatever its own indentation.
  const lines = text.split(/\r?\n/).map(line => ` ${line}`);
  try {
    return parseConfig(`${key}:\n${lines.join('\n')}\n`, { file: key }).checks ?? [];
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new UserError(error.faults.map(inputFault), { cause: error });
  }
}

/** The place is one in the input, not in a file of the user's. */
function inputFault({ message, place }: Fault): Fault {
  const line = (place?.line ?? 1) - 1;
  const said = message.replaceAll(`"${key}[`, '"[').replace(/^The file /, 'It ');
  return { message: line > 0 ? `Line ${line} of input "${key}": ${said}` : `Input "${key}": ${said}` };
}
