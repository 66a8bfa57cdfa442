import type { SyntaxNode } from '@lezer/common';
import { isFalsy, joined, known, orElse, type StaticValue, textOf } from '../static-value.ts';
import { classOf, dictionaryOf, listOf } from './collections.ts';
import { type CallArguments, type Container, newContainer } from './containers.ts';
import type { Definition, Module, Modules } from './modules.ts';
import {
  environment,
  formattedValue,
  numberOf,
  referenceMember,
  stringValue,
  textMethod,
  unknownAt,
} from './scalars.ts';
import { argumentsOf, childrenOf, textOfNode } from './syntax.ts';

/** A static value, or something that only Python has. */
export type PythonValue =
  | StaticValue
  | { readonly kind: 'module'; readonly name: string }
  | { readonly kind: 'container'; readonly container: Container };

/** Deepest chain of names that is followed. */
const depthLimit = 64;

/** Evaluates expressions at the top level of modules, as far as the text tells. */
export class Evaluator {
  readonly #modules: Modules;
  readonly #containers = new Map<string, Container>();
  readonly #values = new Map<Definition, PythonValue>();
  #depth = 0;

  constructor(modules: Modules) {
    this.#modules = modules;
  }

  /** What an expression stands for. */
  value(node: SyntaxNode, module: Module): PythonValue {
    if (this.#depth >= depthLimit) return unknownAt(node, module);
    this.#depth++;
    try {
      return this.#evaluate[node.name]?.(node, module) ?? unknownAt(node, module);
    } finally {
      this.#depth--;
    }
  }

  /** The same without what only Python has. */
  plain(node: SyntaxNode, module: Module): StaticValue {
    const value = this.value(node, module);
    return value.kind === 'module' || value.kind === 'container' ? unknownAt(node, module) : value;
  }

  /** What a name at the top level of a module stands for; undefined when the module does not have it. */
  name(name: string, module: Module): PythonValue | undefined {
    const definition = module.names.get(name);
    if (definition) return this.#definition(definition, module);
    for (const star of this.#depth < depthLimit ? module.stars : []) {
      const other = this.#modules.load(star);
      const value = other && other !== module ? this.#guarded(() => this.name(name, other)) : undefined;
      if (value) return value;
    }
    return undefined;
  }

  /** Member of a value, also along an import: `settings.QUEUE`, `func.AuthLevel.ANONYMOUS`. */
  member(object: PythonValue, key: string, node: SyntaxNode, module: Module): PythonValue {
    if (object.kind === 'module') return this.#moduleMember(object.name, key) ?? unknownAt(node, module);
    if (object.kind === 'reference') return referenceMember([...object.path, key]);
    if (object.kind === 'record') return object.entries.get(key) ?? unknownAt(node, module);
    // Members of an enum are their values here.
    return object.kind === 'known' && key === 'value' ? object : unknownAt(node, module);
  }

  /** Arguments of a call as static values; undefined when some are spread. */
  arguments(list: SyntaxNode, module: Module): CallArguments & { readonly open: readonly SyntaxNode[] } {
    const given = argumentsOf(module.text, list);
    const named = given.flatMap(({ name, node }) =>
      name === undefined ? [] : [[name, this.plain(node, module)] as const],
    );
    const spreads = given.filter(({ spread }) => spread).map(({ node }) => ({ node, value: this.plain(node, module) }));
    const merged = spreads.flatMap(({ value }) => (value.kind === 'record' ? [...value.entries] : []));
    return {
      named: new Map([...merged, ...named]),
      positional: given
        .filter(({ name, spread }) => name === undefined && !spread)
        .map(({ node }) => this.plain(node, module)),
      open: spreads.filter(({ value }) => value.kind !== 'record' || value.open.length > 0).map(({ node }) => node),
    };
  }

  readonly #evaluate: Readonly<Record<string, (node: SyntaxNode, module: Module) => PythonValue>> = {
    String: stringValue,
    ContinuedString: (node, module) =>
      joined(
        childrenOf(node).map(part => this.plain(part, module)),
        module.placeAt(node.from),
      ),
    FormatString: (node, module) => formattedValue(node, module, part => this.plain(part, module)),
    Number: (node, module) => numberOf(textOfNode(module.text, node)) ?? unknownAt(node, module),
    Boolean: (node, module) => known(textOfNode(module.text, node) === 'True'),
    None: () => ({ kind: 'absent' }),
    VariableName: (node, module) => this.name(textOfNode(module.text, node), module) ?? unknownAt(node, module),
    ParenthesizedExpression: (node, module) => this.#inner(node, module),
    ArrayExpression: (node, module) => listOf(node, module, this),
    TupleExpression: (node, module) => listOf(node, module, this),
    SetExpression: (node, module) => listOf(node, module, this),
    DictionaryExpression: (node, module) => dictionaryOf(node, module, this),
    MemberExpression: (node, module) => this.#memberOf(node, module),
    ConditionalExpression: (node, module) => this.#conditional(node, module),
    BinaryExpression: (node, module) => this.#binary(node, module),
    UnaryExpression: (node, module) => this.#unary(node, module),
    CallExpression: (node, module) => this.#call(node, module),
  };

  #guarded<Value>(work: () => Value): Value {
    this.#depth++;
    try {
      return work();
    } finally {
      this.#depth--;
    }
  }

  /** Unknown for a name that is defined by itself. */
  #definition(definition: Definition, module: Module): PythonValue {
    const before = this.#values.get(definition);
    if (before) return before;
    const start = 'node' in definition ? definition.node.from : 0;
    this.#values.set(definition, { kind: 'unknown', place: module.placeAt(start) });
    const value = this.#defined(definition, module);
    this.#values.set(definition, value);
    return value;
  }

  #defined(definition: Definition, module: Module): PythonValue {
    if (definition.kind === 'import')
      return this.#imported(definition) ?? { kind: 'unknown', place: module.placeAt(0) };
    if (definition.kind === 'several') return { kind: 'unknown', place: module.placeAt(0) };
    return definition.kind === 'class' ? classOf(definition.node, module, this) : this.value(definition.node, module);
  }

  #imported({ module, name }: Extract<Definition, { kind: 'import' }>): PythonValue | undefined {
    if (!this.#modules.isOwn(module))
      return referenceMember([...module.split('.'), ...(name === undefined ? [] : [name])]);
    return name === undefined
      ? { kind: 'module', name: module }
      : this.#guarded(() => this.#moduleMember(module, name));
  }

  #moduleMember(module: string, name: string): PythonValue | undefined {
    const loaded = this.#modules.load(module);
    const value = loaded && this.#depth < depthLimit ? this.name(name, loaded) : undefined;
    if (value) return value;
    const inner = [module, name].filter(part => part !== '').join('.');
    return this.#modules.isOwn(inner) ? { kind: 'module', name: inner } : undefined;
  }

  #inner(node: SyntaxNode, module: Module): PythonValue {
    const inner = childrenOf(node)[1];
    return inner ? this.value(inner, module) : unknownAt(node, module);
  }

  #memberOf(node: SyntaxNode, module: Module): PythonValue {
    const [object, operator, property] = childrenOf(node);
    if (!object || !property) return unknownAt(node, module);
    const value = this.value(object, module);
    if (operator?.name === '.') return this.member(value, textOfNode(module.text, property), node, module);
    const key = this.plain(property, module);
    if (value.kind === 'reference' && value.path.join('.') === 'os.environ')
      return environment(key, undefined, node, module);
    if (value.kind === 'record') return value.entries.get(textOf(key) ?? '') ?? unknownAt(node, module);
    return value.kind === 'list'
      ? (value.items[Number(textOf(key))] ?? unknownAt(node, module))
      : unknownAt(node, module);
  }

  #binary(node: SyntaxNode, module: Module): StaticValue {
    const [left, operator, right] = childrenOf(node);
    if (!left || !right || !operator) return unknownAt(node, module);
    const values = [this.plain(left, module), this.plain(right, module)] as const;
    const [one, other] = values;
    const place = module.placeAt(node.from);
    if (operator.name === 'or') return orElse(one, other, place, isFalsy);
    const texts = values.every(
      value => value.kind === 'setting' || (value.kind === 'known' && typeof value.value === 'string'),
    );
    return textOfNode(module.text, operator) === '+' && texts ? joined(values, place) : { kind: 'unknown', place };
  }

  /** `value if test else other` */
  #conditional(node: SyntaxNode, module: Module): PythonValue {
    const [value, , test, , other] = childrenOf(node);
    const tested = test && this.plain(test, module);
    if (!value || !other || (tested?.kind !== 'known' && tested?.kind !== 'absent')) return unknownAt(node, module);
    return this.value(isFalsy(tested) ? other : value, module);
  }

  #unary(node: SyntaxNode, module: Module): StaticValue {
    const [operator, operand] = childrenOf(node);
    const value = operand ? this.plain(operand, module) : unknownAt(node, module);
    const negative = operator !== undefined && textOfNode(module.text, operator) === '-';
    return negative && value.kind === 'known' && typeof value.value === 'number'
      ? known(-value.value)
      : unknownAt(node, module);
  }

  #call(node: SyntaxNode, module: Module): PythonValue {
    const [callee, list] = childrenOf(node);
    if (!callee || list?.name !== 'ArgList') return unknownAt(node, module);
    const isText =
      callee.name === 'VariableName' && textOfNode(module.text, callee) === 'str' && !module.names.has('str');
    const given = this.arguments(list, module);
    if (isText) return given.positional[0] ?? unknownAt(node, module);
    const called = this.value(callee, module);
    if (called.kind !== 'reference') return this.#method(callee, given.positional, module) ?? unknownAt(node, module);
    const name = called.path.join('.');
    if (name === 'os.getenv' || name === 'os.environ.get') {
      return environment(
        given.positional[0] ?? given.named.get('key') ?? unknownAt(node, module),
        given.positional[1] ?? given.named.get('default'),
        node,
        module,
      );
    }
    return this.#container(name, given, node, module) ?? unknownAt(node, module);
  }

  #method(callee: SyntaxNode, given: readonly StaticValue[], module: Module): StaticValue | undefined {
    const [object, , property] = childrenOf(callee);
    if (callee.name !== 'MemberExpression' || !object || !property) return undefined;
    const method = textOfNode(module.text, property);
    return textMethod(this.plain(object, module), method, given, module.placeAt(callee.from));
  }

  /** One container for each place that makes one, however often its name is looked up. */
  #container(name: string, given: CallArguments, node: SyntaxNode, module: Module): PythonValue | undefined {
    const key = `${module.path}:${node.from}`;
    const container = this.#containers.get(key) ?? newContainer(name, given, module.placeAt(node.from));
    if (container) this.#containers.set(key, container);
    return container && { kind: 'container', container };
  }
}
