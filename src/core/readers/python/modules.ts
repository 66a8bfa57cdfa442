import type { SyntaxNode, Tree } from '@lezer/common';
import type { SourceTree, Unresolved } from '../../project.ts';
import { unreadFile } from '../large-files.ts';
import { type PlaceAt, placesIn } from '../places.ts';
import { childrenOf, statementsOf, textOfNode } from './syntax.ts';

/** Where a name of a module comes from. */
export type Definition =
  | { readonly kind: 'expression'; readonly node: SyntaxNode }
  /** `name` undefined: the module itself. */
  | { readonly kind: 'import'; readonly module: string; readonly name: string | undefined }
  | { readonly kind: 'class'; readonly node: SyntaxNode }
  | { readonly kind: 'several' };

/** A Python file of the app, parsed. */
export interface Module {
  readonly path: string;
  readonly text: string;
  readonly tree: Tree;
  readonly placeAt: PlaceAt;
  readonly names: ReadonlyMap<string, Definition>;
  /** Dotted names of all modules that its top level imports. */
  readonly imports: readonly string[];
  /** Those of which every name is taken over. */
  readonly stars: readonly string[];
}

/** The Python modules of an app, each parsed when it is first asked for. */
export class Modules {
  /** Files that are too large, by path. */
  readonly unread = new Map<string, Unresolved>();
  readonly #tree: SourceTree;
  readonly #paths: ReadonlySet<string>;
  readonly #parse: (text: string) => Tree;
  readonly #modules = new Map<string, Module>();

  constructor(tree: SourceTree, parse: (text: string) => Tree) {
    this.#tree = tree;
    this.#paths = new Set(tree.paths);
    this.#parse = parse;
  }

  /** Every module that was asked for so far. */
  get loaded(): readonly Module[] {
    return [...this.#modules.values()];
  }

  /** The module with a dotted name from the app folder, or undefined for one of a package. */
  load(name: string): Module | undefined {
    const base = name.replaceAll('.', '/');
    const path = [`${base}.py`, `${base}/__init__.py`].find(one => this.#paths.has(one));
    return path === undefined ? undefined : this.file(path);
  }

  /** Whether the dotted name is a module or a folder of the app. */
  isOwn(name: string): boolean {
    if (name === '') return true;
    const base = name.replaceAll('.', '/');
    return (
      this.load(name) !== undefined ||
      this.#tree.paths.some(path => path.startsWith(`${base}/`) && path.endsWith('.py'))
    );
  }

  file(path: string): Module | undefined {
    const known = this.#modules.get(path);
    const text = this.#tree.texts.get(path);
    const unread = unreadFile(this.#tree, path);
    if (unread) this.unread.set(path, unread);
    if (known || text === undefined) return known;
    const tree = this.#parse(text);
    const reader = new NameReader(path, text);
    for (const statement of statementsOf(tree.topNode)) reader.statement(statement, true);
    const module = {
      path,
      text,
      tree,
      placeAt: placesIn(path, text),
      names: reader.names,
      imports: reader.imports,
      stars: reader.stars,
    };
    this.#modules.set(path, module);
    return module;
  }
}

class NameReader {
  readonly names = new Map<string, Definition>();
  readonly imports: string[] = [];
  readonly stars: string[] = [];
  readonly #path: string;
  readonly #text: string;

  constructor(path: string, text: string) {
    this.#path = path;
    this.#text = text;
  }

  /** `certain` is false inside a condition or a loop, where a name may be set or not. */
  statement(node: SyntaxNode, certain: boolean): void {
    if (node.name === 'ImportStatement') this.#import(node);
    else if (node.name === 'AssignStatement') this.#assign(node, certain);
    else if (node.name === 'UpdateStatement' && node.firstChild)
      this.#set(textOfNode(this.#text, node.firstChild), { kind: 'several' });
    else if (node.name === 'ClassDefinition') this.#class(node);
    else if (/^(If|For|While|Try|With|Match)Statement$/.test(node.name)) {
      for (const body of childrenOf(node).filter(({ name }) => name === 'Body'))
        for (const inner of statementsOf(body)) this.statement(inner, false);
    }
  }

  #set(name: string, definition: Definition): void {
    this.names.set(name, this.names.has(name) ? { kind: 'several' } : definition);
  }

  #class(node: SyntaxNode): void {
    const name = node.getChild('VariableName');
    if (name) this.#set(textOfNode(this.#text, name), { kind: 'class', node });
  }

  #assign(node: SyntaxNode, certain: boolean): void {
    const parts = childrenOf(node).filter(({ name }) => name !== 'TypeDef');
    const value = parts.at(-1);
    const targets = parts.filter((_, index) => parts[index + 1]?.name === 'AssignOp');
    if (value === undefined || value.name === 'AssignOp' || targets.length === 0) return;
    const simple = targets.every(({ name }) => name === 'VariableName') && parts.length === targets.length * 2 + 1;
    const changed = parts
      .filter(({ name }) => name === 'VariableName' || name === 'MemberExpression')
      .map(part => rootOf(part));
    for (const root of simple ? targets : changed.filter(part => part !== value)) {
      this.#set(
        textOfNode(this.#text, root),
        simple && certain ? { kind: 'expression', node: value } : { kind: 'several' },
      );
    }
  }

  #import(node: SyntaxNode): void {
    const tokens = childrenOf(node)
      .map(child => textOfNode(this.#text, child))
      .filter(token => token !== '(' && token !== ')');
    const at = tokens.indexOf('import');
    const from = tokens[0] === 'from' ? this.#absolute(tokens.slice(1, at).join('')) : undefined;
    for (const part of split(tokens.slice(at + 1))) {
      const [dotted, alias] = aliasOf(part);
      if (dotted === '') continue;
      if (dotted === '*') {
        this.imports.push(from ?? '');
        this.stars.push(from ?? '');
      } else if (from === undefined) this.#importModule(dotted, alias);
      else {
        this.imports.push(from, from === '' ? dotted : `${from}.${dotted}`);
        this.#set(alias ?? dotted, { kind: 'import', module: from, name: dotted });
      }
    }
  }

  /** `import a.b` binds `a`; `import a.b as c` binds `c` to `a.b`. */
  #importModule(dotted: string, alias: string | undefined): void {
    const first = dotted.split('.')[0] ?? '';
    this.imports.push(dotted);
    if (alias === undefined && this.names.get(first)?.kind === 'import') return;
    this.#set(alias ?? first, { kind: 'import', module: alias === undefined ? first : dotted, name: undefined });
  }

  #absolute(name: string): string {
    const dots = /^\.*/.exec(name)?.[0].length ?? 0;
    if (dots === 0) return name;
    const folder = this.#path.split('/').slice(0, -dots);
    return [...folder, ...name.slice(dots).split('.')].filter(part => part !== '').join('.');
  }
}

function rootOf(node: SyntaxNode): SyntaxNode {
  let current = node;
  while (current.name === 'MemberExpression' && current.firstChild) current = current.firstChild;
  return current;
}

function split(tokens: readonly string[]): readonly (readonly string[])[] {
  const parts: string[][] = [[]];
  for (const token of tokens) {
    if (token === ',') parts.push([]);
    else parts.at(-1)?.push(token);
  }
  return parts;
}

function aliasOf(tokens: readonly string[]): readonly [string, string | undefined] {
  const at = tokens.indexOf('as');
  return at === -1 ? [tokens.join(''), undefined] : [tokens.slice(0, at).join(''), tokens[at + 1]];
}
