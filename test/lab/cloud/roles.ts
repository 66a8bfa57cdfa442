import { randomUUID } from 'node:crypto';
import { type ConditionFacts, conditionHolds } from './role-conditions.ts';
import { roleDefinitions } from './role-definitions.ts';
import { type CloudState, holds, type RoleAssignment } from './state.ts';

/** Something that a principal wants to do. */
export interface Deed {
  readonly principalId: string;
  /** Such as `Microsoft.ContainerService/managedClusters/read`. */
  readonly action: string;
  /** `action` unless given: rights on resources and on their content are apart. */
  readonly kind?: 'action' | 'dataAction';
  readonly scope: string;
  /** What conditions of role assignments may ask for. */
  readonly facts?: ConditionFacts;
}

/** Whether role assignments that are effective by now allow the deed. */
export function isAllowed(
  state: CloudState,
  { principalId, action, kind = 'action', scope, facts = {} }: Deed,
): boolean {
  const groups = state.principals.find(({ objectId }) => objectId === principalId)?.groups ?? [];
  return state.roleAssignments.some(
    assignment =>
      [principalId, ...groups].includes(assignment.principalId) &&
      assignment.effectiveAt <= Date.now() &&
      holds(assignment.scope, scope) &&
      roleGives(assignment.roleId, kind, action) &&
      conditionHolds(assignment.condition, action, facts),
  );
}

function roleGives(roleId: string, kind: 'action' | 'dataAction', action: string): boolean {
  const role = roleDefinitions.find(({ id }) => id === roleId);
  if (!role) return false;
  const given = kind === 'action' ? role.actions : (role.dataActions ?? []);
  const except = kind === 'action' ? (role.notActions ?? []) : [];
  const matches = (pattern: string) => actionMatches(pattern, action);
  return given.some(matches) && !except.some(matches);
}

/** Whether an action falls under a pattern that has `*` for any letters. */
export function actionMatches(pattern: string, action: string): boolean {
  const parts = pattern.split('*').map(part => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 'i').test(action);
}

export interface Assigning {
  /** The id of the assignment; made up unless given. */
  readonly guid?: string;
  readonly condition?: string;
}

/** Gives a principal a role on a scope, effective after the cloud's delay. `role` is the name or id of a definition. */
export function assign(
  state: CloudState,
  principalId: string,
  role: string,
  scope: string,
  { guid = randomUUID(), condition }: Assigning = {},
): RoleAssignment {
  const definition = roleDefinitions.find(({ id, name }) => id === role || name === role);
  if (!definition) throw new Error(`The emulated cloud has no role "${role}".`);
  const createdAt = Date.now();
  const assignment = {
    ...{ guid, scope, roleId: definition.id, principalId, createdAt, effectiveAt: createdAt + state.roleDelay },
    ...(condition ? { condition } : {}),
  };
  state.roleAssignments.push(assignment);
  return assignment;
}

/** Takes assignments of a role back. */
export function unassign(state: CloudState, principalId: string, role: string): void {
  const ids = roleDefinitions.filter(({ id, name }) => id === role || name === role).map(({ id }) => id);
  const rest = state.roleAssignments.filter(one => one.principalId !== principalId || !ids.includes(one.roleId));
  state.roleAssignments.splice(0, state.roleAssignments.length, ...rest);
}
