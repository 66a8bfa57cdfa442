import type * as ast from '@babel/types';
import { compiledEnum, definedExport, type EnumMember, starExport } from './compiled.ts';
import type { Definition, Module } from './modules.ts';
import { outlineOf } from './outline.ts';
import { nameOfKey, placeOfNode } from './syntax.ts';

/** The names, exports and outline of a parsed file. */
export function moduleOf(path: string, program: ast.Program): Module {
  const reader = new NameReader(path);
  for (const statement of program.body) reader.statement(statement);
  return {
    path,
    program,
    names: reader.names,
    exports: reader.exports,
    passedOn: reader.passedOn,
    ...outlineOf(program),
  };
}

/** The names that statements declare. */
export function namesIn(path: string, statements: readonly ast.Statement[]): ReadonlyMap<string, Definition> {
  const reader = new NameReader(path);
  for (const statement of statements) reader.statement(statement);
  return reader.names;
}

class NameReader {
  readonly names = new Map<string, Definition>();
  readonly exports = new Map<string, Definition>();
  readonly passedOn: string[] = [];
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  statement(node: ast.Node): void {
    if (node.type === 'ImportDeclaration') this.#imports(node);
    else if (node.type === 'ExportNamedDeclaration') this.#exportNamed(node);
    else if (node.type === 'ExportAllDeclaration') this.passedOn.push(node.source.value);
    else if (node.type === 'ExportDefaultDeclaration') this.#exportDefault(node);
    else if (node.type === 'TSExportAssignment')
      this.exports.set('*', { kind: 'expression', node: node.expression, keys: [] });
    else if (node.type === 'ExpressionStatement') this.#expression(node.expression);
    else this.#declare(node);
  }

  #declare(node: ast.Node): readonly string[] {
    const before = new Set(this.names.keys());
    if (node.type === 'VariableDeclaration')
      for (const { id, init } of node.declarations) if (init) this.#pattern(id, init, []);
    if (node.type === 'TSEnumDeclaration') this.names.set(node.id.name, { kind: 'enum', members: membersOf(node) });
    if (node.type === 'ClassDeclaration' && node.id)
      this.names.set(node.id.name, { kind: 'expression', node, keys: [] });
    if (node.type === 'FunctionDeclaration' && node.id) this.names.set(node.id.name, { kind: 'function', node });
    if (node.type === 'TSImportEqualsDeclaration' && node.moduleReference.type === 'TSExternalModuleReference') {
      this.#import(node.id.name, node.moduleReference.expression.value, '*', node);
    }
    return [...this.names.keys()].filter(name => !before.has(name));
  }

  #pattern(id: ast.Node, init: ast.Node, keys: readonly (string | number)[]): void {
    if (id.type === 'Identifier') this.names.set(id.name, { kind: 'expression', node: init, keys });
    if (id.type === 'AssignmentPattern' && id.left.type === 'Identifier')
      this.names.set(id.left.name, { kind: 'expression', node: init, keys, otherwise: id.right });
    if (id.type === 'ArrayPattern')
      for (const [index, item] of id.elements.entries()) if (item) this.#pattern(item, init, [...keys, index]);
    if (id.type !== 'ObjectPattern') return;
    for (const property of id.properties) {
      const key = property.type === 'ObjectProperty' ? nameOfKey(property.key, property.computed) : undefined;
      if (property.type === 'ObjectProperty' && key !== undefined) this.#pattern(property.value, init, [...keys, key]);
    }
  }

  #import(local: string, source: string, name: string, node: ast.Node): void {
    this.names.set(local, { kind: 'import', source, name, place: placeOfNode(this.#path, node) });
  }

  #imports(node: ast.ImportDeclaration): void {
    for (const specifier of node.specifiers) {
      const name =
        specifier.type === 'ImportSpecifier'
          ? (nameOfKey(specifier.imported) ?? '')
          : specifier.type === 'ImportDefaultSpecifier'
            ? 'default'
            : '*';
      this.#import(specifier.local.name, node.source.value, name, node);
    }
  }

  #exportNamed(node: ast.ExportNamedDeclaration): void {
    for (const name of node.declaration ? this.#declare(node.declaration) : []) {
      const definition = this.names.get(name);
      if (definition) this.exports.set(name, definition);
    }
    for (const specifier of node.specifiers) {
      const exported = nameOfKey(specifier.exported) ?? '';
      if (specifier.type === 'ExportNamespaceSpecifier' && node.source)
        this.#reexport(exported, node.source.value, '*', node);
      if (specifier.type !== 'ExportSpecifier') continue;
      const local = nameOfKey(specifier.local) ?? '';
      if (node.source) this.#reexport(exported, node.source.value, local, node);
      else this.exports.set(exported, { kind: 'expression', node: specifier.local, keys: [] });
    }
  }

  #reexport(exported: string, source: string, name: string, node: ast.Node): void {
    this.exports.set(exported, { kind: 'import', source, name, place: placeOfNode(this.#path, node) });
  }

  #exportDefault(node: ast.ExportDefaultDeclaration): void {
    if (node.declaration.type === 'FunctionDeclaration')
      this.exports.set('default', { kind: 'function', node: node.declaration });
    else this.exports.set('default', { kind: 'expression', node: node.declaration, keys: [] });
    this.#declare(node.declaration);
  }

  #expression(node: ast.Expression): void {
    const [star, defined, made] = [starExport(node), definedExport(node), compiledEnum(node)];
    if (star !== undefined) this.passedOn.push(star);
    else if (defined) this.exports.set(defined.name, { kind: 'expression', node: defined.value, keys: [] });
    else if (made) {
      const definition: Definition = { kind: 'enum', members: made.members };
      this.names.set(made.name, definition);
      if (made.exported) this.exports.set(made.name, definition);
    } else this.#commonJs(node);
  }

  /** `module.exports = …`, `exports.name = …`, also chained. */
  #commonJs(node: ast.Node): void {
    if (node.type !== 'AssignmentExpression') return;
    const target = commonJsName(node.left);
    if (target !== undefined) this.exports.set(target, { kind: 'expression', node: node.right, keys: [] });
    this.#commonJs(node.right);
  }
}

function membersOf({ body }: ast.TSEnumDeclaration): readonly EnumMember[] {
  return body.members.map(({ id, initializer }) => ({ name: nameOfKey(id) ?? '', value: initializer ?? undefined }));
}

/** `*` for `module.exports`, the name for a member of it or of `exports`. */
function commonJsName(node: ast.Node): string | undefined {
  if (node.type !== 'MemberExpression') return undefined;
  const { object } = node;
  const name = nameOfKey(node.property, node.computed);
  if (object.type === 'Identifier' && object.name === 'module') return name === 'exports' ? '*' : undefined;
  const isExports = object.type === 'Identifier' ? object.name === 'exports' : commonJsName(object) === '*';
  return isExports ? name : undefined;
}
