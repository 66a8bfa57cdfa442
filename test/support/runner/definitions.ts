import { existsSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { load } from 'js-yaml';
import { NoOperationTraceWriter, parseAction, parseWorkflow } from './parser-loader.ts';
import { isMap, type ValueMap } from './values.ts';

/** A fault that GitHub finds before a run begins: nothing of it is carried out. */
export class StartupFailure extends Error {
  override readonly name = 'StartupFailure';
}

/** A checkout of a repository, in which `$/` leads to its files. */
export interface Repository {
  /** `owner/name`. */
  readonly name: string;
  readonly folder: string;
}

/** A YAML file that was checked by GitHub's own parser, as plain values. */
export interface Definition {
  readonly repository: Repository;
  readonly path: string;
  readonly content: ValueMap;
}

/** The workflow at a path of a repository; throws StartupFailure with what GitHub's parser says of it. */
export function readWorkflow(repository: Repository, path: string): Definition {
  return readDefinition(repository, path, parseWorkflow);
}

/** The manifest of the action in a folder; throws StartupFailure where there is none or it is faulty. */
export function readAction(repository: Repository, folder: string): Definition {
  const path = ['action.yml', 'action.yaml']
    .map(name => join(folder, name))
    .find(each => existsSync(join(repository.folder, each)));
  if (path) return readDefinition(repository, path, parseAction);
  throw new StartupFailure(`Can't find 'action.yml' or 'action.yaml' under '${folder}' of ${repository.name}.`);
}

function readDefinition(repository: Repository, path: string, parse: typeof parseWorkflow): Definition {
  const file = join(repository.folder, path);
  if (relative(repository.folder, file).startsWith('..'))
    throw new StartupFailure(`'${path}' leads out of ${repository.name}.`);
  if (!existsSync(file)) throw new StartupFailure(`There is no '${path}' in ${repository.name}.`);
  const text = readFileSync(file, 'utf8');
  const { context } = parse({ name: path, content: text }, new NoOperationTraceWriter());
  const errors = context.errors.getErrors();
  if (errors.length > 0) throw new StartupFailure(errors.map(error => `${path}: ${error.message}`).join('\n'));
  const content = load(text);
  if (isValueMap(content)) return { repository, path, content };
  throw new StartupFailure(`${path} is no mapping.`);
}

// What YAML gives is a value of ours, dates aside, which GitHub's parser has refused by then.
function isValueMap(content: unknown): content is ValueMap {
  return isMap(JSON.parse(JSON.stringify(content ?? null)));
}

/** What `uses` names: an action or workflow of the same repository as the YAML file, of the workspace, or of another. */
export type Reference =
  | { readonly kind: 'self'; readonly path: string }
  | { readonly kind: 'workspace'; readonly path: string }
  | { readonly kind: 'remote'; readonly repository: string; readonly path: string; readonly ref: string };

/** Throws StartupFailure for a `uses` that the platform refuses. */
export function parseReference(uses: string): Reference {
  if (uses.startsWith('$/')) {
    if (uses === '$/' || uses.includes('@')) throw new StartupFailure(`'${uses}' must have a path and no ref.`);
    return { kind: 'self', path: uses.slice(2) };
  }
  if (uses.startsWith('./')) return { kind: 'workspace', path: uses.slice(2) };
  const match = /^([\w.-]+\/[\w.-]+)(?:\/(.+))?@(.+)$/.exec(uses);
  if (match) return { kind: 'remote', repository: match[1] ?? '', path: match[2] ?? '', ref: match[3] ?? '' };
  throw new StartupFailure(`'${uses}' is neither '$/path', './path' nor 'owner/repo@ref'.`);
}
