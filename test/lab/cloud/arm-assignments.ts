import * as v from 'valibot';
import { type ArmAnswer, ArmRefusal } from './arm-answer.ts';
import { pageAnswer } from './arm-lists.ts';
import type { ArmCall, ArmRoute } from './arm-routes.ts';
import { notAuthorized } from './arm-sign-in.ts';
import { roleDefinitions } from './role-definitions.ts';
import { assign } from './roles.ts';
import { holds, type RoleAssignment, samePath } from './state.ts';

const kind = 'Microsoft.Authorization/roleAssignments';
const anywhere = '/{+where}';
const rest = `/providers/${kind}`;

const assignmentBody = v.object({
  properties: v.object({
    roleDefinitionId: v.string(),
    principalId: v.pipe(v.string(), v.uuid()),
    principalType: v.optional(v.string()),
    condition: v.optional(v.string()),
    conditionVersion: v.optional(v.string()),
  }),
});

/** Role assignments and definitions. */
export const assignmentRoutes: readonly ArmRoute[] = [
  {
    ...{ method: 'PUT', scope: anywhere, rest: `${rest}/{guid}`, action: `${kind}/write`, check: 'handler' as const },
    handle: put,
  },
  {
    ...{ method: 'GET', scope: anywhere, rest: `${rest}/{guid}`, action: `${kind}/read` },
    handle: call => {
      const found = named(call);
      if (found) return { status: 200, body: shown(found) };
      throw new ArmRefusal(404, 'RoleAssignmentNotFound', `The role assignment '${call.params.guid}' is not found.`);
    },
  },
  {
    ...{
      method: 'DELETE',
      scope: anywhere,
      rest: `${rest}/{guid}`,
      action: `${kind}/delete`,
      check: 'handler' as const,
    },
    handle: remove,
  },
  { method: 'GET', scope: anywhere, rest, action: `${kind}/read`, handle: list },
  {
    ...{ method: 'GET', scope: anywhere, rest: '/providers/Microsoft.Authorization/roleDefinitions' },
    action: 'Microsoft.Authorization/roleDefinitions/read',
    handle: call => {
      const name = /^roleName eq '(.+)'$/.exec(call.query.get('$filter') ?? '')?.[1];
      const found = roleDefinitions.filter(role => name === undefined || role.name === name);
      return pageAnswer(
        call,
        found.map(role => definitionShown(call, role)),
      );
    },
  },
];

function named({ state, params, scope }: ArmCall): RoleAssignment | undefined {
  return state.roleAssignments.find(one => samePath(one.guid, params.guid ?? '') && samePath(one.scope, scope));
}

async function put(call: ArmCall): Promise<ArmAnswer> {
  const { state, scope, params } = call;
  const parsed = v.safeParse(assignmentBody, await call.json());
  if (!parsed.success)
    throw new ArmRefusal(
      400,
      'InvalidRequestContent',
      `The request content was invalid: ${v.summarize(parsed.issues)}`,
    );
  const { principalId, principalType, roleDefinitionId, condition } = parsed.output.properties;
  const roleId = roleDefinitionId.split('/').at(-1) ?? '';
  mustBeAllowed(call, 'write', { roleId, principalId, principalType });
  if (!roleDefinitions.some(role => samePath(role.id, roleId)))
    throw new ArmRefusal(
      400,
      'RoleDefinitionDoesNotExist',
      `The specified role definition with ID '${roleId.replaceAll('-', '')}' does not exist.`,
    );
  if (principalType === undefined && !state.principals.some(({ objectId }) => samePath(objectId, principalId)))
    throw new ArmRefusal(
      400,
      'PrincipalNotFound',
      `Principal ${principalId.replaceAll('-', '')} does not exist in the directory ${call.caller.tenantId}. Check that you have the correct principal ID. If you are creating this principal and then immediately assigning a role, this error might be related to a replication delay. In this case, set the role assignment principalType property to a value, such as ServicePrincipal, User, or Group.`,
    );
  const same = (one: RoleAssignment) =>
    samePath(one.scope, scope) && samePath(one.roleId, roleId) && samePath(one.principalId, principalId);
  const before = state.roleAssignments.find(one => samePath(one.guid, params.guid ?? ''));
  if (before && !same(before))
    throw new ArmRefusal(
      409,
      'RoleAssignmentUpdateNotPermitted',
      'Tenant ID, application ID, principal ID, and scope are not allowed to be updated.',
    );
  if (before) return { status: 200, body: shown(before) };
  const equal = state.roleAssignments.find(same);
  if (equal)
    throw new ArmRefusal(
      409,
      'RoleAssignmentExists',
      `The role assignment already exists. The ID of the existing role assignment is ${equal.guid.replaceAll('-', '')}.`,
    );
  const made = assign(state, principalId, roleId.toLowerCase(), scope, {
    guid: params.guid ?? '',
    ...(condition === undefined ? {} : { condition }),
  });
  return { status: 201, body: shown(made) };
}

function remove(call: ArmCall): ArmAnswer {
  const { state } = call;
  const found = named(call);
  mustBeAllowed(call, 'delete', found ?? { roleId: '', principalId: '' });
  if (!found) return { status: 204 };
  state.roleAssignments.splice(state.roleAssignments.indexOf(found), 1);
  return { status: 200, body: shown(found) };
}

interface Assigned {
  readonly roleId: string;
  readonly principalId: string;
  readonly principalType?: string | undefined;
}

/** Who may give roles may be limited to some of them, by a condition. */
function mustBeAllowed(call: ArmCall, verb: 'write' | 'delete', assigned: Assigned): void {
  const attributes = {
    RoleDefinitionId: assigned.roleId,
    PrincipalId: assigned.principalId,
    PrincipalType: assigned.principalType,
  };
  const facts = Object.fromEntries(Object.entries(attributes).map(([name, value]) => [`${kind}:${name}`, value]));
  const action = `${kind}/${verb}`;
  if (!call.may(action, call.scope, facts)) throw notAuthorized(call.caller, action, call.path);
}

/** `principalId eq` gives all at, above and below the scope; `atScope()` leaves out those below. */
function list(call: ArmCall): ArmAnswer {
  const { state, scope, query } = call;
  const filter = query.get('$filter') ?? '';
  const principalId = /\bprincipalId eq '([^']+)'/i.exec(filter)?.[1];
  const assignedTo = /\bassignedTo\('([^']+)'\)/i.exec(filter)?.[1];
  const groups = state.principals.find(({ objectId }) => objectId === assignedTo)?.groups ?? [];
  const atScope = /\batScope\(\)/i.test(filter);
  const found = state.roleAssignments
    .filter(one => holds(one.scope, scope) || (!atScope && holds(scope, one.scope)))
    .filter(one => principalId === undefined || samePath(one.principalId, principalId))
    .filter(one => assignedTo === undefined || [assignedTo, ...groups].includes(one.principalId));
  return pageAnswer(call, found.map(shown));
}

function shown({ guid, scope, roleId, principalId, condition, createdAt }: RoleAssignment): unknown {
  const subscription = /^\/subscriptions\/[^/]+/i.exec(scope)?.[0] ?? '';
  return {
    id: `${scope}/providers/${kind}/${guid}`,
    name: guid,
    type: kind,
    properties: {
      roleDefinitionId: `${subscription}/providers/Microsoft.Authorization/roleDefinitions/${roleId}`,
      ...{ principalId, principalType: 'ServicePrincipal', scope, createdOn: new Date(createdAt).toISOString() },
      ...(condition === undefined ? {} : { condition, conditionVersion: '2.0' }),
    },
  };
}

function definitionShown({ scope }: ArmCall, role: (typeof roleDefinitions)[number]): unknown {
  const { id, name, actions, notActions = [], dataActions = [] } = role;
  return {
    id: `${/^\/subscriptions\/[^/]+/i.exec(scope)?.[0] ?? ''}/providers/Microsoft.Authorization/roleDefinitions/${id}`,
    name: id,
    type: 'Microsoft.Authorization/roleDefinitions',
    properties: { roleName: name, type: 'BuiltInRole', permissions: [{ actions, notActions, dataActions }] },
  };
}
