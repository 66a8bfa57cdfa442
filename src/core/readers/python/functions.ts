import type { SyntaxNode } from '@lezer/common';
import type { Binding, Unresolved } from '../../project.ts';
import type { FoundFunction } from '../reading.ts';
import { BindingWriter, textOf, unknownFunctions } from '../static-value.ts';
import { bindingOf, type Decoration, parametersOf, routeBindings } from './bindings.ts';
import { addModelActivity, type Container } from './containers.ts';
import { agentDecorator, decoratorRow, otherDecorators, routeParameters } from './decorators.ts';
import type { Evaluator, PythonValue } from './evaluate.ts';
import { mentionsOf } from './mentions.ts';
import type { Module } from './modules.ts';
import { argumentsOf, childrenOf, statementsOf, textOfNode } from './syntax.ts';

const registering = new Set(['register_functions', 'register_blueprint']);

/** Finds what the modules of an app declare and puts the functions into their containers. */
export class FunctionFinder {
  readonly unresolved: Unresolved[] = [];
  readonly #evaluator: Evaluator;

  constructor(evaluator: Evaluator) {
    this.#evaluator = evaluator;
  }

  module(module: Module): void {
    const certain = new Set<number>();
    for (const statement of statementsOf(module.tree.topNode)) {
      if (statement.name === 'DecoratedStatement') this.#decorated(statement, module, certain);
      if (statement.name === 'ExpressionStatement') this.#expression(statement, module, certain);
    }
    this.#others(module, certain);
  }

  #decorated(statement: SyntaxNode, module: Module, certain: Set<number>): void {
    const definition = statement.getChild('FunctionDefinition');
    const decorators = statement.getChildren('Decorator');
    const decorations = decorators.flatMap(decorator => this.#decoration(decorator, module) ?? []);
    const [first] = decorations;
    if (first === undefined || !definition) return;
    certain.add(statement.from);
    const result = this.#functionOf(definition, decorations, module);
    if ('fn' in result) first.container.functions.push(result.fn);
    else this.unresolved.push(result.unresolved);
    if (decorations.some(({ name }) => name === agentDecorator))
      addModelActivity(first.container, module.placeAt(statement.from));
  }

  /** `app.route(…)`: the container in front, the last name, the argument list. */
  #decoration(decorator: SyntaxNode, module: Module): Decoration | undefined {
    const parts = childrenOf(decorator)
      .slice(1)
      .filter(({ name }) => name !== '.');
    const list = parts.at(-1)?.name === 'ArgList' ? parts.at(-1) : undefined;
    const names = parts.filter(part => part !== list).map(part => textOfNode(module.text, part));
    const [root, ...members] = names;
    const last = members.pop();
    if (root === undefined || last === undefined) return undefined;
    const start = this.#evaluator.name(root, module);
    const value =
      start &&
      members.reduce<PythonValue>((object, member) => this.#evaluator.member(object, member, decorator, module), start);
    return value?.kind === 'container' ? { name: last, container: value.container, list, module } : undefined;
  }

  #functionOf(
    definition: SyntaxNode,
    decorations: readonly Decoration[],
    module: Module,
  ): { readonly fn: FoundFunction } | { readonly unresolved: Unresolved } {
    const place = module.placeAt(definition.from);
    const identifier = definition.getChild('VariableName');
    const naming = decorations.find(({ name }) => name === 'function_name');
    const given = naming && parametersOf(naming, ['name'], this.#evaluator).entries.get('name');
    const name = given ? textOf(given) : identifier && textOfNode(module.text, identifier);
    if (!name || name.includes('%'))
      return { unresolved: unknownFunctions(place, 'The name of this function is computed.') };
    const writer = new BindingWriter(name, place);
    const bindings = this.#bindingsOf(name, inOrder(decorations), writer, place);
    return { fn: { name, place, bindings, disabled: false, unresolved: writer.unresolved } };
  }

  #bindingsOf(
    functionName: string,
    decorations: readonly Decoration[],
    writer: BindingWriter,
    place: ReturnType<Module['placeAt']>,
  ): readonly Binding[] {
    const bindings: Binding[] = [];
    for (const decoration of decorations) {
      const row = decoratorRow(decoration.name);
      const given = parametersOf(decoration, row?.parameters ?? routeParameters, this.#evaluator);
      const index = bindings.length;
      if (decoration.name === 'route')
        bindings.push(...routeBindings(given, decoration.container, { index, functionName }, writer));
      else if (decoration.name === 'mcp_tool')
        bindings.push({ type: 'mcpToolTrigger', direction: 'in', name: 'context', toolName: functionName });
      else if (row) bindings.push(...[bindingOf(row, given, index, writer)].filter(binding => binding !== undefined));
      else if (!otherDecorators.has(decoration.name)) writer.note(decoration.name, place);
      if (row && bindings.length === index) writer.note(`bindings[${index}].type`, place);
    }
    return bindings;
  }

  #expression(statement: SyntaxNode, module: Module, certain: Set<number>): void {
    const call = statement.getChild('CallExpression');
    const target = call && this.#methodOf(call, module);
    if (!call || !target || !registering.has(target.name)) return;
    certain.add(call.from);
    const list = call.getChild('ArgList');
    const argument = list ? argumentsOf(module.text, list)[0] : undefined;
    const value = argument && !argument.spread ? this.#evaluator.value(argument.node, module) : undefined;
    if (value?.kind === 'container') target.container.registered.push(value.container);
    else
      this.unresolved.push(
        unknownFunctions(module.placeAt(call.from), 'The blueprint that is registered here cannot be told.'),
      );
  }

  #methodOf(call: SyntaxNode, module: Module): { readonly container: Container; readonly name: string } | undefined {
    const [callee] = childrenOf(call);
    if (callee?.name !== 'MemberExpression') return undefined;
    const [object, , property] = childrenOf(callee);
    const value = object && property ? this.#evaluator.value(object, module) : undefined;
    return value?.kind === 'container' && property
      ? { container: value.container, name: textOfNode(module.text, property) }
      : undefined;
  }

  /** What declares functions anywhere else: under a condition, in a loop or a function, or through another function. */
  #others(module: Module, certain: ReadonlySet<number>): void {
    const inner = 'This registration is inside a condition, a loop or a function.';
    const mentions = mentionsOf(module, this.#evaluator);
    module.tree.iterate({
      enter: ({ name, from, to, node }) => {
        if (!mentions(from, to)) return false;
        if (certain.has(from) || (name !== 'DecoratedStatement' && name !== 'CallExpression')) return true;
        const place = module.placeAt(from);
        if (name === 'CallExpression') this.#otherCall(node, module, place);
        else if (node.getChildren('Decorator').some(decorator => this.#decoration(decorator, module)))
          this.unresolved.push(unknownFunctions(place, inner));
        return true;
      },
    });
  }

  #otherCall(node: SyntaxNode, module: Module, place: Unresolved['place']): void {
    const target = this.#methodOf(node, module);
    const declares =
      target &&
      (registering.has(target.name) || target.name === 'route' || decoratorRow(target.name)?.type?.endsWith('Trigger'));
    if (declares) {
      this.unresolved.push(unknownFunctions(place, 'This registration is not by a decorator at the top level.'));
      return;
    }
    const list = target ? null : node.getChild('ArgList');
    const handsOver =
      list &&
      argumentsOf(module.text, list).some(
        ({ node: argument }) =>
          argument.name === 'VariableName' && this.#evaluator.value(argument, module).kind === 'container',
      );
    if (handsOver)
      this.unresolved.push(unknownFunctions(place, 'This call is given the object on which functions are registered.'));
  }
}

/** Triggers first, whose index in the list of bindings is then 0; the others as they are written. */
function inOrder(decorations: readonly Decoration[]): readonly Decoration[] {
  const isTrigger = ({ name }: Decoration): boolean =>
    name === 'route' ||
    name === 'mcp_tool' ||
    name === 'generic_trigger' ||
    (decoratorRow(name)?.type ?? '').endsWith('Trigger');
  return [...decorations.filter(isTrigger), ...decorations.filter(decoration => !isTrigger(decoration))];
}

/** The functions of a container and of all that it registers, each once. */
export function functionsIn(container: Container, seen = new Set<Container>()): readonly FoundFunction[] {
  if (seen.has(container)) return [];
  seen.add(container);
  return [...container.functions, ...container.registered.flatMap(one => functionsIn(one, seen))];
}
