import { pathOf } from './app.ts';
import type { AppFunction, Project } from './project.ts';

/** Who may call a function. */
export type AuthLevel = 'anonymous' | 'function' | 'admin';

/** The HTTP function that answers a path, with or without its query, for a method; a literal route wins over one with parameters. */
export function functionOfPath(project: Project, method: string, path: string): AppFunction | undefined {
  const segments = segmentsOf(path.split('?')[0] ?? '');
  const fitting = project.functions.filter(fn => {
    const route = pathOf(project, fn);
    return route !== undefined && !fn.disabled && takesMethod(fn, method) && fits(segmentsOf(route), segments);
  });
  return fitting.sort((a, b) => parametersOf(project, a) - parametersOf(project, b))[0];
}

/** Key level of a function's trigger; `function` when its binding does not say, as the host takes it. */
export function authLevelOf(fn: AppFunction): AuthLevel {
  const level = String(fn.bindings[0].authLevel ?? 'function').toLowerCase();
  return level === 'anonymous' || level === 'admin' ? level : 'function';
}

/** Name, in the Secret of keys, of the keys that open a function, the most particular first; never the master key where a lesser one does. */
export function keyNamesOf(level: AuthLevel, functionName: string): readonly string[] {
  const names: Readonly<Record<AuthLevel, readonly string[]>> = {
    anonymous: [],
    admin: ['host.master'],
    function: [`functions.${functionName.toLowerCase()}.default`, 'host.function.default'],
  };
  return names[level];
}

/** Whether a key sent to the address could be read on the way: plain HTTP to neither this machine nor a private network. */
export function exposesKeys({ protocol, hostname }: URL): boolean {
  return protocol === 'http:' && !privateHosts.some(pattern => pattern.test(hostname));
}

const privateHosts = [
  /^localhost$/,
  /^(?:127|10)(?:\.\d{1,3}){3}$/,
  /^192\.168(?:\.\d{1,3}){2}$/,
  /^172\.(?:1[6-9]|2\d|3[01])(?:\.\d{1,3}){2}$/,
  /^\[(?:::1|f[cd][0-9a-f]{2}:[0-9a-f:]*)\]$/,
];

function takesMethod(fn: AppFunction, method: string): boolean {
  const { methods } = fn.bindings[0];
  if (!Array.isArray(methods) || methods.length === 0) return true;
  return methods.some(one => String(one).toUpperCase() === method);
}

function parametersOf(project: Project, fn: AppFunction): number {
  return segmentsOf(pathOf(project, fn) ?? '').filter(isParameter).length;
}

/** `{id:int}` takes one segment, `{id?}` also none, `{*rest}` all that follow. */
function fits(route: readonly string[], path: readonly string[]): boolean {
  const [first, ...rest] = route;
  if (first === undefined) return path.length === 0;
  if (/^\{\*/.test(first)) return true;
  const [segment, ...others] = path;
  if (segment === undefined) return /\?\}$/.test(first) && fits(rest, []);
  return (isParameter(first) || first.toLowerCase() === segment.toLowerCase()) && fits(rest, others);
}

function isParameter(segment: string): boolean {
  return /^\{.*\}$/.test(segment);
}

function segmentsOf(path: string): readonly string[] {
  return path.split('/').filter(segment => segment !== '');
}
