import * as v from 'valibot';
import { pullRoleIds } from './registry-roles.ts';

/** A role that an identity has at a scope, as the Resource Manager describes it. */
export interface RoleAssignment {
  readonly id: string;
  /** Id of the role alone, a UUID. */
  readonly roleId: string;
  readonly principalId: string;
  readonly scope: string;
  readonly condition: string | undefined;
}

const assignmentShape = v.object({
  id: v.string(),
  properties: v.object({
    roleDefinitionId: v.string(),
    principalId: v.string(),
    scope: v.string(),
    condition: v.nullish(v.string()),
  }),
});

/** The assignment of an entry of the Resource Manager's list; undefined when it is none. */
export function parseRoleAssignment(value: unknown): RoleAssignment | undefined {
  const { success, output } = v.safeParse(assignmentShape, value);
  if (!success) return undefined;
  const { roleDefinitionId, principalId, scope, condition } = output.properties;
  const roleId = roleDefinitionId.slice(roleDefinitionId.lastIndexOf('/') + 1).toLowerCase();
  return { id: output.id, roleId, principalId, scope, condition: condition ?? undefined };
}

/** Whether one of the roles lets an identity pull: `perhaps` where only a role of the user's own could. */
export function pullRightOf(
  assignments: readonly RoleAssignment[],
  byRepository: boolean,
): 'granted' | 'missing' | 'perhaps' {
  const granting: readonly string[] = byRepository ? pullRoleIds.byRepository : pullRoleIds.plain;
  const known: readonly string[] = [...pullRoleIds.byRepository, ...pullRoleIds.plain];
  if (assignments.some(({ roleId, condition }) => granting.includes(roleId) && !condition)) return 'granted';
  const isOpen = ({ roleId }: RoleAssignment) => granting.includes(roleId) || !known.includes(roleId);
  return assignments.some(isOpen) ? 'perhaps' : 'missing';
}
