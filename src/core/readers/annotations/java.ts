import type { SourceTree } from '../../project.ts';
import type { FoundFunction, Reading } from '../reading.ts';
import { type AnnotatedFunction, readSources } from './sources.ts';

/** What the Java sources of an app declare. */
export function readJava(tree: SourceTree): Reading {
  const { functions, unresolved, faults } = readSources(tree, 'java');
  const kotlin = tree.paths.some(path => path.endsWith('.kt'));
  return {
    runtime: 'java',
    functions: functions.map(withAnswer),
    unresolved,
    faults,
    lookedAt: `function.json below "target/azure-functions" or "build/azure-functions", and annotations in Java files${kotlin ? '; the functions in Kotlin are only in the build output' : ''}`,
  };
}

/** The build adds the answer of an HTTP function that names no output. */
function withAnswer({ found }: AnnotatedFunction): FoundFunction {
  const isHttp = found.bindings[0]?.type === 'httpTrigger';
  const answers = found.bindings.some(({ type, direction }) => type === 'http' && direction === 'out');
  if (!isHttp || answers) return found;
  return { ...found, bindings: [...found.bindings, { type: 'http', direction: 'out', name: '$return' }] };
}
