import { advice, command, given, judge, ok, problem, unknown, type Verdict } from './check.ts';
import type { ClusterFacts, DoctorFacts, RightsFacts, ServerFacts, Trial } from './facts.ts';
import { limitsVerdict } from './limits.ts';
import { nameOfPath } from './remedies.ts';
import { describeRule, rbacManifest } from './rights.ts';

/** Oldest Kubernetes that the supported versions of KEDA run on. */
const oldestKubernetes = 27;
/** Seconds by which two clocks may differ before tokens are taken for expired or not valid yet. */
const toleratedSkew = 120;

/** Whether the cluster is there and runs. */
export function clusterVerdict({ cluster }: DoctorFacts): Verdict {
  return judge(cluster, found => {
    const { subscription, group, name } = placeOf(found);
    const where = `--subscription ${subscription} --resource-group "${group}" --name "${name}"`;
    if (found.powerState === 'Stopped')
      return problem(`The cluster "${name}" is stopped.`, command(`az aks start ${where}`));
    if (found.provisioningState === 'Failed')
      return problem(`The last change of the cluster "${name}" failed.`, command(`az aks update ${where} --yes`));
    const state = found.provisioningState ?? 'in an unknown state';
    if (found.provisioningState !== 'Succeeded')
      return unknown(`The cluster "${name}" is being changed (${state}).`, advice('Run again when that has ended.'));
    const version = found.kubernetesVersion ? `, Kubernetes ${found.kubernetesVersion}` : '';
    return ok(`The cluster "${name}" in "${group}" runs${version}.`);
  });
}

/** How one signs in to the cluster, and from where it can be reached. */
export function accessVerdict({ cluster }: DoctorFacts): Verdict {
  return given(cluster, 'AKS cluster', ({ entra, localAccountsDisabled, isPrivate }) => {
    const reach = isPrivate
      ? 'its API server has a private address, which only its network reaches'
      : 'public API server';
    if (entra && localAccountsDisabled) return ok(`Sign-in by Entra, local accounts are off; ${reach}.`);
    if (entra) return ok(`Sign-in by Entra; local accounts are on too, which nothing here needs; ${reach}.`);
    return ok(`Sign-in with a local account; Entra would need no stored credential; ${reach}.`);
  });
}

/** Whether the API server answers and is new enough. */
export function serverVerdict({ server, cluster }: DoctorFacts): Verdict {
  if (server.kind === 'failed' && cluster.kind === 'known' && cluster.value.isPrivate)
    return problem(
      `The API server is private${cluster.value.privateFqdn ? ` ("${cluster.value.privateFqdn}")` : ''}, and this machine does not reach it.`,
      advice('Run on a machine in the network of the cluster, such as a self-hosted runner.'),
    );
  return judge(server, ({ address, version }) => {
    const minor = Number(/^v?1\.(\d+)/.exec(version)?.[1]);
    if (!(minor >= oldestKubernetes))
      return problem(
        `"${address}" is Kubernetes ${version}, older than 1.${oldestKubernetes}, which the supported versions of KEDA need.`,
        advice('Upgrade the cluster.'),
      );
    return ok(`"${address}" answers, Kubernetes ${version}.`);
  });
}

/** Whether this machine's clock and the cluster's agree. */
export function clockVerdict({ server }: DoctorFacts): Verdict {
  return given(server, 'API server', ({ skew }: ServerFacts) => {
    if (skew === undefined) return unknown('The API server does not tell the time.');
    const seconds = Math.abs(Math.round(skew));
    if (seconds <= toleratedSkew) return ok(`This machine and the cluster differ by ${seconds} s.`);
    return problem(
      `The cluster's clock is ${seconds} s ${skew > 0 ? 'ahead of' : 'behind'} this machine's: tokens count as expired or as not valid yet.`,
      advice('Let both take the time from a time server.'),
    );
  });
}

/** Whether the identity has every right that the plan takes. */
export function rightsVerdict({ rights, subject }: DoctorFacts): Verdict {
  return judge(rights, ({ needed, missing, user, namespaceExists }: RightsFacts) => {
    const who = user ? `"${user.name}"` : 'The identity';
    if (missing.length === 0)
      return ok(
        `${who} has all ${needed.reduce((sum, rule) => sum + rule.verbs.length, 0)} rights that the plan takes in "${subject.namespace}".`,
      );
    const where = namespaceExists
      ? `in the namespace "${subject.namespace}"`
      : `for the namespace "${subject.namespace}", which does not exist yet`;
    return problem(`${who} lacks ${where}: ${missing.map(describeRule).join('; ')}.${azureHint(missing)}`, {
      kind: 'manifest',
      text: rbacManifest(needed, subject.namespace, user),
    });
  });
}

function azureHint(missing: RightsFacts['missing']): string {
  return missing.some(rule => rule.group === 'keda.sh')
    ? ' The role "Azure Kubernetes Service RBAC Writer" does not include the kinds of KEDA; a Role of Kubernetes can.'
    : '';
}

/** Whether policies of the cluster let the objects of the plan in. */
export function admissionVerdict({ trials }: DoctorFacts): Verdict {
  return judge(trials, (all: readonly Trial[]) => {
    const refused = all.filter(trial => trial.refusal !== undefined);
    if (refused.length > 0)
      return problem(
        refused.map(({ object, refusal }) => `${object}: ${refusal}`).join(' '),
        advice('Change what the policy names, by "patches" or "pod" in aks-functions.yml, or let the policy allow it.'),
      );
    if (all.length === 0) return unknown('The identity has no right to try an object of the plan.');
    const warnings = [...new Set(all.flatMap(trial => trial.warnings))];
    const said = warnings.length > 0 ? ` It warns: ${warnings.join('; ')}.` : '';
    return ok(`The API server takes ${all.length} objects and pods of the plan.${said}`);
  });
}

/** Whether the plan fits into the limits of the namespace. */
export function quotaVerdict({ limits, app }: DoctorFacts): Verdict {
  return given(app, 'Code and configuration', ({ objects }) => judge(limits, found => limitsVerdict(found, objects)));
}

function placeOf({ id }: ClusterFacts) {
  const parts = id.split('/');
  return { subscription: parts[2] ?? '', group: parts[4] ?? '', name: nameOfPath(id) };
}
