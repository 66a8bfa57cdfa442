import type { Fault } from '../../../errors.ts';
import type { SourceTree } from '../../project.ts';
import type { Reader, Reading } from '../reading.ts';
import { unknownFunctions } from '../static-value.ts';
import { Evaluator } from './evaluate.ts';
import { FunctionFinder, functionsIn } from './functions.ts';
import { type Module, Modules } from './modules.ts';
import { syntaxFaults } from './syntax-errors.ts';

const entryFile = 'function_app.py';

/** Python apps that declare their functions by decorators. */
export const pythonReader: Reader = { model: 'python-v2', matches: tree => tree.paths.includes(entryFile), read };

async function read(tree: SourceTree): Promise<Reading> {
  const { parsePython } = await import('./lezer.ts');
  const modules = new Modules(tree, parsePython);
  const evaluator = new Evaluator(modules);
  const finder = new FunctionFinder(evaluator);
  const entry = modules.file(entryFile);
  const reached = entry ? reachedFrom(entry, modules) : [];
  for (const module of reached) finder.module(module);
  const apps = entry ? appsOf(entry, evaluator) : [];
  const [app, second] = apps;
  const faults: Fault[] = reached.flatMap(syntaxFaults);
  if (second)
    faults.push({
      message: 'The file has several FunctionApp objects, and the host takes one. Make blueprints of the others.',
      place: second.place,
    });
  const computed = entry && !app && faults.length === 0 ? unknownApp(entry, evaluator) : [];
  return {
    runtime: 'python',
    functions: app ? functionsIn(app) : [],
    unresolved: [...finder.unresolved, ...computed, ...modules.unread.values()],
    faults,
    lookedAt: `${entryFile}${app ? '' : ', which has no FunctionApp object at its top level'}`,
  };
}

/** The module and all modules of the app that it imports, in the order of the imports. */
function reachedFrom(entry: Module, modules: Modules): readonly Module[] {
  const reached = new Set([entry]);
  for (const module of reached) {
    for (const name of module.imports) {
      const imported = modules.load(name);
      if (imported) reached.add(imported);
    }
  }
  return [...reached];
}

function appsOf(entry: Module, evaluator: Evaluator) {
  const names = [...entry.names.keys()];
  const values = names.map(name => evaluator.name(name, entry));
  const containers = values.flatMap(value =>
    value?.kind === 'container' && value.container.isApp ? [value.container] : [],
  );
  return [...new Set(containers)];
}

/** An app object that is made by a call nobody can follow. */
function unknownApp(entry: Module, evaluator: Evaluator) {
  const value = evaluator.name('app', entry);
  return value?.kind === 'unknown'
    ? [unknownFunctions(value.place, 'The object "app" is made in a way that cannot be told.')]
    : [];
}
