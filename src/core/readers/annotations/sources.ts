import { type Fault, UserError } from '../../../errors.ts';
import type { SourceTree, Unresolved } from '../../project.ts';
import { unreadFile } from '../large-files.ts';
import { type PlaceAt, placesIn } from '../places.ts';
import type { FoundFunction } from '../reading.ts';
import { BindingWriter, unknownFunctions } from '../static-value.ts';
import { type BindingContext, functionOf } from './bindings.ts';
import { declarationsOf, type Member, type SourceFile } from './declarations.ts';
import { tokensOf } from './lexer.ts';
import { withoutDeadBranches } from './preprocessor.ts';
import { type Language, matchBrackets } from './tokens.ts';
import { ConstantEvaluator, type Scope } from './values.ts';

/** What the sources of an app declare by annotations. */
export interface AnnotatedSources {
  readonly functions: readonly AnnotatedFunction[];
  readonly unresolved: readonly Unresolved[];
  readonly faults: readonly Fault[];
  readonly files: readonly SourceFile[];
  readonly evaluator: ConstantEvaluator;
}

/** A function with the member that declares it. */
export interface AnnotatedFunction {
  readonly found: FoundFunction;
  readonly member: Member;
  readonly scope: Scope;
  /** The annotation that names it. */
  readonly naming: string;
}

type MemberReading = AnnotatedFunction | { readonly unresolved: Unresolved };

const namings: Readonly<Record<Language, readonly string[]>> = {
  csharp: ['Function', 'FunctionName'],
  java: ['FunctionName'],
};

/** Reads all files with an extension; build outputs and tests are no sources of the app. */
export function readSources(tree: SourceTree, language: Language): AnnotatedSources {
  const pattern = language === 'csharp' ? /\.cs$/i : /\.java$/i;
  const skipped = language === 'csharp' ? /(^|\/)(bin|obj)\//i : /(^|\/)(target|build|src\/test)\//;
  const faults: Fault[] = [];
  const doubtful: Unresolved[] = [];
  const files = tree.paths
    .filter(path => pattern.test(path) && !skipped.test(path))
    .flatMap(path => {
      const text = tree.texts.get(path);
      const unread = unreadFile(tree, path);
      if (unread) doubtful.push(unread);
      return text === undefined ? [] : [readFile(text, path, language, faults, doubtful)];
    });
  const evaluator = new ConstantEvaluator(files);
  const results = files.flatMap(file => functionsIn(file, files, evaluator, language));
  return {
    functions: results.flatMap(result => ('found' in result ? [result] : [])),
    unresolved: [...results.flatMap(result => ('unresolved' in result ? [result.unresolved] : [])), ...doubtful],
    faults,
    files,
    evaluator,
  };
}

function readFile(text: string, path: string, language: Language, faults: Fault[], doubtful: Unresolved[]): SourceFile {
  const placeAt = placesIn(path, text);
  const isCsharp = language === 'csharp';
  const source = isCsharp ? withoutDeadBranches(text) : { text, doubtful: [] };
  for (const offset of source.doubtful)
    doubtful.push(unknownFunctions(placeAt(offset), 'Symbols of the build decide whether this function is compiled.'));
  const { tokens, unreadable } = tokensOf(source.text, language);
  const wrong = unreadable ?? matchBrackets(tokens).unmatched;
  if (wrong) faults.push(syntaxFault(wrong.reason, wrong.offset, placeAt));
  try {
    return declarationsOf(wrong ? [] : tokens, language, placeAt);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    faults.push(...error.faults);
    return declarationsOf([], language, placeAt);
  }
}

function syntaxFault(reason: string, offset: number, placeAt: PlaceAt): Fault {
  return { message: `The file has a syntax error: ${reason}. Correct it.`, place: placeAt(offset) };
}

function functionsIn(
  file: SourceFile,
  files: readonly SourceFile[],
  evaluator: ConstantEvaluator,
  language: Language,
): readonly MemberReading[] {
  const aliased = (name: string) => (file.aliases.get(name) ?? name).replace(/(?<=.)Attribute$/, '');
  return file.members.flatMap((member): readonly MemberReading[] => {
    const naming = member.annotations.find(({ name }) => namings[language].includes(aliased(name)));
    if (naming === undefined || member.parameters === undefined) return [];
    const scope: Scope = { file, path: member.type.path };
    const contextOf = (name: string): BindingContext => ({
      scope,
      evaluator,
      language,
      aliased,
      writer: new BindingWriter(name, file.placeAt(naming.offset)),
    });
    const result = functionOf(member, naming, outputsOf(member, files), contextOf);
    return 'fn' in result ? [{ found: result.fn, member, scope, naming: aliased(naming.name) }] : [result];
  });
}

/** Properties with annotations of the type that a method gives back. */
function outputsOf({ returns }: Member, files: readonly SourceFile[]): readonly Member[] {
  return files
    .flatMap(({ members }) => members)
    .filter(({ parameters, type }) => parameters === undefined && returns.includes(type.path.at(-1) ?? ''));
}
