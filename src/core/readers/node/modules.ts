import type * as ast from '@babel/types';
import { type Fault, type Place, UserError } from '../../../errors.ts';
import type { SourceTree, Unresolved } from '../../project.ts';
import { parseJson } from '../json.ts';
import { unreadFile } from '../large-files.ts';
import type { EnumMember } from './compiled.ts';
import type { JsValue } from './evaluate.ts';
import { emptyOutline, type Outline } from './outline.ts';

/** Where a name of a module comes from. */
export type Definition =
  | {
      readonly kind: 'expression';
      readonly node: ast.Node;
      readonly keys: readonly (string | number)[];
      /** What a pattern gives where the value has nothing. */
      readonly otherwise?: ast.Node;
    }
  | { readonly kind: 'import'; readonly source: string; readonly name: string; readonly place: Place }
  | { readonly kind: 'enum'; readonly members: readonly EnumMember[] }
  | { readonly kind: 'function'; readonly node: ast.FunctionDeclaration }
  /** A parameter of a function or the item of a loop that is being followed. */
  | { readonly kind: 'value'; readonly value: JsValue };

/** A file of the app, parsed, with its names. */
export interface Module extends Outline {
  readonly path: string;
  readonly program: ast.Program | undefined;
  /** Parsed contents of a JSON file. */
  readonly json?: unknown;
  readonly names: ReadonlyMap<string, Definition>;
  readonly exports: ReadonlyMap<string, Definition>;
  /** Modules whose exports are passed on. */
  readonly passedOn: readonly string[];
  /** For the body of a function or loop: what is around it. */
  readonly parent?: Module;
}

/** What a specifier in a file leads to. */
export type Target =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'package'; readonly name: string }
  | { readonly kind: 'missing' };

const extensions = ['', '.js', '.mjs', '.cjs', '.ts', '.mts', '.cts', '.jsx', '.tsx', '.json'];

/** The modules of an app, each parsed when it is first asked for. */
export class Modules {
  readonly faults: Fault[] = [];
  /** Files that are too large. */
  readonly unread: Unresolved[] = [];
  readonly #tree: SourceTree;
  readonly #paths: ReadonlySet<string>;
  readonly #parse: (text: string, file: string) => ast.Program;
  readonly #read: (path: string, program: ast.Program) => Module;
  readonly #modules = new Map<string, Module | undefined>();
  readonly #targets = new Map<string, Target>();

  constructor(
    tree: SourceTree,
    parse: (text: string, file: string) => ast.Program,
    read: (path: string, program: ast.Program) => Module,
  ) {
    this.#tree = tree;
    this.#paths = new Set(tree.paths);
    this.#parse = parse;
    this.#read = read;
  }

  /** The module in a file, or undefined when it cannot be read; a syntax error is noted once. */
  load(given: string): Module | undefined {
    // Node knows a module by the file that a link leads to.
    const path = this.#tree.links?.get(given) ?? given;
    if (!this.#modules.has(path)) this.#modules.set(path, this.#loadFile(path));
    return this.#modules.get(path);
  }

  target(from: string, source: string): Target {
    if (!/^\.{0,2}\//.test(source) && source !== '.' && source !== '..')
      return { kind: 'package', name: source.replace(/^node:/, '') };
    const base = join(from.split('/').slice(0, -1), source);
    const known = this.#targets.get(base) ?? this.#fileTarget(base);
    this.#targets.set(base, known);
    return known;
  }

  #fileTarget(base: string): Target {
    const bases = [base, base.replace(/\.([mc]?)js$/, '.$1ts')];
    const candidates = [
      ...bases.flatMap(one => extensions.map(extension => one + extension)),
      ...extensions.slice(1).map(extension => `${base === '' ? '' : `${base}/`}index${extension}`),
    ];
    const path = candidates.find(one => this.#paths.has(one));
    return path === undefined ? { kind: 'missing' } : { kind: 'file', path };
  }

  #loadFile(path: string): Module | undefined {
    const text = this.#tree.texts.get(path);
    const unread = unreadFile(this.#tree, path);
    if (unread) this.unread.push(unread);
    if (text === undefined) return undefined;
    try {
      if (path.endsWith('.json')) {
        return {
          path,
          program: undefined,
          json: parseJson(text, path).value,
          names: new Map(),
          ...emptyOutline,
          exports: new Map(),
          passedOn: [],
        };
      }
      return this.#read(path, this.#parse(text, path));
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      this.faults.push(...error.faults);
      return undefined;
    }
  }
}

function join(folder: readonly string[], relative: string): string {
  const parts = [...folder];
  for (const part of relative.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '.' && part !== '') parts.push(part);
  }
  return parts.join('/');
}
