import { faultOfKeda } from '../keda.ts';
import { advice, command, given, judge, ok, problem, skip, unknown, type Verdict } from './check.ts';
import type { ClusterFacts, DoctorFacts, OperatorFacts } from './facts.ts';
import { usesIdentity } from './identity-needs.ts';
import { commandOf, type FeatureSwitch } from './remedies.ts';

/** Version that is proposed where no add-on brings one. */
const proposedVersion = '2.21.0';

/** Whether KEDA is there and new enough. */
export function kedaVerdict({ keda, cluster }: DoctorFacts): Verdict {
  const addOn = cluster.kind === 'known' ? cluster.value : undefined;
  return judge(keda, version => {
    if (version === undefined) return missingKeda(addOn);
    const fault = faultOfKeda(version);
    if (fault) return problem(fault);
    const from = addOn?.kedaAddOn ? 'the add-on of AKS' : 'installed by somebody, not the add-on of AKS';
    return ok(`KEDA ${version === 'unknown' ? 'of an unknown version' : version}${addOn ? `, ${from}` : ''}.`);
  });
}

function missingKeda(cluster: ClusterFacts | undefined): Verdict {
  const what = 'The cluster has no KEDA: it does not know the kind "ScaledObject".';
  if (!cluster) return problem(what, command(helmCommand));
  if (cluster.kedaAddOn)
    return problem(`${what} The add-on is on, so it is still being set up.`, advice('Run again in some minutes.'));
  const feature: FeatureSwitch = { kind: 'cluster-feature', cluster: cluster.id, feature: 'keda' };
  return problem(what, command(commandOf(feature)), [feature]);
}

const helmCommand = `helm install keda keda --repo https://kedacore.github.io/charts --version ${proposedVersion} --namespace keda --create-namespace`;

/** Whether the operator runs and watches the app's namespace. */
export function operatorVerdict({ operator, keda, subject }: DoctorFacts): Verdict {
  if (!isThere(keda)) return noKeda;
  return judge(operator, found => {
    if (!found) return unknown('No Deployment "keda-operator" was found in "kube-system" or "keda".');
    const where = `KEDA's operator in "${found.namespace}"`;
    if (found.ready === 0)
      return problem(
        `${where} has no ready pod, so that nothing scales.`,
        command(`kubectl -n ${found.namespace} describe deployment keda-operator`),
      );
    if (found.watched.length > 0 && !found.watched.includes(subject.namespace))
      return problem(
        `${where} watches ${found.watched.map(name => `"${name}"`).join(', ')} only, not "${subject.namespace}".`,
        advice(`Add "${subject.namespace}" to its WATCH_NAMESPACE ("watchNamespace" of the chart).`),
      );
    const scope = found.watched.length > 0 ? `watches "${subject.namespace}"` : 'watches all namespaces';
    return ok(`${where} runs${found.version ? ` ${found.version}` : ''} and ${scope}.`);
  });
}

/** Whether autoscalers get KEDA's metrics. */
export function metricsVerdict({ metricsApi, keda }: DoctorFacts): Verdict {
  if (!isThere(keda)) return noKeda;
  return judge(metricsApi, api => {
    const name = 'v1beta1.external.metrics.k8s.io';
    if (!api)
      return problem(
        `The API "${name}" is not registered.`,
        advice('Install KEDA anew; its metrics server is missing.'),
      );
    const service = api.service ? `${api.service.namespace}/${api.service.name}` : 'nobody';
    if (api.service && !/keda/i.test(api.service.name))
      return problem(
        `External metrics are served by "${service}", which is not KEDA; a cluster has one such server.`,
        advice('Remove the other one, or let KEDA serve external metrics.'),
      );
    if (!api.available)
      return problem(
        `External metrics of "${service}" are not available${api.message ? `: ${api.message}` : '.'}`,
        command(`kubectl get apiservice ${name} -o yaml`),
      );
    return ok(`External metrics are served by "${service}".`);
  });
}

/** Whether KEDA gets tokens for the identity of the app's triggers. */
export function operatorIdentityVerdict({ app, operator, keda, cluster }: DoctorFacts): Verdict {
  return given(app, 'Code and configuration', ({ app: planned }) => {
    if (!usesIdentity(planned)) return skip('No trigger of the app uses an identity.');
    if (!isThere(keda)) return noKeda;
    return given(operator, "KEDA's operator", found =>
      tokenVerdictOf(found, cluster.kind === 'known' ? cluster.value : undefined),
    );
  });
}

function tokenVerdictOf(operator: OperatorFacts | undefined, cluster: ClusterFacts | undefined): Verdict {
  if (!operator) return unknown("KEDA's operator was not found, so its identity cannot be looked at.");
  const { namespace, hasToken, wantsToken } = operator;
  if (hasToken) return ok(`Pods of KEDA's operator in "${namespace}" get tokens of the cluster's issuer.`);
  if (!wantsToken && !cluster?.kedaAddOn)
    return problem(
      `KEDA's operator in "${namespace}" is not set up for workload identity.`,
      command(
        `helm upgrade keda keda --repo https://kedacore.github.io/charts --namespace ${namespace} --reuse-values --set podIdentity.azureWorkload.enabled=true`,
      ),
    );
  if (hasToken === undefined) return unknown(`No pod of KEDA's operator in "${namespace}" could be looked at.`);
  if (cluster && !cluster.workloadIdentity) return skip('The cluster has no workload identity yet.');
  const restart = { kind: 'operator-restart', namespace } as const;
  return problem(
    `KEDA's operator in "${namespace}" was started before workload identity was on, and has no token.`,
    command(commandOf(restart)),
    [restart],
  );
}

function isThere(keda: DoctorFacts['keda']): boolean {
  return keda.kind === 'known' && keda.value !== undefined;
}

const noKeda = skip('Needs KEDA.');
