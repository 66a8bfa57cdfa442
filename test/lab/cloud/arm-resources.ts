import { ArmRefusal, resourceNotFound } from './arm-answer.ts';
import { listAnswer, pageAnswer } from './arm-lists.ts';
import { type ArmCall, type ArmRoute, inGroup, inSubscription } from './arm-routes.ts';
import { kinds } from './resources.ts';
import { isAllowed } from './roles.ts';
import {
  type CloudResource,
  type CloudState,
  type ContainerRegistry,
  holds,
  type ResourceBody,
  type ResourceGroup,
  type Subscription,
  samePath,
} from './state.ts';

/** What is only read: subscriptions, groups, registries, storage accounts, quotas. */
export const resourceRoutes: readonly ArmRoute[] = [
  {
    ...{ method: 'GET', scope: '/subscriptions', action: 'Microsoft.Resources/subscriptions/read', check: 'handler' },
    handle: call => pageAnswer(call, call.state.subscriptions.filter(one => isSeen(call, one)).map(subscriptionShown)),
  },
  {
    ...{ method: 'GET', scope: inSubscription, action: 'Microsoft.Resources/subscriptions/read', check: 'entries' },
    handle: ({ state, params }) => ({
      status: 200,
      body: state.subscriptions.filter(({ id }) => samePath(id, params.subscription ?? '')).map(subscriptionShown)[0],
    }),
  },
  {
    ...{ method: 'GET', scope: inGroup, action: 'Microsoft.Resources/subscriptions/resourceGroups/read' },
    handle: ({ state, scope }) => ({ status: 200, body: groups(state).filter(({ id }) => samePath(id, scope))[0] }),
  },
  {
    ...{ method: 'GET', scope: inSubscription, rest: '/resourceGroups', check: 'entries' },
    action: 'Microsoft.Resources/subscriptions/resourceGroups/read',
    handle: call =>
      listAnswer(
        call,
        'Microsoft.Resources/subscriptions/resourceGroups/read',
        groups(call.state).filter(({ id }) => holds(call.scope, id)),
        group => group,
      ),
  },
  {
    ...{ method: 'GET', scope: inSubscription, rest: '/providers/Microsoft.Compute/locations/{location}/usages' },
    action: 'Microsoft.Compute/locations/usages/read',
    handle: call => pageAnswer(call, quotas(call)),
  },
  ...reading(kinds.registry, state => state.registries, registryBody),
  ...reading(
    kinds.storage,
    state => state.storageAccounts,
    ({ body }) => body,
  ),
];

/** Reading one resource of a kind, and those of a group or subscription. */
function reading<T extends CloudResource>(
  kind: string,
  all: (state: CloudState) => readonly T[],
  bodyOf: (resource: T) => ResourceBody,
): readonly ArmRoute[] {
  const action = `${kind}/read`;
  const show = (resource: T) => ({ id: resource.id, name: resource.name, type: kind, ...bodyOf(resource) });
  const lists = [inSubscription, inGroup].map(
    (scope): ArmRoute => ({
      ...{ method: 'GET', scope, rest: `/providers/${kind}`, action, check: 'entries' },
      handle: call =>
        listAnswer(
          call,
          action,
          all(call.state).filter(({ id }) => holds(call.scope, id)),
          show,
        ),
    }),
  );
  const one: ArmRoute = {
    ...{ method: 'GET', scope: `${inGroup}/providers/${kind}/{name}`, action },
    handle: ({ state, scope, params }) => {
      const found = all(state).find(({ id }) => samePath(id, scope));
      if (!found) throw resourceNotFound(kind, params.name ?? '', params.group ?? '');
      return { status: 200, body: show(found) };
    },
  };
  return [...lists, one];
}

function registryBody({ body, loginServer, mode, armAudience, quarantine }: ContainerRegistry): ResourceBody {
  const status = (on: boolean) => ({ status: on ? 'enabled' : 'disabled' });
  const properties = {
    ...body.properties,
    loginServer,
    roleAssignmentMode: mode === 'abac' ? 'AbacRepositoryPermissions' : 'LegacyRegistryPermissions',
    policies: { quarantinePolicy: status(quarantine), azureADAuthenticationAsArmPolicy: status(armAudience) },
  };
  return { ...body, properties };
}

/** A subscription is seen by whoever has any role in it. */
function isSeen({ state, caller }: ArmCall, { id, tenantId }: Subscription): boolean {
  if (!samePath(tenantId, caller.tenantId)) return false;
  const within = state.roleAssignments.map(({ scope }) => scope).filter(scope => holds(`/subscriptions/${id}`, scope));
  const action = 'Microsoft.Resources/subscriptions/read';
  return within.some(scope => isAllowed(state, { principalId: caller.objectId, action, scope }));
}

function subscriptionShown({ id, name, tenantId, state }: Subscription): unknown {
  return { id: `/subscriptions/${id}`, subscriptionId: id, tenantId, displayName: name, state };
}

function groups(
  state: CloudState,
): readonly { readonly id: string; readonly name: string; readonly location: string }[] {
  return state.resourceGroups.map(({ subscriptionId, name, location }: ResourceGroup) => ({
    ...{ id: `/subscriptions/${subscriptionId}/resourceGroups/${name}`, name, location },
    ...{ type: 'Microsoft.Resources/resourceGroups', properties: { provisioningState: 'Succeeded' } },
  }));
}

function quotas({ state, params }: ArmCall): readonly unknown[] {
  const found = state.quotas.filter(({ location }) => samePath(location, params.location ?? ''));
  if (found.length === 0)
    throw new ArmRefusal(
      400,
      'NoRegisteredProviderFound',
      `No registered resource provider found for location '${params.location}'.`,
    );
  return found.map(({ name, localName, current, limit }) => ({
    ...{ currentValue: current, limit, unit: 'Count' },
    name: { value: name, localizedValue: localName },
  }));
}
