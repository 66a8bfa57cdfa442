import type { ArmAnswer } from './arm-answer.ts';
import type { ConditionFacts } from './role-conditions.ts';
import type { CloudState, Principal } from './state.ts';

/** A request that has passed the sign-in. */
export interface ArmCall {
  readonly state: CloudState;
  readonly caller: Principal;
  /** The resource, group or subscription that the request is about. */
  readonly scope: string;
  /** The whole path, as it came. */
  readonly path: string;
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly apiVersion: string;
  /** `https://` and host of the Resource Manager. */
  readonly origin: string;
  header(name: string): string | undefined;
  /** The body; refuses one that is not JSON. */
  json(): Promise<unknown>;
  /** Whether the caller's roles allow an action. */
  may(action: string, scope: string, facts?: ConditionFacts): boolean;
}

export interface ArmRoute {
  readonly method: string;
  /** Template of the scope that the right is needed on: `{name}` is one part of the path, `{+name}` any number. */
  readonly scope: string;
  /** Template of what follows. */
  readonly rest?: string;
  /** The right that is needed. */
  readonly action: string;
  /** Who asks for the right, where it is not one for the scope: a list for each of its entries, or the handler. */
  readonly check?: 'entries' | 'handler';
  handle(call: ArmCall): ArmAnswer | Promise<ArmAnswer>;
}

export interface RouteMatch {
  readonly route: ArmRoute;
  readonly scope: string;
  readonly params: Readonly<Record<string, string>>;
}

/** The first route for the request; `otherMethod` when only the method does not fit. */
export function findRoute(
  routes: readonly ArmRoute[],
  method: string,
  path: string,
): RouteMatch | 'otherMethod' | undefined {
  const fitting = routes.flatMap(route => {
    const found = patternOf(route).exec(path);
    return found ? [{ route, groups: found.groups ?? {} }] : [];
  });
  const first = fitting.find(({ route }) => route.method === method);
  if (!first) return fitting.length > 0 ? 'otherMethod' : undefined;
  const { scope = '', ...groups } = first.groups;
  const params = Object.fromEntries(Object.entries(groups).map(([name, value]) => [name, decodeURIComponent(value)]));
  return { route: first.route, scope: decodeURIComponent(scope), params };
}

const patterns = new WeakMap<ArmRoute, RegExp>();

/** The scope becomes the group `scope`, each `{name}` a group of its name. */
function patternOf(route: ArmRoute): RegExp {
  const known = patterns.get(route);
  if (known) return known;
  const source = (template: string) =>
    template
      .replaceAll('.', '\\.')
      .replaceAll(/\{\+(\w+)\}/g, '(?<$1>.+)')
      .replaceAll(/\{(\w+)\}/g, '(?<$1>[^/]+)');
  const pattern = new RegExp(`^(?<scope>${source(route.scope)})${source(route.rest ?? '')}/?$`, 'i');
  patterns.set(route, pattern);
  return pattern;
}

export const inSubscription = '/subscriptions/{subscription}';
export const inGroup = `${inSubscription}/resourceGroups/{group}`;
