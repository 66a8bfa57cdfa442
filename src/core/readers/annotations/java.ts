import type { SourceTree } from '../../project.ts';
import type { FoundFunction, Reading } from '../reading.ts';
import { BindingWriter, textOf } from '../static-value.ts';
import { type AnnotatedFunction, type AnnotatedSources, readSources } from './sources.ts';

/** What the Java sources of an app declare. */
export function readJava(tree: SourceTree): Reading {
  const sources = readSources(tree, 'java');
  const { functions, unresolved, faults } = sources;
  const kotlin = tree.paths.some(path => path.endsWith('.kt'));
  return {
    runtime: 'java',
    functions: functions.map(one => withAnswer(withAccount(one, sources))),
    unresolved,
    faults,
    lookedAt: `function.json below "target/azure-functions" or "build/azure-functions", and annotations in Java files${kotlin ? '; the functions in Kotlin are only in the build output' : ''}`,
  };
}

/** The build adds the answer of an HTTP function that names no output. */
function withAnswer(found: FoundFunction): FoundFunction {
  const isHttp = found.bindings[0]?.type === 'httpTrigger';
  const answers = found.bindings.some(({ type, direction }) => type === 'http' && direction === 'out');
  if (!isHttp || answers) return found;
  return { ...found, bindings: [...found.bindings, { type: 'http', direction: 'out', name: '$return' }] };
}

const storageTypes: ReadonlySet<string> = new Set(['queueTrigger', 'blobTrigger', 'queue', 'blob', 'table']);

/** The build gives the account of the method to each storage binding that names no connection of its own. */
function withAccount({ found, member, scope }: AnnotatedFunction, { evaluator }: AnnotatedSources): FoundFunction {
  const annotation = member.annotations.find(({ name }) => name === 'StorageAccount');
  if (annotation === undefined) return found;
  const [given] = annotation.arguments;
  const account = given && textOf(evaluator.value(given.value, scope));
  const computed = new Set(found.unresolved.map(({ what }) => what));
  const writer = new BindingWriter(found.name, scope.file.placeAt(annotation.offset));
  const bindings = found.bindings.map((binding, index) => {
    const what = `bindings[${index}].connection`;
    const isOpen = storageTypes.has(binding.type) && binding.connection === undefined && !computed.has(what);
    if (isOpen && account === undefined) writer.note(what, scope.file.placeAt(annotation.offset));
    return isOpen && account !== undefined ? { ...binding, connection: account } : binding;
  });
  return { ...found, bindings, unresolved: [...found.unresolved, ...writer.unresolved] };
}
