import { emptyRecord, known, type StaticValue } from '../static-value.ts';
import type { Evaluator, JsValue } from './evaluate.ts';
import type { Definition, Module, Modules } from './modules.ts';

/** Deepest chain of modules that pass on each other's exports. */
const depthLimit = 64;

/** Follows names from one module of the app to another and to packages. */
export class Exports {
  readonly #modules: Modules;
  readonly #evaluator: Evaluator;

  constructor(modules: Modules, evaluator: Evaluator) {
    this.#modules = modules;
    this.#evaluator = evaluator;
  }

  /** What an imported name stands for. */
  imported({ source, name, place }: Extract<Definition, { kind: 'import' }>, module: Module): JsValue {
    const namespace = this.#namespace(source, module);
    if (namespace === undefined) return { kind: 'unknown', place };
    // The default export of a CommonJS package is the package itself.
    if (name === '*' || (name === 'default' && namespace.kind === 'reference')) return namespace;
    if (namespace.kind === 'module') return this.exported(namespace.module, name);
    return { kind: 'reference', path: [...namespace.path, name] };
  }

  /** What `require` or `import()` of a module gives; undefined for a file that cannot be read. */
  required(source: string, module: Module): JsValue | undefined {
    const namespace = this.#namespace(source, module);
    if (namespace?.kind !== 'module') return namespace;
    const { module: required } = namespace;
    if (required.program === undefined) return fromJson(required.json);
    const whole = required.exports.get('*');
    return whole ? this.#evaluator.definition(whole, required) : namespace;
  }

  /** What a module exports under a name; absent when it has no such export. */
  exported(module: Module, name: string, round = 0): JsValue {
    if (module.program === undefined) return jsonExport(module.json, name);
    const direct = module.exports.get(name);
    if (direct) return this.#evaluator.definition(direct, module);
    const whole = module.exports.get('*');
    if (whole) {
      const value = this.#evaluator.definition(whole, module);
      return name === 'default' ? value : this.#evaluator.member(value, name, module.program, module);
    }
    if (name === 'default' && module.exports.size > 0) return { kind: 'module', module };
    return this.#passedOn(module, name, round);
  }

  #passedOn(module: Module, name: string, round: number): JsValue {
    for (const source of round < depthLimit ? module.passedOn : []) {
      const namespace = this.#namespace(source, module);
      if (namespace?.kind === 'reference') return { kind: 'reference', path: [...namespace.path, name] };
      const value = namespace && this.exported(namespace.module, name, round + 1);
      if (value && value.kind !== 'absent') return value;
    }
    return { kind: 'absent' };
  }

  #namespace(source: string, module: Module): Extract<JsValue, { kind: 'module' | 'reference' }> | undefined {
    const target = this.#modules.target(module.path, source);
    if (target.kind === 'package') return { kind: 'reference', path: [target.name] };
    const loaded = target.kind === 'file' ? this.#modules.load(target.path) : undefined;
    return loaded && { kind: 'module', module: loaded };
  }
}

function jsonExport(json: unknown, name: string): StaticValue {
  const value = fromJson(json);
  if (name === 'default') return value;
  return value.kind === 'record' ? (value.entries.get(name) ?? { kind: 'absent' }) : { kind: 'absent' };
}

function fromJson(value: unknown): StaticValue {
  if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
    return known(value);
  if (Array.isArray(value)) return { kind: 'list', items: value.map(fromJson) };
  if (typeof value !== 'object') return { kind: 'absent' };
  return { ...emptyRecord, entries: new Map(Object.entries(value).map(([key, item]) => [key, fromJson(item)])) };
}
