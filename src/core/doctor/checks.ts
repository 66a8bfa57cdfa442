import { signInVerdict, subscriptionVerdict, tokenVerdict } from './azure-checks.ts';
import { type Check, judge, ok, type Verdict } from './check.ts';
import {
  accessVerdict,
  admissionVerdict,
  clockVerdict,
  clusterVerdict,
  quotaVerdict,
  rightsVerdict,
  serverVerdict,
} from './cluster-checks.ts';
import type { DoctorFacts } from './facts.ts';
import {
  appCredentialVerdict,
  kedaCredentialVerdict,
  storageVerdict,
  workloadIdentityVerdict,
} from './identity-checks.ts';
import { kedaVerdict, metricsVerdict, operatorIdentityVerdict, operatorVerdict } from './keda-checks.ts';
import { pullVerdict, pushVerdict } from './registry-checks.ts';
import { keyOfRemedy, type Remedy } from './remedies.ts';

interface CheckRow {
  readonly id: string;
  readonly title: string;
  readonly verdict: (facts: DoctorFacts) => Verdict;
}

/** Every check, in the order in which a deployment would fail over it. */
const rows: readonly CheckRow[] = [
  { id: 'app', title: 'Code and configuration', verdict: appVerdict },
  { id: 'token', title: "GitHub's OIDC token", verdict: tokenVerdict },
  { id: 'sign-in', title: 'Sign-in to Azure', verdict: signInVerdict },
  { id: 'subscription', title: 'Subscription', verdict: subscriptionVerdict },
  { id: 'cluster', title: 'AKS cluster', verdict: clusterVerdict },
  { id: 'cluster-access', title: 'Access to the cluster', verdict: accessVerdict },
  { id: 'api-server', title: 'API server', verdict: serverVerdict },
  { id: 'clock', title: 'Clocks', verdict: clockVerdict },
  { id: 'rights', title: 'Rights in the namespace', verdict: rightsVerdict },
  { id: 'registry-push', title: 'Push to the registry', verdict: pushVerdict },
  { id: 'registry-pull', title: 'Pull by the cluster', verdict: pullVerdict },
  { id: 'keda', title: 'KEDA', verdict: kedaVerdict },
  { id: 'keda-operator', title: "KEDA's operator", verdict: operatorVerdict },
  { id: 'keda-metrics', title: "KEDA's metrics", verdict: metricsVerdict },
  { id: 'workload-identity', title: 'Workload identity of the cluster', verdict: workloadIdentityVerdict },
  { id: 'app-credential', title: 'Trust of the identity in the app', verdict: appCredentialVerdict },
  { id: 'keda-credential', title: 'Trust of the identity in KEDA', verdict: kedaCredentialVerdict },
  { id: 'keda-identity', title: 'Workload identity of KEDA', verdict: operatorIdentityVerdict },
  { id: 'storage-roles', title: 'Rights on the queues', verdict: storageVerdict },
  { id: 'admission', title: 'Admission policies', verdict: admissionVerdict },
  { id: 'quota', title: 'Quota of the namespace', verdict: quotaVerdict },
];

/** The checks that these facts decide. */
export function checksOf(facts: DoctorFacts): readonly Check[] {
  return rows.map(({ id, title, verdict }) => ({ id, title, ...verdict(facts) }));
}

/** How many checks found a problem. */
export function countProblems(checks: readonly Check[]): number {
  return checks.filter(check => check.state === 'problem').length;
}

/** What can be done about the problems, each thing once. */
export function remediesOf(checks: readonly Check[]): readonly Remedy[] {
  const all = checks.flatMap(check => (check.state === 'problem' ? (check.remedies ?? []) : []));
  return [...new Map(all.map(remedy => [keyOfRemedy(remedy), remedy])).values()];
}

function appVerdict({ app }: DoctorFacts): Verdict {
  return judge(app, ({ app: { project, workloads }, objects }) => {
    const functions = project.functions.length;
    return ok(
      `${functions} function${functions === 1 ? '' : 's'} in ${workloads.length} workload${workloads.length === 1 ? '' : 's'}, ${objects.length} objects.`,
    );
  });
}
