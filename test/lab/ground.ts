import type { Api } from './api.ts';
import type { Say } from './cache.ts';
import type { GroundCloud } from './lab-cloud.ts';
import type { LabNetwork } from './node-network.ts';
import type { Processes, TakePort } from './processes.ts';
import type { Teardown } from './teardown.ts';

/** What every part of a lab is started with. */
export interface Ground {
  /** The lab's own folder; certificates are in `pki`, the logs of the components in `log`. */
  readonly dir: string;
  /** Folder of the lab's programs. */
  readonly tools: string;
  readonly processes: Processes;
  readonly port: TakePort;
  readonly network: LabNetwork;
  /** Gets what a part must undo beside its processes. */
  readonly teardown: Teardown;
  /** When the cluster is to be one of Azure's. */
  readonly cloud?: GroundCloud;
  readonly say: Say;
}

/** The ground once there is an API server. */
export interface ClusterGround extends Ground {
  readonly api: Api;
  /** Path of the administrator's kubeconfig. */
  readonly kubeconfig: string;
}
