import type * as ast from '@babel/types';
import type { Place } from '../../../errors.ts';
import { emptyRecord, isFalsy, known, orElse, type StaticValue, textOf } from '../static-value.ts';
import { methodResult, objectList, unknownAt } from './builtins.ts';
import { calledName, enumRecord, importWrappers } from './compiled.ts';
import { Exports } from './exports.ts';
import { bindingHelper, referenceMember } from './library.ts';
import { classOf, listOf, objectOf, templateOf } from './literals.ts';
import type { Definition, Module, Modules } from './modules.ts';
import { binary, logical, unary } from './operators.ts';
import { returnedBy, scopeOfCall } from './scopes.ts';
import { isFunctionNode, nameOfKey, placeOfNode, requiredBy, unwrapped } from './syntax.ts';

/** A static value, or something that only JavaScript has. */
export type JsValue =
  | StaticValue
  | { readonly kind: 'module'; readonly module: Module }
  | { readonly kind: 'callable'; readonly node: FunctionNode; readonly module: Module };

/** A function that can be called by its name, as a member, or where it stands. */
export type FunctionNode =
  | ast.FunctionDeclaration
  | ast.FunctionExpression
  | ast.ArrowFunctionExpression
  | ast.ObjectMethod
  | ast.ClassMethod;

/** Deepest chain of names that is followed. */
const depthLimit = 64;
/** Most calls of the app's own functions that are evaluated: each may call two others. */
const callLimit = 10_000;

/** Evaluates expressions at the top level of modules, as far as the text tells. */
export class Evaluator {
  readonly #exports: Exports;
  readonly #values = new Map<Definition, JsValue>();
  /** What functions in lists and records are. */
  readonly #functions = new WeakMap<StaticValue, JsValue>();
  #depth = 0;
  #calls = 0;

  constructor(modules: Modules) {
    this.#exports = new Exports(modules, this);
  }

  /** What an expression stands for. */
  value(given: ast.Node, module: Module): JsValue {
    const node = unwrapped(given);
    if (this.#depth >= depthLimit) return unknownAt(node, module);
    this.#depth++;
    try {
      return this.#dispatch(node, module);
    } finally {
      this.#depth--;
    }
  }

  /** The same without what only JavaScript has: a function stays a function, a module is unknown. */
  plain(node: ast.Node, module: Module): StaticValue {
    return this.plainOf(this.value(node, module), node, module);
  }

  /** A value without what only JavaScript has; `node` is where it stands. */
  plainOf(value: JsValue, node: ast.Node, module: Module): StaticValue {
    if (value.kind === 'callable') {
      const plain: StaticValue = { kind: 'function' };
      this.#functions.set(plain, value);
      return plain;
    }
    return value.kind === 'module' ? unknownAt(node, module) : value;
  }

  #dispatch(node: ast.Node, module: Module): JsValue {
    const required = requiredBy(node);
    if (required) {
      const source = textOf(this.plain(required, module));
      return (source === undefined ? undefined : this.#exports.required(source, module)) ?? unknownAt(node, module);
    }
    if (isFunctionNode(node)) return { kind: 'callable', node, module };
    switch (node.type) {
      case 'StringLiteral':
      case 'NumericLiteral':
      case 'BooleanLiteral':
        return known(node.value);
      case 'NullLiteral':
        return known(null);
      case 'Identifier':
        return this.#identifier(node, module);
      case 'MemberExpression':
      case 'OptionalMemberExpression':
        return this.#memberOf(node, module);
      case 'TemplateLiteral':
        return templateOf(node, module, this);
      case 'ObjectExpression':
        return objectOf(node, module, this);
      case 'ArrayExpression':
        return listOf(node, module, this);
      case 'ClassDeclaration':
      case 'ClassExpression':
        return classOf(node, module, this);
      default:
        return this.#operation(node, module);
    }
  }

  #operation(node: ast.Node, module: Module): JsValue {
    const place = placeOfNode(module.path, node);
    switch (node.type) {
      case 'BinaryExpression':
        return binary(node.operator, this.plain(node.left, module), this.plain(node.right, module), place);
      case 'LogicalExpression':
        return logical(node.operator, this.plain(node.left, module), () => this.plain(node.right, module), place);
      case 'ConditionalExpression':
        return this.#conditional(node, module);
      case 'UnaryExpression':
        return unary(node.operator, this.plain(node.argument, module), place);
      case 'SequenceExpression':
        return this.value(node.expressions.at(-1) ?? node, module);
      case 'CallExpression':
        return this.#call(node, module);
      default:
        return unknownAt(node, module);
    }
  }

  #identifier(node: ast.Identifier, module: Module): JsValue {
    if (node.name === 'undefined') return { kind: 'absent' };
    let scope: Module = module;
    while (scope.parent && !scope.names.has(node.name)) scope = scope.parent;
    const definition = scope.names.get(node.name);
    if (definition === undefined)
      return node.name === 'process' ? { kind: 'reference', path: ['process'] } : unknownAt(node, module);
    const mayChange = definition.kind === 'expression' || definition.kind === 'value';
    return mayChange && scope.changed.has(node.name) ? unknownAt(node, module) : this.definition(definition, scope);
  }

  /** What a name of a module stands for; unknown for one that is defined by itself. */
  definition(definition: Definition, module: Module): JsValue {
    const before = this.#values.get(definition);
    if (before) return before;
    this.#values.set(definition, { kind: 'unknown', place: placeOfDefinition(definition, module) });
    const value = this.#defined(definition, module);
    this.#values.set(definition, value);
    return value;
  }

  #defined(definition: Definition, module: Module): JsValue {
    if (definition.kind === 'function') return { kind: 'callable', node: definition.node, module };
    if (definition.kind === 'value') return definition.value;
    if (definition.kind === 'enum') return enumRecord(definition.members, node => this.plain(node, module));
    if (definition.kind === 'import') return this.#exports.imported(definition, module);
    const { node, keys, otherwise } = definition;
    const value = keys.reduce<JsValue>(
      (object, key) => this.member(object, key, node, module),
      this.value(node, module),
    );
    if (otherwise === undefined) return value;
    const isAbsent = ({ kind }: StaticValue) => kind === 'absent';
    const place = placeOfNode(module.path, otherwise);
    return orElse(this.plainOf(value, node, module), this.plain(otherwise, module), place, isAbsent);
  }

  #memberOf(node: ast.MemberExpression | ast.OptionalMemberExpression, module: Module): JsValue {
    const object = this.value(node.object, module);
    const key =
      nameOfKey(node.property, node.computed) ??
      (node.computed ? textOf(this.plain(node.property, module)) : undefined);
    return key === undefined ? unknownAt(node, module) : this.member(object, key, node, module);
  }

  /** The member of a value; `node` is where unknown values are said to be. */
  member(object: JsValue, key: string | number, node: ast.Node, module: Module): JsValue {
    const place = placeOfNode(module.path, node);
    if (object.kind === 'module') return this.#exports.exported(object.module, String(key));
    if (object.kind === 'reference') return referenceMember([...object.path, String(key)], place);
    if (object.kind === 'callable' && key === 'name' && 'id' in object.node && object.node.id)
      return known(object.node.id.name);
    if (object.kind === 'list' && key === 'length') return known(object.items.length);
    const isComplete = object.kind === 'record' && object.open.length === 0;
    const inside =
      object.kind === 'record'
        ? object.entries.get(String(key))
        : object.kind === 'list'
          ? object.items[Number(key)]
          : undefined;
    const found = inside ?? (isComplete ? { kind: 'absent' } : { kind: 'unknown', place });
    return this.#functions.get(found) ?? found;
  }

  #conditional(node: ast.ConditionalExpression, module: Module): JsValue {
    const test = this.plain(node.test, module);
    if (test.kind === 'known' || test.kind === 'absent')
      return this.value(isFalsy(test) ? node.alternate : node.consequent, module);
    return unknownAt(node, module);
  }

  #call(node: ast.CallExpression, module: Module): JsValue {
    const [argument] = node.arguments;
    const name = calledName(node);
    if (argument && name !== undefined && importWrappers.has(name)) return this.#wrapped(argument, module);
    const ofObject = node.callee.type === 'MemberExpression' && nameOfKey(node.callee.object) === 'Object';
    if (argument && ofObject) return objectList(name, this.plain(argument, module)) ?? unknownAt(node, module);
    const called = this.value(node.callee, module);
    if (called.kind === 'callable') return this.#returned(called, node, module);
    if (called.kind !== 'reference') return this.#method(node, module) ?? unknownAt(node, module);
    return (
      bindingHelper(called.path, () => (argument ? this.plain(argument, module) : emptyRecord)) ??
      unknownAt(node, module)
    );
  }

  /** What a function of the app gives back for these arguments. */
  #returned({ node, module }: Extract<JsValue, { kind: 'callable' }>, call: ast.CallExpression, from: Module): JsValue {
    const result = returnedBy(node);
    if (result === undefined || this.#calls++ >= callLimit) return unknownAt(call, from);
    const given = call.arguments.map(argument => this.value(argument, from));
    const scope = scopeOfCall(node, given, module, this);
    return scope ? this.value(result, scope) : unknownAt(call, from);
  }

  #method({ callee, arguments: given }: ast.CallExpression, module: Module): StaticValue | undefined {
    const name = callee.type === 'MemberExpression' ? nameOfKey(callee.property, callee.computed) : undefined;
    if (callee.type !== 'MemberExpression' || name === undefined) return undefined;
    const object = this.plain(callee.object, module);
    const values = given.map(argument => this.plain(argument, module));
    return methodResult(object, name, values, placeOfNode(module.path, callee));
  }

  /** A module that was no ES module becomes the default export of one. */
  #wrapped(node: ast.Node, module: Module): JsValue {
    const value = this.value(node, module);
    return value.kind === 'record' ? { ...value, entries: new Map([['default', value], ...value.entries]) } : value;
  }
}

function placeOfDefinition(definition: Definition, { path }: Module): Place {
  if (definition.kind === 'import') return definition.place;
  return 'node' in definition ? placeOfNode(path, definition.node) : { file: path };
}
