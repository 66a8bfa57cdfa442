import { type ParserPlugin, parse } from '@babel/parser';
import type { Program } from '@babel/types';
import { type Place, UserError } from '../../../errors.ts';

const always: readonly ParserPlugin[] = [
  'decorators',
  'decoratorAutoAccessors',
  'deferredImportEvaluation',
  'sourcePhaseImports',
];

/** The syntax tree of a JavaScript or TypeScript file. Throws UserError with the place of a syntax error. */
export function parseScript(text: string, file: string): Program {
  const typescript = /\.[mc]?tsx?$/.test(file);
  const plugins = [...always];
  if (typescript) plugins.push('typescript');
  if (!/\.[mc]?ts$/.test(file)) plugins.push('jsx');
  try {
    return parse(text, {
      sourceType: file.endsWith('.cjs') ? 'commonjs' : 'unambiguous',
      plugins,
      attachComment: false,
      // Rules of strict mode and of types are the compiler's business: only what cannot be read at all is thrown.
      errorRecovery: true,
      ...(file.endsWith('.cjs') ? {} : { allowReturnOutsideFunction: true }),
    }).program;
  } catch (error) {
    if (error instanceof RangeError)
      throw new UserError({ message: 'The file nests too deeply to be read. Take it out of "main".', place: { file } });
    throw new UserError({
      message: `The file has a syntax error: ${reasonOf(error)} Correct it.`,
      place: placeOf(error, file),
    });
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error
    ? error.message.replace(/\s*\(\d+:\d+\)\s*$/, '').replace(/\.?$/, '.')
    : 'it cannot be read.';
}

function placeOf(error: unknown, file: string): Place {
  if (!(error instanceof Error) || !('loc' in error)) return { file };
  const { loc } = error;
  if (typeof loc !== 'object' || loc === null || !('line' in loc) || !('column' in loc)) return { file };
  return { file, line: Number(loc.line), column: Number(loc.column) + 1 };
}
