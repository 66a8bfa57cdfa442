import type { ContainerRegistry } from '../azure/container-registry.ts';
import { pullRightOf } from '../azure/role-assignment.ts';
import { judge, ok, problem, unknown, type Verdict } from './check.ts';
import type { DoctorFacts } from './facts.ts';
import { commandOf, type RoleGrant, roles } from './remedies.ts';

/** Whether the registry can be reached and takes the app's image. */
export function pushVerdict({ push, subject }: DoctorFacts): Verdict {
  const { host = '', repository = '' } = subject.image ?? {};
  return judge(push, () => ok(`"${host}" lets the identity push to "${repository}".`));
}

/** Whether the nodes of the cluster may pull the app's image. */
export function pullVerdict({ pull, subject }: DoctorFacts): Verdict {
  const { host = '' } = subject.image ?? {};
  return judge(pull, ({ registry, kubelet, roles: held }) => {
    const who = `The cluster's kubelet identity ${kubelet}`;
    const right = pullRightOf(held, registry.byRepository);
    if (right === 'granted') return ok(`${who} has a role to pull from the registry "${registry.name}".`);
    if (right === 'perhaps')
      return unknown(
        `${who} has a role of your own or with a condition on the registry "${registry.name}", which Azure alone can judge.`,
      );
    const grant = pullGrant(registry, kubelet, host);
    return problem(
      `${who} has no role to pull from the registry "${registry.name}"${registry.byRepository ? ', which gives rights by repository' : ''}: pods would end in ImagePullBackOff.`,
      { kind: 'command', text: commandOf(grant) },
      [grant],
    );
  });
}

/** Azure keeps one assignment for a principal, role and scope, so a condition for one app would shut out the next. */
function pullGrant({ id, byRepository }: ContainerRegistry, principalId: string, host: string): RoleGrant {
  return {
    kind: 'role-assignment',
    scope: id,
    role: byRepository ? roles.repositoryReader : roles.acrPull,
    principalId,
    purpose: { kind: 'pull', host },
  };
}
