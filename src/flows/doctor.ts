import { type Check, type Finding, skipped } from '../core/doctor/check.ts';
import { checksOf } from '../core/doctor/checks.ts';
import type { DoctorFacts, DoctorSubject, PlannedApp } from '../core/doctor/facts.ts';
import type { DoctorResult } from '../core/doctor/report.ts';
import type { ManagedCluster } from './azure-port.ts';
import { askAzure } from './doctor-azure-facts.ts';
import { clusterFacts } from './doctor-cluster-facts.ts';
import { fixProblems } from './doctor-fix.ts';
import type { DoctorPorts, InspectedCluster } from './doctor-port.ts';
import { look, lookAfter } from './look.ts';

/** What the doctor is asked for. */
export interface Visit {
  readonly subject: DoctorSubject;
  /** Reads the app; throws UserError for what is wrong in it. Undefined where no app is at hand. */
  readonly readApp: (() => Promise<PlannedApp>) | undefined;
  readonly fix: boolean;
  /** Whether `fix` may turn on the add-on of KEDA. */
  readonly installKeda: boolean;
  /** Seconds for all that is waited for. */
  readonly timeout: number;
}

/** All checks at once, and with `fix` what can be done about the problems; what then is wrong is told as well. */
export async function visitDoctor(visit: Visit, ports: DoctorPorts): Promise<DoctorResult> {
  const { name: app, namespace } = visit.subject;
  const examine = () => ports.log.group('Look at everything', () => examined(visit, ports));
  const first = await examine();
  const fixed = visit.fix
    ? await fixProblems(first, visit, { ...ports, examine })
    : { examination: first, changes: [], failures: [] };
  const { checks } = fixed.examination;
  sayChecks(checks, ports);
  return { app, namespace, checks, changes: fixed.changes, failures: fixed.failures };
}

/** What one look has found, and the cluster that it was found in. */
export interface Examination {
  readonly checks: readonly Check[];
  readonly connection: Finding<InspectedCluster>;
}

async function examined(visit: Visit, ports: DoctorPorts): Promise<Examination> {
  const { subject } = visit;
  const { azure, clock, signal } = ports;
  const app = visit.readApp
    ? look(visit.readApp)
    : Promise.resolve(skipped('The folder has no "host.json", so that the app itself is not looked at.'));
  const asked = askAzure(azure, app, { subject, signal });
  const connection = connectionOf(asked.managed, ports);
  const [found, managed, azureSide, clusterSide, push, connected] = await Promise.all([
    app,
    asked.managed,
    asked.facts,
    clusterFacts(connection, app, { namespace: subject.namespace, now: () => clock.date() }),
    pushOf(asked.signIn, ports),
    connection,
  ]);
  const facts: DoctorFacts = { subject, app: found, cluster: managed, push, ...azureSide, ...clusterSide };
  return { checks: checksOf(facts), connection: connected };
}

function connectionOf(
  managed: Promise<Finding<ManagedCluster>>,
  { azure, connect, signal }: DoctorPorts,
): Promise<Finding<InspectedCluster>> {
  if (!azure?.findCluster) return look(() => connect(undefined, signal));
  return managed.then(found =>
    found.kind === 'known' && found.value.powerState === 'Stopped'
      ? skipped('The cluster is stopped, so that its API server does not answer.')
      : lookAfter(found, 'AKS cluster', cluster => connect(cluster, signal)),
  );
}

async function pushOf(
  signIn: Promise<DoctorFacts['signIn']>,
  { azure, tryPush, signal }: DoctorPorts,
): Promise<DoctorFacts['push']> {
  if (!tryPush) return skipped('No registry is given.');
  const push = async (): Promise<true> => {
    await tryPush(signal);
    return true;
  };
  return azure ? lookAfter(signIn, 'Sign-in to Azure', push) : look(push);
}

const signs = { ok: '✓', unknown: '?', skipped: '-' } as const;

function sayChecks(checks: readonly Check[], { log }: DoctorPorts): void {
  for (const { state, title, evidence } of checks) {
    const line = `${title}: ${evidence}`;
    // Problems are what the command ends with.
    if (state !== 'problem') log.info(`${signs[state]} ${line}`);
  }
}
