import type { ContainerRegistry } from '../core/azure/container-registry.ts';
import { grantAdvice } from '../core/azure/registry-roles.ts';
import { parseRoleAssignment, pullRightOf, type RoleAssignment } from '../core/azure/role-assignment.ts';
import { RemoteError, UserError } from '../errors.ts';
import type { ManagedCluster, ResourceManager } from './azure-port.ts';
import type { Log } from './ports.ts';

const apiVersion = '2022-04-01';

/** What the identity of the nodes may do at a registry: the roles, or undefined when the caller may not see them. */
export async function assignmentsAt(
  resources: ResourceManager,
  scope: string,
  principalId: string,
  signal: AbortSignal,
): Promise<readonly RoleAssignment[] | undefined> {
  const path = `${scope}/providers/Microsoft.Authorization/roleAssignments`;
  const query = { $filter: `atScope() and assignedTo('${principalId}')` };
  try {
    const entries = await resources.list({ path, apiVersion, query, doing: 'list the roles at the registry', signal });
    return entries.map(parseRoleAssignment).filter(found => found !== undefined);
  } catch (error) {
    if (error instanceof RemoteError && error.status === 403) return undefined;
    throw error;
  }
}

/** What the pull right of a cluster is looked up with. */
export interface PullRightPorts {
  readonly resources: ResourceManager;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** Throws UserError, before anything is rolled out, when the nodes certainly cannot pull from the registry; silent where that cannot be known. */
export async function assertPullRight(
  registry: ContainerRegistry,
  { kubeletIdentity: nodes }: ManagedCluster,
  { resources, log, signal }: PullRightPorts,
): Promise<void> {
  if (!nodes) return;
  const assignments = await assignmentsAt(resources, registry.id, nodes.objectId, signal);
  if (assignments === undefined)
    return log.debug('May not read the roles at the registry, so the pull right of the nodes is not known');
  const right = pullRightOf(assignments, registry.byRepository);
  if (right === 'granted') return log.info(`The nodes may pull from ${registry.loginServer}`);
  if (right === 'perhaps')
    return log.debug(
      `The nodes have a role at ${registry.loginServer} of which it is not known whether it lets them pull`,
    );
  throw new UserError(
    `The nodes of the cluster (object id ${nodes.objectId}) may not pull from registry "${registry.loginServer}", so that no pod would start. Run the action "doctor" with "fix: true", or do it by hand. ${grantAdvice('pull', nodes.objectId, registry.loginServer)}`,
  );
}
