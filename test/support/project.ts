import type { AppFunction, Binding, Project } from '../../src/core/project.ts';

/** A function with one binding. */
export function functionWith(
  name: string,
  trigger: Omit<Binding, 'direction' | 'name'> & { readonly type: string },
): AppFunction {
  const binding: Binding = { ...trigger, direction: 'in', name: 'message' };
  return { name, bindings: [binding], place: { file: `${name}/function.json` }, disabled: false, unresolved: [] };
}

/** A project of these functions. */
export function projectOf(functions: readonly AppFunction[], host: Project['host'] = { version: '2.0' }): Project {
  return { folder: 'shop', runtime: 'node', model: 'function.json', host, functions, unresolved: [] };
}
