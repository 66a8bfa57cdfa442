import { type Fault, UserError } from '../../../errors.ts';
import type { SourceTree } from '../../project.ts';
import { functionFolders } from '../function-json.ts';
import type { Reader, Reading } from '../reading.ts';
import { unknownFunctions } from '../static-value.ts';
import type { parseScript } from './babel.ts';
import { functionOf } from './bindings.ts';
import { entryPointsOf, readManifest } from './entry-points.ts';
import { Evaluator } from './evaluate.ts';
import { Modules } from './modules.ts';
import { moduleOf } from './names.ts';
import { CallFinder } from './registrations.ts';
import { placeOfNode } from './syntax.ts';

/** Node apps that register their functions in code. */
export const nodeReader: Reader = { model: 'node-v4', matches, read };

function matches(tree: SourceTree): boolean {
  if (!tree.paths.includes('package.json')) return false;
  const classic = functionFolders(tree).length > 0;
  try {
    const manifest = readManifest(tree);
    if (!classic || manifest === undefined) return manifest !== undefined;
    // A package.json made by npm has a "main" that nobody wrote.
    return manifest.main !== undefined && entryPointsOf(tree, manifest).files.length > 0;
  } catch (error) {
    if (error instanceof UserError) return !classic;
    throw error;
  }
}

async function read(tree: SourceTree): Promise<Reading> {
  const { parseScript } = await import('./babel.ts');
  const start = startOf(tree);
  const reading = readFiles(tree, start.files, start, parseScript);
  const isUnread = reading.unresolved.every(({ place }) => tree.tooLarge?.has(place.file));
  const nothing = reading.functions.length + reading.faults.length === 0 && isUnread;
  return nothing && start.sources.length > 0 ? readFiles(tree, start.sources, start, parseScript) : reading;
}

function readFiles(tree: SourceTree, files: readonly string[], start: Start, parse: typeof parseScript): Reading {
  const modules = new Modules(tree, parse, moduleOf);
  const evaluator = new Evaluator(modules);
  const finder = new CallFinder(modules, evaluator);
  for (const file of files) finder.file(file);
  const results = finder.calls.map(call => functionOf(call, evaluator));
  const missing = finder.missing.map(({ node, module }) =>
    unknownFunctions(placeOfNode(module.path, node), 'The file that is loaded here cannot be told.'),
  );
  return {
    runtime: 'node',
    functions: results.flatMap(result => ('fn' in result ? [result.fn] : [])),
    unresolved: [
      ...results.flatMap(result => ('unresolved' in result ? [result.unresolved] : [])),
      ...missing,
      ...modules.unread,
    ],
    faults: [...start.faults, ...modules.faults],
    lookedAt: start.lookedAt,
  };
}

interface Start {
  readonly files: readonly string[];
  readonly sources: readonly string[];
  readonly faults: readonly Fault[];
  readonly lookedAt: string;
}

function startOf(tree: SourceTree): Start {
  try {
    const manifest = readManifest(tree);
    if (manifest?.main === undefined)
      return {
        files: [],
        sources: [],
        faults: [],
        lookedAt: 'package.json, which has no "main" that names the files with the functions',
      };
    const { files, sources, faults } = entryPointsOf(tree, manifest);
    const shown = files.slice(0, 5).join(', ');
    return {
      files,
      sources,
      faults,
      lookedAt: `${shown}${files.length > 5 ? ` and ${files.length - 5} more files` : ''} ("main" of package.json is "${manifest.main}")`,
    };
  } catch (error) {
    if (error instanceof UserError) return { files: [], sources: [], faults: error.faults, lookedAt: 'package.json' };
    throw error;
  }
}
