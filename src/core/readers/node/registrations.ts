import type * as ast from '@babel/types';
import type { Evaluator } from './evaluate.ts';
import { canRegister, type Registration, registrationOf } from './library.ts';
import type { Module, Modules } from './modules.ts';
import { childrenOf, importedBy, isFunction, nameOfKey, requiredBy, unwrapped } from './syntax.ts';

/** A call that registers a function, or may. */
export interface Call {
  readonly node: ast.Node;
  readonly module: Module;
  /** Undefined when only its presence is known. */
  readonly registration?: Registration;
  readonly arguments: readonly ast.Node[];
  /** Why it cannot be told which functions it registers; undefined when it is certainly run once. */
  readonly reason?: string;
}

const conditional = 'This registration is inside a condition, a loop or a function.';
const handedOver = 'This call is given the object on which functions are registered.';
const newMethod = 'This registration is of a kind that is not known here.';

/** Statements and expressions whose parts may run not at all or several times. */
const branching =
  /^(If|For|ForIn|ForOf|While|DoWhile|Switch)Statement$|^(Conditional|Logical)Expression$|^CatchClause$/;

/** Follows modules from the entry points in the order in which they run and finds every registration. */
export class CallFinder {
  readonly #modules: Modules;
  readonly #evaluator: Evaluator;
  readonly #calls = new Map<ast.Node, Call>();
  readonly #seen = new Map<Module, boolean>();
  readonly #entered = new Set<ast.Node>();
  /** Imports of files that are not there. */
  readonly missing: { readonly node: ast.Node; readonly module: Module }[] = [];

  constructor(modules: Modules, evaluator: Evaluator) {
    this.#modules = modules;
    this.#evaluator = evaluator;
  }

  get calls(): readonly Call[] {
    return [...this.#calls.values()];
  }

  /** Walks a file; what it registers is certain unless the file is loaded under a condition. */
  file(path: string, certain = true): void {
    const module = this.#modules.load(path);
    const before = module && this.#seen.get(module);
    if (module?.program === undefined || before === true || before === certain) return;
    this.#seen.set(module, certain);
    for (const statement of module.program.body) this.#walk(statement, module, certain);
  }

  /** In the order of the text; without recursion, since bundles nest without limit. */
  #walk(root: ast.Node, module: Module, rootIsCertain: boolean): void {
    const waiting = [{ node: root, certain: rootIsCertain }];
    for (let next = waiting.pop(); next; next = waiting.pop()) {
      const { node, certain } = next;
      if ('importKind' in node && node.importKind === 'type') continue;
      this.#visit(node, module, certain);
      const inside = certain && !branching.test(node.type) && !isFunction(node);
      for (const child of childrenOf(node).toReversed()) waiting.push({ node: child, certain: inside });
    }
  }

  #visit(node: ast.Node, module: Module, certain: boolean): void {
    const loaded = requiredBy(node) ?? importedBy(node);
    if (loaded) this.#follow(loaded, module, certain);
    if (node.type === 'CallExpression') this.#call(node, module, certain);
  }

  #follow(source: ast.Node, module: Module, certain: boolean): void {
    const value = this.#evaluator.plain(source, module);
    if (value.kind !== 'known' || typeof value.value !== 'string') {
      if (isOwn(source)) this.missing.push({ node: source, module });
      return;
    }
    const target = this.#modules.target(module.path, value.value);
    if (target.kind === 'file') this.file(target.path, certain);
    if (target.kind === 'missing' && certain) this.missing.push({ node: source, module });
  }

  #call(node: ast.CallExpression, module: Module, certain: boolean): void {
    const callee = unwrapped(node.callee);
    const called = isFunction(callee) ? undefined : this.#evaluator.value(callee, module);
    if (isFunction(callee)) this.#enter(callee, module, certain);
    else if (called?.kind === 'callable' && node.arguments.length === 0)
      this.#enter(called.node, called.module, certain);
    else this.#libraryCall(node, called?.kind === 'reference' ? called.path : [], module, certain);
  }

  #libraryCall(node: ast.CallExpression, path: readonly string[], module: Module, certain: boolean): void {
    const call = { node, module, arguments: node.arguments };
    const registration = registrationOf(path);
    const isLibrary = path[0]?.startsWith('@azure/');
    if (registration === 'unknown') this.#note({ ...call, reason: newMethod });
    else if (registration) this.#note({ ...call, registration, ...(certain ? {} : { reason: conditional }) });
    else if (!isLibrary && node.arguments.some(argument => this.#isApp(argument, module)))
      this.#note({ ...call, reason: handedOver });
  }

  /** A function that is called where it stands, or without arguments, runs as if its body stood there. */
  #enter(node: ast.Node, module: Module, certain: boolean): void {
    if (!certain || this.#entered.has(node) || !('body' in node)) return;
    this.#entered.add(node);
    const { body } = node;
    if (typeof body === 'object' && body !== null && 'type' in body)
      for (const child of childrenOf(node)) if (child === body) this.#walk(child, module, true);
  }

  #isApp(node: ast.Node, module: Module): boolean {
    if (node.type !== 'Identifier' && node.type !== 'MemberExpression' && node.type !== 'ObjectExpression')
      return false;
    if (node.type === 'ObjectExpression')
      return node.properties.some(
        property =>
          property.type === 'ObjectProperty' &&
          nameOfKey(property.key) === 'app' &&
          this.#isApp(property.value, module),
      );
    const value = this.#evaluator.value(node, module);
    return value.kind === 'reference' && canRegister(value.path);
  }

  /** The certain form of a call wins over a conditional one. */
  #note(call: Call): void {
    const before = this.#calls.get(call.node);
    if (before === undefined || before.reason !== undefined) this.#calls.set(call.node, call);
  }
}

/** Whether a computed module name is one of a file of the app: it starts like a path, or from the file's own folder. */
function isOwn(source: ast.Node): boolean {
  if (source.type === 'StringLiteral') return /^\.{0,2}\//.test(source.value);
  if (source.type === 'TemplateElement') return /^\.{0,2}\//.test(source.value.raw);
  if (source.type === 'Identifier') return source.name === '__dirname';
  return source.type === 'MetaProperty' || childrenOf(source).some(isOwn);
}
