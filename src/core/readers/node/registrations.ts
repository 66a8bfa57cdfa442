import type * as ast from '@babel/types';
import { isFalsy } from '../static-value.ts';
import type { Evaluator, JsValue } from './evaluate.ts';
import { canRegister, type Registration, registrationOf } from './library.ts';
import type { Module, Modules } from './modules.ts';
import { mayLeave, scopeOfCall, scopeOfLoop } from './scopes.ts';
import { childrenOf, importedBy, isFunction, nameOfKey, requiredBy, unwrapped } from './syntax.ts';

/** Where something stands. */
export interface Site {
  readonly node: ast.Node;
  readonly module: Module;
}

/** A call that registers a function, or may. */
export interface Call extends Site {
  /** Undefined when only its presence is known. */
  readonly registration?: Registration;
  readonly arguments: readonly ast.Node[];
  /** Why it cannot be told which functions it registers; undefined when it is certainly run. */
  readonly reason?: string;
  /** The call at the top level of a file that led here, for a registration in a function of the app. */
  readonly site?: Site;
}

/** How the walk came to a node. */
interface Passage {
  readonly certain: boolean;
  /** Through a call or a loop, whose values are known: the same node may be passed again. */
  readonly entered: boolean;
  readonly site?: Site;
}

const conditional = 'This registration is inside a condition, a loop or a function.';
const handedOver = 'This call is given the object on which functions are registered.';
const newMethod = 'This registration is of a kind that is not known here.';

/** Statements and expressions whose parts may run not at all or several times. */
const branching =
  /^(If|For|ForIn|ForOf|While|DoWhile|Switch)Statement$|^(Conditional|Logical)Expression$|^CatchClause$/;

/** Deepest chain of calls that is followed, and the most calls and rounds. */
const depthLimit = 16;
const entryLimit = 2_000;

/** Follows modules from the entry points in the order in which they run and finds every registration. */
export class CallFinder {
  readonly #modules: Modules;
  readonly #evaluator: Evaluator;
  readonly #calls = new Map<ast.Node, Call[]>();
  readonly #seen = new Map<Module, boolean>();
  readonly #active: ast.Node[] = [];
  readonly #entered = new Set<ast.Node>();
  /** Functions of the app that register something when they are called. */
  readonly #registrars = new Set<ast.Node>();
  readonly #conditionalCalls: (Site & { readonly called: ast.Node })[] = [];
  /** Calls that were followed with what they are given. */
  readonly #followed = new Set<ast.Node>();
  #entries = 0;
  /** Imports of files that are not there. */
  readonly missing: Site[] = [];

  constructor(modules: Modules, evaluator: Evaluator) {
    this.#modules = modules;
    this.#evaluator = evaluator;
  }

  get calls(): readonly Call[] {
    const doubtful = this.#conditionalCalls.filter(
      ({ node, called }) => this.#registrars.has(called) && !this.#followed.has(node),
    );
    return [
      ...[...this.#calls.values()].flat(),
      ...doubtful.map(({ node, module }) => ({ node, module, arguments: [], reason: conditional })),
    ];
  }

  /** Walks a file; what it registers is certain unless the file is loaded under a condition. */
  file(path: string, certain = true): void {
    const module = this.#modules.load(path);
    const before = module && this.#seen.get(module);
    if (module?.program === undefined || before === true || before === certain) return;
    this.#seen.set(module, certain);
    for (const statement of module.program.body) this.#walk(statement, module, { certain, entered: false });
  }

  /** In the order of the text; without recursion, since bundles nest without limit. */
  #walk(root: ast.Node, module: Module, passage: Passage): void {
    const waiting = [{ node: root, certain: passage.certain }];
    for (let next = waiting.pop(); next; next = waiting.pop()) {
      const { node, certain } = next;
      if ('importKind' in node && node.importKind === 'type') continue;
      if (certain && this.#rounds(node, module, passage)) continue;
      const branch = certain && node.type === 'IfStatement' ? this.#branchOf(node, module) : undefined;
      if (branch) {
        if (branch.taken) waiting.push({ node: branch.taken, certain });
        continue;
      }
      this.#visit(node, module, { ...passage, certain });
      const inside = certain && !branching.test(node.type) && !isFunction(node);
      for (const child of module.inner(node)) waiting.push({ node: child, certain: inside });
    }
  }

  /** The part of an `if` that runs, when its condition is known; undefined when it is not. */
  #branchOf(node: ast.IfStatement, module: Module): { readonly taken: ast.Node | null | undefined } | undefined {
    const test = this.#evaluator.plain(node.test, module);
    if (test.kind !== 'known' && test.kind !== 'absent') return undefined;
    return { taken: isFalsy(test) ? node.alternate : node.consequent };
  }

  /** Walks the body of `for (… of list)` once for each item; `false` for any other statement. */
  #rounds(node: ast.Node, module: Module, passage: Passage): boolean {
    if (node.type !== 'ForOfStatement' || node.left.type !== 'VariableDeclaration' || mayLeave(node.body)) return false;
    const pattern = node.left.declarations[0]?.id;
    const list = this.#evaluator.value(node.right, module);
    if (pattern === undefined || list.kind !== 'list') return false;
    for (const item of list.items) {
      if (!this.#canEnter(node.body)) return false;
      const scope = scopeOfLoop(pattern, item, node.body, { outer: module, evaluator: this.#evaluator });
      this.#inside(node.body, () => this.#walk(node.body, scope, { ...passage, certain: true, entered: true }));
    }
    return true;
  }

  #visit(node: ast.Node, module: Module, passage: Passage): void {
    const loaded = requiredBy(node) ?? importedBy(node);
    if (loaded) this.#follow(loaded, module, passage.certain);
    if (node.type === 'CallExpression') this.#call(node, module, passage);
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

  #call(node: ast.CallExpression, module: Module, passage: Passage): void {
    const callee = unwrapped(node.callee);
    const called = this.#evaluator.value(callee, module);
    if (called.kind === 'callable') {
      const given = passage.certain ? node.arguments.map(argument => this.#evaluator.value(argument, module)) : [];
      this.#enter(called, given, { node, module }, passage);
    } else if (!this.#eachItem(node, callee, module, passage))
      this.#libraryCall(node, called.kind === 'reference' ? called.path : [], module, passage);
  }

  /** `list.forEach(item => …)` runs the function once for each item of a list in the text. */
  #eachItem(node: ast.CallExpression, callee: ast.Node, module: Module, passage: Passage): boolean {
    const [argument] = node.arguments;
    const isEach = callee.type === 'MemberExpression' && /^(forEach|map)$/.test(nameOfKey(callee.property) ?? '');
    if (!isEach || argument === undefined || !passage.certain) return false;
    const list = this.#evaluator.value(callee.object, module);
    const called = this.#evaluator.value(argument, module);
    if (list.kind !== 'list' || called.kind !== 'callable') return false;
    for (const [index, item] of list.items.entries())
      this.#enter(called, [item, { kind: 'known', value: index }], undefined, passage);
    return true;
  }

  #libraryCall(node: ast.CallExpression, path: readonly string[], module: Module, passage: Passage): void {
    const { certain, site } = passage;
    const registration = registrationOf(path);
    const isLibrary = path[0]?.startsWith('@azure/');
    const call = { node, module, arguments: node.arguments, ...(site === undefined ? {} : { site }) };
    if (registration === 'unknown') this.#note({ ...call, reason: newMethod }, passage);
    else if (registration) this.#note({ ...call, registration, ...(certain ? {} : { reason: conditional }) }, passage);
    else if (!isLibrary && node.arguments.some(argument => this.#isApp(argument, module)))
      this.#note({ ...call, reason: handedOver }, passage);
  }

  /** A function that is certainly called runs as if its body stood there, with the arguments as its parameters. */
  #enter(
    called: Extract<JsValue, { kind: 'callable' }>,
    given: readonly JsValue[],
    site: Site | undefined,
    passage: Passage,
  ): void {
    const { node, module } = called;
    if (!passage.certain && site) this.#conditionalCalls.push({ ...site, called: node });
    const isRepeated = given.length === 0 && this.#entered.has(node);
    if (!passage.certain || isRepeated || !this.#canEnter(node)) return;
    this.#entered.add(node);
    const scope = scopeOfCall(node, given, module, this.#evaluator);
    if (scope === undefined) return;
    if (site) this.#followed.add(site.node);
    // One without arguments is called where it stands or once: its own registrations say best where they are.
    const from = passage.site ?? (given.length > 0 ? site : undefined);
    const inner: Passage = { certain: true, entered: true, ...(from === undefined ? {} : { site: from }) };
    this.#inside(node, () => this.#body(node, scope, inner));
  }

  #body({ body }: { readonly body: ast.Node }, scope: Module, passage: Passage): void {
    let certain = true;
    for (const statement of body.type === 'BlockStatement' ? body.body : [body]) {
      this.#walk(statement, scope, { ...passage, certain });
      // What comes after a return under a condition may not run.
      certain &&= !mayLeave(statement);
    }
  }

  #canEnter(node: ast.Node): boolean {
    return !this.#active.includes(node) && this.#active.length < depthLimit && this.#entries++ < entryLimit;
  }

  #inside(node: ast.Node, work: () => void): void {
    this.#active.push(node);
    work();
    this.#active.pop();
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

  /** The certain forms of a call win over one of which only the text is known. */
  #note(call: Call, { entered }: Passage): void {
    const before = this.#calls.get(call.node) ?? [];
    const isDoubtful = call.reason !== undefined;
    const kept = before.filter(({ reason, site }) => reason === undefined || (entered && site !== undefined));
    if (isDoubtful && !entered && before.length > 0) return;
    this.#calls.set(call.node, [...kept, call]);
    if (entered) for (const node of this.#active) this.#registrars.add(node);
  }
}

/** Whether a computed module name is one of a file of the app: it starts like a path, or from the file's own folder. */
function isOwn(source: ast.Node): boolean {
  if (source.type === 'StringLiteral') return /^\.{0,2}\//.test(source.value);
  if (source.type === 'TemplateElement') return /^\.{0,2}\//.test(source.value.raw);
  if (source.type === 'Identifier') return source.name === '__dirname';
  return source.type === 'MetaProperty' || childrenOf(source).some(isOwn);
}
