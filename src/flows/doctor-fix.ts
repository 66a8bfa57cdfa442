import { remediesOf } from '../core/doctor/checks.ts';
import {
  commandOf,
  describeRemedy,
  type FeatureSwitch,
  type Grant,
  keyOfRemedy,
  type Remedy,
} from '../core/doctor/remedies.ts';
import { Interrupted, RemoteError, UserError } from '../errors.ts';
import { type Granted, type GrantPorts, giveCredential, giveRole, switchFeatures } from './azure-grants.ts';
import { lookUntil } from './clock.ts';
import type { Examination, Visit } from './doctor.ts';
import type { DoctorPorts } from './doctor-port.ts';
import { forgetGrants, noteGrants } from './doctor-record.ts';

/** What fixing came to. */
export interface Fixed {
  readonly examination: Examination;
  readonly changes: readonly string[];
  readonly failures: readonly string[];
}

/** Ports of the doctor, and another look. */
export interface FixPorts extends DoctorPorts {
  readonly examine: () => Promise<Examination>;
}

/** Milliseconds between two looks whether KEDA is there. */
const every = 3_000;

/** Does what can be done, looks again and goes on while there is something new to do: a trust needs the issuer first. */
export async function fixProblems(first: Examination, visit: Visit, ports: FixPorts): Promise<Fixed> {
  const run = new FixRun(visit, ports);
  let examination = first;
  for (;;) {
    const open = run.untried(remediesOf(examination.checks));
    if (open.length === 0) return { examination, ...run.result() };
    await ports.log.group('Mend what can be mended', () => run.apply(open, examination));
    examination = await ports.examine();
  }
}

class FixRun {
  readonly #visit: Visit;
  readonly #ports: FixPorts;
  readonly #until: number;
  readonly #tried = new Set<string>();
  readonly #changes: string[] = [];
  readonly #failures: string[] = [];

  constructor(visit: Visit, ports: FixPorts) {
    this.#visit = visit;
    this.#ports = ports;
    this.#until = ports.clock.now() + visit.timeout * 1000;
  }

  result(): Pick<Fixed, 'changes' | 'failures'> {
    return { changes: this.#changes, failures: this.#failures };
  }

  untried(remedies: readonly Remedy[]): readonly Remedy[] {
    return remedies.filter(remedy => !this.#tried.has(keyOfRemedy(remedy)) && this.#isWanted(remedy));
  }

  /** One after the other: Azure does not take two changes of one identity or cluster at once. */
  async apply(remedies: readonly Remedy[], examination: Examination): Promise<void> {
    for (const remedy of remedies) this.#tried.add(keyOfRemedy(remedy));
    const features = remedies.filter(remedy => remedy.kind === 'cluster-feature');
    if (features.length > 0) await this.#attempt(features, () => this.#switchOn(features, examination));
    for (const remedy of remedies) {
      if (remedy.kind === 'cluster-feature') continue;
      await this.#attempt([remedy], () => this.#applyOne(remedy, examination));
    }
  }

  #isWanted(remedy: Remedy): boolean {
    return this.#visit.installKeda || remedy.kind !== 'cluster-feature' || remedy.feature !== 'keda';
  }

  async #attempt(remedies: readonly Remedy[], work: () => Promise<Granted>): Promise<void> {
    const { log } = this.#ports;
    const what = remedies.map(describeRemedy).join(', ');
    try {
      if ((await work()) !== 'made') return log.info(`Somebody else has made: ${what}`);
      this.#changes.push(what);
      log.info(`Made: ${what}`);
    } catch (error) {
      if (!(error instanceof UserError) || error instanceof Interrupted) throw error;
      const failure = `${what}: ${error.message}${adviceFor(error, remedies)}`;
      this.#failures.push(failure);
      log.warning(failure);
    }
  }

  #applyOne(remedy: Exclude<Remedy, FeatureSwitch>, examination: Examination): Promise<Granted> {
    switch (remedy.kind) {
      case 'role-assignment':
        return this.#recorded([remedy], examination, () => giveRole(remedy, this.#grantPorts()));
      case 'federated-credential':
        return this.#recorded([remedy], examination, () => giveCredential(remedy, this.#grantPorts()));
      case 'operator-restart':
        return this.#restart(remedy.namespace, examination);
    }
  }

  async #switchOn(switches: readonly FeatureSwitch[], examination: Examination): Promise<Granted> {
    const [first] = switches;
    if (!first) return 'there';
    const features = switches.map(({ feature }) => feature);
    const granted = await this.#recorded(switches, examination, () =>
      switchFeatures(first.cluster, features, true, this.#grantPorts()),
    );
    if (features.includes('keda')) await this.#waitForKeda(examination);
    return granted;
  }

  /** The add-on is on before the cluster knows KEDA's kinds. */
  async #waitForKeda({ connection }: Examination): Promise<void> {
    if (connection.kind !== 'known') return;
    const { clock, signal } = this.#ports;
    await lookUntil({ clock, until: this.#until, every, signal }, () => connection.value.cluster.kedaVersion());
  }

  /** What cannot be noted is not made, since nothing could take it back. */
  async #recorded(
    grants: readonly Grant[],
    { connection }: Examination,
    make: () => Promise<Granted>,
  ): Promise<Granted> {
    if (connection.kind !== 'known')
      throw new UserError('Nothing was changed, since the cluster, where changes are recorded, cannot be reached.');
    const { cluster } = connection.value;
    const fresh = await noteGrants(cluster, this.#visit.subject, grants);
    const granted = await make();
    // A role or credential under our name is ours; what else was there already must not be taken back.
    if (granted === 'foreign') await forgetGrants(cluster, this.#visit.subject, fresh);
    return granted;
  }

  async #restart(namespace: string, { connection }: Examination): Promise<Granted> {
    if (connection.kind !== 'known') return 'there';
    const restartedAt = this.#ports.clock.date().toISOString();
    const annotations = { 'kubectl.kubernetes.io/restartedAt': restartedAt };
    await connection.value.cluster.merge('Deployment', namespace, 'keda-operator', {
      spec: { template: { metadata: { annotations } } },
    });
    return 'made';
  }

  #grantPorts(): GrantPorts {
    const { azure, clock, signal } = this.#ports;
    const manager = azure?.resourceManager;
    if (!manager) throw new UserError('There is no sign-in to a subscription of Azure.');
    return { manager, clock, signal, until: this.#until };
  }
}

/** What was forbidden somebody else may do. */
function adviceFor(error: UserError, remedies: readonly Remedy[]): string {
  if (!(error instanceof RemoteError) || error.status !== 403) return '';
  return ` Somebody who may can do it: ${remedies.map(commandOf).join(' && ')}`;
}
