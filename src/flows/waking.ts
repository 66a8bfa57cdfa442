import type { Workload } from '../core/app.ts';
import { wokenScaledObject } from '../core/keda.ts';
import type { Manifest } from '../core/manifests/object.ts';
import { keyOf, type Plan } from '../core/plan.ts';
import type { Cluster } from './cluster-port.ts';

/** Keeps the workloads of a plan that rest at zero awake, one pod each, while they are verified. */
export class Waking {
  readonly #plan: Plan;
  readonly #kedaVersion: string;
  readonly #isWanted: boolean;
  /** Objects that were applied or may have been; to let go one that was not woken would be a change of its own. */
  readonly #begun = new Set<string>();

  constructor(plan: Plan, kedaVersion: string | undefined, isWanted: boolean) {
    this.#plan = plan;
    this.#kedaVersion = kedaVersion ?? 'unknown';
    this.#isWanted = isWanted;
  }

  /** Whether the workload is at zero but for its verification. */
  wakes(workload: Workload): boolean {
    return this.#isWanted && restsAtZero(workload);
  }

  /** Whether the workload has a pod that can be verified. */
  hasPods(workload: Workload): boolean {
    return this.wakes(workload) || !restsAtZero(workload);
  }

  /** Objects of the plan with what wakes the workloads. */
  objects(): readonly Manifest[] {
    return this.#plan.objects.map(object => this.#woken(object));
  }

  /** Notes that the object of that key is about to be applied. */
  begin(key: string): void {
    this.#begun.add(key);
  }

  /** Applies the woken objects as planned, which takes away what kept them awake. */
  async letGo(cluster: Cluster): Promise<void> {
    const woken = this.#plan.objects.filter(object => this.#woken(object) !== object && this.#begun.has(keyOf(object)));
    await Promise.all(woken.map(object => cluster.apply(object)));
  }

  #woken(object: Manifest): Manifest {
    const workload = this.#plan.app.workloads.find(
      one => object.kind === 'ScaledObject' && one.objectName === object.metadata.name,
    );
    return workload && this.wakes(workload) ? wokenScaledObject(object, this.#kedaVersion) : object;
  }
}

function restsAtZero({ scaling }: Workload): boolean {
  return scaling.kind === 'events' && scaling.minReplicas === 0;
}
