import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { type ArmAnswer, ArmRefusal } from './arm-answer.ts';
import { assignmentRoutes } from './arm-assignments.ts';
import { clusterRoutes } from './arm-clusters.ts';
import { credentialRoutes } from './arm-credentials.ts';
import { identityRoutes } from './arm-identities.ts';
import { RequestLimits } from './arm-limits.ts';
import { endpointsFor } from './arm-metadata.ts';
import { Operations } from './arm-operations.ts';
import { resourceRoutes } from './arm-resources.ts';
import { type ArmCall, type ArmRoute, findRoute, type RouteMatch } from './arm-routes.ts';
import { commandRoutes } from './arm-run-command.ts';
import { callerOf, checkTenant, notAuthorized } from './arm-sign-in.ts';
import { bearerOf, type CloudContext, type CloudExchange, type NamedPart } from './exchange.ts';
import { isAllowed } from './roles.ts';
import { type CloudState, holds, type Principal, type Subscription, samePath } from './state.ts';

/** The Resource Manager. */
export function resourceManager(context: CloudContext): NamedPart {
  const limits = new RequestLimits(context.state);
  const operations = new Operations();
  const routes: readonly ArmRoute[] = [
    ...clusterRoutes(operations),
    ...operations.routes,
    ...credentialRoutes,
    ...commandRoutes(),
    ...assignmentRoutes,
    ...identityRoutes(),
    ...resourceRoutes,
  ];
  return {
    name: 'arm',
    paths: /^\/(metadata\/endpoints$|subscriptions(\/|$))/i,
    async serve(exchange) {
      const answer = await answerOf({ ...context, limits, routes }, exchange).catch((error: unknown) => {
        if (error instanceof ArmRefusal) return error.answer();
        throw error;
      });
      send(exchange.response, answer);
      return true;
    },
  };
}

interface Ground extends CloudContext {
  readonly limits: RequestLimits;
  readonly routes: readonly ArmRoute[];
}

async function answerOf(ground: Ground, exchange: CloudExchange): Promise<ArmAnswer> {
  const { request, url } = exchange;
  const apiVersion = apiVersionOf(url.searchParams);
  const { state, address, tokens, limits } = ground;
  if (/^\/metadata/i.test(url.pathname)) return endpointsFor(address, apiVersion);
  const method = request.method ?? '';
  const caller = await callerOf(bearerOf(exchange), tokens, address);
  exchange.note({ principal: caller.objectId });
  const match = findRoute(ground.routes, method, url.pathname);
  if (match === 'otherMethod')
    throw new ArmRefusal(405, 'MethodNotAllowed', `The resource does not support the method '${method}'.`);
  if (!match)
    throw new ArmRefusal(404, 'InvalidResourceType', `The resource type could not be found for '${url.pathname}'.`);
  const subscription = subscriptionOf(state, match, caller);
  const headers = limits.spend(method, subscription?.id ?? caller.tenantId, caller);
  if (subscription) authorize(state, match, caller, method, subscription);
  const call = callOf(ground, exchange, match, caller, apiVersion);
  const answer = await match.route.handle(call);
  return { ...answer, headers: { ...headers, ...answer.headers } };
}

function apiVersionOf(query: URLSearchParams): string {
  const apiVersion = query.get('api-version');
  if (!apiVersion) {
    const text = 'The api-version query parameter (?api-version=) is required for all requests.';
    throw new ArmRefusal(400, 'MissingApiVersionParameter', text);
  }
  if (/^\d{4}-\d\d-\d\d(-preview)?$/.test(apiVersion)) return apiVersion;
  throw new ArmRefusal(400, 'InvalidApiVersionParameter', `The api-version '${apiVersion}' is invalid.`);
}

/** The subscription that the path names; undefined for the list of them. */
function subscriptionOf(state: CloudState, { scope }: RouteMatch, caller: Principal): Subscription | undefined {
  const id = /^\/subscriptions\/([^/]+)/i.exec(scope)?.[1];
  if (id === undefined) return undefined;
  const subscription = state.subscriptions.find(one => samePath(one.id, id));
  if (!subscription) throw new ArmRefusal(404, 'SubscriptionNotFound', `The subscription '${id}' could not be found.`);
  checkTenant(caller, subscription);
  return subscription;
}

/** Roles first, then the group: who may do nothing there does not learn what there is. */
function authorize(
  state: CloudState,
  { route, scope }: RouteMatch,
  caller: Principal,
  method: string,
  subscription: Subscription,
): void {
  const { action } = route;
  const allowed =
    route.check === 'entries'
      ? mayReadSomething(state, caller, action, scope)
      : route.check === 'handler' || isAllowed(state, { principalId: caller.objectId, action, scope });
  if (!allowed) throw notAuthorized(caller, action, scope);
  if (subscription.state === 'Disabled' && method !== 'GET') {
    const text = `The subscription '${subscription.id}' is disabled and therefore marked as read only. You cannot perform any write actions on this subscription until it is re-enabled.`;
    throw new ArmRefusal(409, 'ReadOnlyDisabledSubscription', text);
  }
  const group = /^\/subscriptions\/[^/]+\/resourceGroups\/([^/]+)/i.exec(scope)?.[1];
  const known = (name: string) =>
    state.resourceGroups.some(one => samePath(one.subscriptionId, subscription.id) && samePath(one.name, name));
  if (group !== undefined && !known(group))
    throw new ArmRefusal(404, 'ResourceGroupNotFound', `Resource group '${group}' could not be found.`);
}

/** Lists show what the caller may read; who has no role in the subscription gets none. */
function mayReadSomething(state: CloudState, caller: Principal, action: string, scope: string): boolean {
  const within = state.roleAssignments.map(one => one.scope).filter(one => holds(scope, one));
  return [scope, ...within].some(where => isAllowed(state, { principalId: caller.objectId, action, scope: where }));
}

function callOf(
  { state, address }: Ground,
  { request, url, body }: CloudExchange,
  { scope, params }: RouteMatch,
  caller: Principal,
  apiVersion: string,
): ArmCall {
  return {
    ...{ state, caller, scope, path: url.pathname, params, query: url.searchParams, apiVersion, origin: address },
    header: name => request.headers[name.toLowerCase()]?.toString(),
    json: async () => {
      const text = await body();
      try {
        return text === '' ? {} : JSON.parse(text);
      } catch {
        throw new ArmRefusal(
          400,
          'InvalidRequestContent',
          'The request content was invalid and could not be deserialized.',
        );
      }
    },
    may: (action, where, facts) =>
      isAllowed(state, { principalId: caller.objectId, action, scope: where, ...(facts ? { facts } : {}) }),
  };
}

function send(response: ServerResponse, { status, body, headers }: ArmAnswer): void {
  const id = randomUUID();
  response.writeHead(status, {
    ...{ 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-cache' },
    ...{ 'x-ms-request-id': id, 'x-ms-correlation-request-id': id, 'x-ms-routing-request-id': `LAB:${id}` },
    ...headers,
  });
  response.end(body === undefined ? '' : JSON.stringify(body));
}
